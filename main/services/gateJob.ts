/** What a finished training goes through before it becomes the project's model. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { RunInfo } from '../contract/api.ts';
import { whyIncomplete } from '../contract/completeness.ts';
import { AppException } from '../contract/errors.ts';
import type { GateReason, GateVerdict } from '../contract/gate.ts';
import { LegendOperation } from '../contract/legendChange.ts';
import { PredictOptions } from '../contract/predictOptions.ts';
import { IMPORT_AUTHOR } from '../contract/provenance.ts';
import type { GateTask } from '../contract/gateTask.ts';
import type { PredictTask, TaskInput, TaskItem } from '../contract/tasks.ts';
import type { CaseId, RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { requireCase } from './caseSummary.ts';
import { modelsOf } from './predictServices.ts';
import { retrainCases } from './retrainCases.ts';
import { trainCases } from './trainingCases.ts';

export interface GateJob {
  /** Predictions of both models where they are missing, then the comparison; none of it where nothing can be compared. */
  readonly tasks: readonly (() => TaskInput | null)[];
  onItem(item: TaskItem): void;
}

export interface GateJobSpec {
  readonly store: ProjectStore;
  readonly runId: RunId;
  /** The model to compare with; `null`: the current one at the time, and the verdict decides which is current from then on. */
  readonly withRunId: RunId | null;
  /** Who asked. */
  readonly author: string;
  /** The registry has changed. */
  readonly onSettled: () => void;
}

export function gateJob(spec: GateJobSpec): GateJob {
  const { store, runId, withRunId } = spec;
  let comparison: Comparison | null = null;
  return {
    tasks: [
      () => {
        const planned = planComparison(store, runId, withRunId ?? store.models.current());
        if (planned?.kind === 'settled' && withRunId === null) settle(spec, settledVerdict(store, runId, planned));
        if (planned?.kind === 'settled' && withRunId !== null) throw new AppException({ code: 'evaluate/no-validation-cases', runId });
        comparison = planned?.kind === 'compare' ? planned : null;
        return comparison && predictMissing(store, comparison, comparison.candidate);
      },
      () => comparison && predictMissing(store, comparison, comparison.current),
      () => comparison && gateTask(spec, comparison),
    ],
    onItem(item) {
      if (item.kind === 'gateVerdict' && withRunId === null) settle(spec, item.verdict);
    },
  };
}

interface Settled {
  readonly kind: 'settled';
  readonly currentRunId: RunId | null;
  readonly outcome: GateVerdict['outcome'];
  readonly reason: GateReason;
}

interface MeasuredCase {
  readonly caseId: CaseId;
  readonly revision: number;
  readonly isHeldOut: boolean;
  readonly isCanary: boolean;
}

interface Comparison {
  readonly kind: 'compare';
  readonly candidate: RunInfo;
  readonly current: RunInfo;
  readonly cases: readonly MeasuredCase[];
  /** Both models predict as the candidate was validated. */
  readonly mirror: boolean;
}

/** `null`: there is nothing to judge, for the run is the current model or has no weights. Throws AppException not-found. */
function planComparison(store: ProjectStore, runId: RunId, currentRunId: RunId | null): Settled | Comparison | null {
  const candidate = requireRun(store, runId);
  if (!candidate.hasCheckpoint || currentRunId === runId) return null;
  const current = currentRunId === null ? null : requireRun(store, currentRunId);
  const settled = (outcome: Settled['outcome'], reason: GateReason): Settled => ({ kind: 'settled', currentRunId, outcome, reason });
  if (!current?.hasCheckpoint) return settled('accepted', { code: 'first' });
  const learnt = new Set([...casesLearntBy(store, candidate), ...casesLearntBy(store, current)]);
  const excluded = store.exclusions.all();
  const heldOut = store.runs.cases(runId).filter(({ role, caseId }) => role === 'validation' && !learnt.has(caseId) && !excluded.has(caseId));
  if (heldOut.length === 0) {
    const isUnmeasurable = candidate.validationCaseIds.length === 0 && current.validationCaseIds.length === 0;
    return isUnmeasurable ? settled('accepted', { code: 'nothingHeldOut' }) : settled('notJudged', { code: 'noCommonCases' });
  }
  const canaries = new Map(canaryRevisions(store));
  const judging = heldOut.map(({ caseId, revision }) => ({ caseId, revision, isHeldOut: true, isCanary: canaries.delete(caseId) }));
  const watching = [...canaries].map(([caseId, revision]) => ({ caseId, revision, isHeldOut: false, isCanary: true }));
  return { kind: 'compare', candidate, current, cases: [...judging, ...watching], mirror: store.runs.options(runId)?.recipe.tta ?? false };
}

/** By the run or by any model it started from; nobody knows it of a model that came from elsewhere. */
function casesLearntBy(store: ProjectStore, run: RunInfo): CaseId[] {
  const parent = run.parentRunId === null ? undefined : store.runs.find(run.parentRunId);
  return [...run.trainCaseIds, ...(parent ? casesLearntBy(store, parent) : [])];
}

/** The cases that people accepted first, with the labelmap that is accepted now; one with unknown voxels cannot judge. */
function canaryRevisions(store: ProjectStore): [CaseId, number][] {
  const { legend, labelRules } = store.project;
  const canJudge = (caseId: CaseId, revision: number) => whyIncomplete(store.revisions.completeness(caseId, revision), legend, labelRules) === null;
  const excluded = store.exclusions.all();
  return store.revisions.firstVerified(store.project.gateRules.canaryCount, IMPORT_AUTHOR).flatMap((caseId) => {
    const accepted = excluded.has(caseId) ? undefined : store.revisions.ofCase(caseId).find((one) => one.accepted);
    return accepted && canJudge(caseId, accepted.revision) ? [[caseId, accepted.revision]] : [];
  });
}

/** Where the prediction of a model is, or is to be: what a finished run left of its validation is taken if it was made the same way. */
function predictionFile(store: ProjectStore, run: RunInfo, caseId: CaseId, mirror: boolean): string {
  const kept = store.folder.validation(run.runId, caseId);
  const isSame = run.state === 'finished' && store.runs.options(run.runId)?.recipe.tta === mirror;
  return isSame && existsSync(kept) ? kept : join(store.folder.gate(run.runId), mirror ? 'mirrored' : 'predictions', `${caseId}.nii.gz`);
}

/** `null`: all predictions are there. Those of a run that can still go on are made anew. */
function predictMissing(store: ProjectStore, { cases, mirror }: Comparison, run: RunInfo): PredictTask | null {
  if (run.state !== 'finished') rmSync(store.folder.gate(run.runId), { recursive: true, force: true });
  const missing = cases
    .map(({ caseId }) => ({ caseId, image: requireCase(store, caseId).image, outputFile: predictionFile(store, run, caseId, mirror) }))
    .filter(({ outputFile }) => !existsSync(outputFile));
  const [first] = missing;
  if (!first) return null;
  mkdirSync(dirname(first.outputFile), { recursive: true });
  return { task: 'predict', models: modelsOf(store, [run]), options: PredictOptions.parse({ mirror, postprocess: false }), cases: missing };
}

function gateTask({ store, runId, withRunId }: GateJobSpec, { candidate, current, cases, mirror }: Comparison): GateTask {
  const gateFolder = store.folder.gate(runId);
  return {
    task: 'gate',
    runId,
    runFolder: store.folder.run(runId),
    currentRunId: current.runId,
    currentRunFolder: store.folder.run(current.runId),
    outputFolder: withRunId === null ? gateFolder : join(gateFolder, `with-${withRunId}`),
    legend: store.project.legend,
    mergedLabels: mergedLabels(store),
    rules: store.project.gateRules,
    seed: store.runs.options(runId)?.seed ?? 1,
    correctedMasks: correctedMasks(store, candidate.runId, current.runId),
    cases: cases.map(({ caseId, revision, isHeldOut, isCanary }) => {
      const { subject, image } = requireCase(store, caseId);
      return {
        caseId,
        subject,
        isHeldOut,
        isCanary,
        truthFile: store.folder.revision(caseId, revision),
        imageFile: image.files[0]!,
        currentFile: predictionFile(store, current, caseId, mirror),
        candidateFile: predictionFile(store, candidate, caseId, mirror),
      };
    }),
  };
}

function correctedMasks(store: ProjectStore, candidateRunId: RunId, currentRunId: RunId): GateTask['correctedMasks'] {
  const learnt = store.runs.cases(candidateRunId).filter(({ role }) => role === 'train');
  return retrainCases(store, currentRunId, trainCases(store, learnt), learnt).flatMap(({ caseId, labelFile, predictedFile, completeness, isNew }) =>
    isNew && !completeness && predictedFile !== undefined ? [{ caseId, maskFile: labelFile, predictedFile }] : [],
  );
}

const LegendSummary = z.object({ operations: z.array(LegendOperation) });

/** By all changes of the legend so far, each label to where it has ended. */
function mergedLabels(store: ProjectStore): GateTask['mergedLabels'] {
  const into = new Map<number, number>();
  for (const event of store.jobs.successes('legend')) {
    const change = event.type === 'succeeded' ? LegendSummary.safeParse(event.summary).data : undefined;
    for (const operation of change?.operations ?? []) {
      if (operation.op !== 'merge') continue;
      for (const [from, to] of into) if (to === operation.labelValue) into.set(from, operation.into);
      into.set(operation.labelValue, operation.into);
    }
  }
  return [...into].map(([from, to]) => ({ from, into: to }));
}

function settledVerdict(store: ProjectStore, runId: RunId, { currentRunId, outcome, reason }: Settled): GateVerdict {
  const nothing = { warnings: [], mean: null, structures: [], canary: null, cases: [] };
  const seed = store.runs.options(runId)?.seed ?? 1;
  return { version: 1, runId, currentRunId, judgedAtMs: Date.now(), outcome, reasons: [reason], rules: store.project.gateRules, seed, ...nothing };
}

/** On record for ever; an accepted candidate becomes the current model, unless the user has pinned or changed that meanwhile. */
function settle({ store, author, onSettled }: GateJobSpec, verdict: GateVerdict): void {
  const { runId, currentRunId, outcome } = verdict;
  store.transaction(() => {
    store.models.addVerdict(verdict, author);
    const now = store.models.current();
    const isPinned = now !== null && store.runs.find(now)?.isPinned === true;
    if (outcome === 'accepted' && now === currentRunId && !isPinned)
      store.models.choose({ runId, reason: currentRunId === null ? 'first' : 'gate', author, atMs: verdict.judgedAtMs });
  });
  onSettled();
}

function requireRun(store: ProjectStore, runId: RunId): RunInfo {
  const run = store.runs.find(runId);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return run;
}
