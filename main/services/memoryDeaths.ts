/** What to change after a compute process that memory ended. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunInfo } from '../contract/api.ts';
import type { AppError } from '../contract/errors.ts';
import type { MemoryOffer } from '../contract/memory.ts';
import type { PredictOptions } from '../contract/predictOptions.ts';
import type { RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { memoryDeath } from '../jobs/memoryDeath.ts';
import { configurationOf, parsePlan } from '../nnunet/plan/plan.ts';
import { offersBelow } from '../nnunet/train/trainingMemory.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { readTextSync } from '../vault/readSealed.ts';
import { trainingSpec } from '../nnunet/train/trainingSpec.ts';

/** `train/out-of-memory` with a smaller recipe where memory ended the process, else the error as it is. */
export function explainTrainingDeath(store: ProjectStore, runId: RunId, error: AppError): AppError {
  const detail = memoryDeath(error);
  return detail === null ? error : { code: 'train/out-of-memory', detail, offers: smallerRecipes(store, runId) };
}

/** `predict/out-of-memory` with what needs less, where memory ended the process; else the error as it is. */
export function explainPredictionDeath(
  error: AppError,
  runs: readonly Pick<RunInfo, 'configuration'>[] = [],
  { windowsPerCall }: Pick<PredictOptions, 'windowsPerCall'> = {},
): AppError {
  const detail = memoryDeath(error);
  if (detail === null) return error;
  const isBySlices = runs.some(({ configuration }) => configuration === '2d') && windowsPerCall !== 1;
  const choices = [...(isBySlices ? [{ windowsPerCall: 1 }] : []), ...(runs.length > 1 ? [{ modelCount: 1 }] : [])];
  return { code: 'predict/out-of-memory', detail, offers: choices.map((one) => ({ choices: one })) };
}

/** None before there is a plan: then the preparation of the cases ran out. */
function smallerRecipes(store: ProjectStore, runId: RunId): MemoryOffer[] {
  const path = join(store.folder.run(runId), 'plans.json');
  const run = store.runs.find(runId);
  const options = store.runs.options(runId);
  if (!run || !options || !existsSync(path)) return [];
  const plan = parsePlan(readTextSync(path), path);
  const recipe = trainingRecipe(options.preset, options, options.recipe, run.parentRunId !== null);
  return offersBelow(trainingSpec(recipe, plan, configurationOf(plan, options.configuration), 'float32'));
}
