/** Compares configurations and pairs of them on the cross-validation and chooses the post-processing of the best. */
import { join } from 'node:path';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { InferenceInformation } from '../contract/inferenceInformation.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { FindBestTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { summarizeDice } from '../nnunet/metrics/diceOfCases.ts';
import { gridShapeDhw } from '../nnunet/gridDhw.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import { decidePostprocessing, diceOfGroups, type PredictedCase } from '../nnunet/infer/postprocess.ts';
import { rankCandidates } from '../nnunet/infer/rankCandidates.ts';
import { readPair } from './labelmapPair.ts';
import { readPlan } from './runFiles.ts';
import { breathe } from './wholeCase.ts';

type Candidate = FindBestTask['candidates'][number];

/** Writes `inference_information.json`, and `postprocessing.json` into the runs of the best. The summary is the information. */
export async function runFindBest(input: FindBestTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const plan = await readPlan(input.candidates[0]!.runFolders[0]!);
    const groups = plan.regions?.map(({ classes }) => classes) ?? plan.classes.map((_, n) => [n + 1]);
    const load = async (candidate: Candidate, index: number): Promise<PredictedCase> => {
      const pair = await readPair({ predictionFile: candidate.predictionFiles[index]!, truthFile: input.truthFiles[index]! });
      await breathe();
      return { shapeDhw: gridShapeDhw(pair.grid), predicted: classesOf(pair.predicted, plan), truth: classesOf(pair.truth, plan) };
    };
    const scored = [];
    const total = input.candidates.length * input.truthFiles.length;
    for (const candidate of input.candidates) {
      const dice: number[][] = [];
      for (const index of input.truthFiles.keys()) {
        if (port.stop.aborted) return ok({ stopped: true });
        port.tell({ type: 'progress', progress: { phase: 'evaluating', done: scored.length * input.truthFiles.length + index, total } });
        const { predicted, truth } = await load(candidate, index);
        dice.push(diceOfGroups(predicted, truth, groups, plan.ignoreClass));
      }
      const { mean, perClass } = summarizeDice(dice);
      scored.push({ candidate, name: candidate.name, configurationCount: candidate.configurations.length, dice: orNull(mean), perClass: perClass.map(orNull) });
    }
    const ranked = rankCandidates(scored);
    const best = ranked[0]!.candidate;
    const decision = await decidePostprocessing(input.truthFiles.length, (index) => load(best, index), groups, plan.ignoreClass);
    const information: InferenceInformation = {
      version: 1,
      createdAt: new Date().toISOString(),
      folds: input.folds,
      caseCount: input.truthFiles.length,
      mirror: input.mirror,
      structures: (plan.regions ?? plan.classes).map(({ name }) => name),
      candidates: ranked.map(({ candidate: { name, configurations, runIds }, dice, perClass }) => ({
        name,
        configurations,
        runIds,
        dice,
        dicePerStructure: perClass,
      })),
      postprocessing: { steps: decision.postprocessing.steps, diceBefore: orNull(decision.before.mean), diceAfter: orNull(decision.after.mean) },
    };
    if (port.stop.aborted) return ok({ stopped: true });
    for (const runFolder of best.runFolders) await writeFileAtomic(join(runFolder, 'postprocessing.json'), json(decision.postprocessing));
    await writeFileAtomic(input.outputFile, json(information));
    port.tell({ type: 'item', item: { kind: 'writtenFile', path: input.outputFile } });
    return ok({ ...information });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFile));
  }
}

/** No class of any network, so neither right nor wrong for any of them. */
const OTHER_CLASS = 65535;

/** Label values as network classes; labels that the plan does not know as `OTHER_CLASS`. */
function classesOf(labels: LabelArray, { classes, ignoreClass, ignoreLabelValue }: Plan): Uint16Array {
  const table = new Uint16Array(65536).fill(OTHER_CLASS);
  table[0] = 0;
  classes.forEach(({ labelValue }, n) => (table[labelValue] = n + 1));
  if (ignoreLabelValue !== null && ignoreClass !== null) table[ignoreLabelValue] = ignoreClass;
  const found = new Uint16Array(labels.length);
  for (let n = 0; n < labels.length; n++) found[n] = table[labels[n]!]!;
  return found;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
