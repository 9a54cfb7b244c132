/** Plans for the cases of a fold without training: `dataset_fingerprint.json` and `plans.json`, and preprocessed cases if asked for. */
import { mkdir } from 'node:fs/promises';
import { err, ok, toAppError } from '../contract/errors.ts';
import type { Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { PlanSummary, type PlanTask } from '../contract/tasks.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import { preprocessCases } from './prepareCases.ts';
import { PreprocessedStore } from './preprocessedStore.ts';
import { writeFingerprint, writePlan } from './runFiles.ts';
import { planFromCases } from './trainingSetup.ts';

/** The summary is `PlanSummary`. A training with the same cases and choices finds the preprocessed cases made. */
export async function runPlan(input: PlanTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const trainCases = input.cases.filter(({ role }) => role === 'train');
    const planned = await planFromCases(input, trainCases, port);
    if (!planned) return ok({ stopped: true });
    const { plan, fingerprint } = planned;
    await mkdir(input.outputFolder, { recursive: true });
    await writeFingerprint(input.outputFolder, fingerprint);
    await writePlan(input.outputFolder, plan);
    for (const name of input.preprocess) {
      const store = new PreprocessedStore(input.preprocessedFolder, plan, configurationOf(plan, name));
      if (!(await preprocessCases(store, input.cases, port))) return ok({ stopped: true });
    }
    const configurations = plan.configurations.map((one) => ({
      name: one.name,
      spacingDhwMm: one.spacingDhwMm,
      patch: one.patch,
      poolings: one.patch.map((_, axis) => one.stages.filter(({ stride }) => stride[axis] === 2).length),
      batchSize: one.batchSize,
      batchDice: one.batchDice,
    }));
    return ok(PlanSummary.parse({ folder: input.outputFolder, preset: plan.preset, caseCount: trainCases.length, configurations }));
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFolder));
  }
}
