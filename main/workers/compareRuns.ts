/** Whether a repeated training gave what the other gave. */
import { join } from 'node:path';
import { z } from 'zod';
import type { NamedArray } from '../../models/engine.ts';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { CompareRunsTask, RerunOutcome } from '../contract/rerun.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import { compareLosses } from '../nnunet/train/trainingCourse.ts';
import { readCourse } from './courseFile.ts';
import { deletedModel } from './deleteModel.ts';
import { hashOfValues } from './hashOfWeights.ts';
import { readModel } from './runFiles.ts';
import { otherEnvironment, readInputs } from './trainingInputs.ts';

export async function runCompareRuns({ runId, runFolder, repeatsRunId, repeatedRunFolder }: CompareRunsTask): Promise<Result<Record<string, unknown>>> {
  try {
    const { weights } = await readModel(runFolder);
    const repeated = await repeatedWeights(repeatedRunFolder);
    const losses = compareLosses(
      (await readCourse(runFolder))?.losses ?? new Float32Array(0),
      (await readCourse(repeatedRunFolder))?.losses ?? new Float32Array(0),
    );
    const [inputs, before] = [await readInputs(runFolder), await readInputs(repeatedRunFolder)];
    const outcome: RerunOutcome = {
      version: 1,
      runId,
      repeatsRunId,
      comparedAtMs: Date.now(),
      weightsSha256: hashOfValues(weights),
      repeatedWeightsSha256: repeated.valuesSha256,
      largestWeightDifference: repeated.weights && largestDifference(weights, repeated.weights),
      comparedSteps: losses.comparedSteps,
      firstDifferentStep: losses.comparedSteps > 0 ? losses.firstDifferentStep : null,
      largestLossDifference: losses.largestDifference,
      dice: await validationDice(runFolder),
      repeatedDice: await validationDice(repeatedRunFolder),
      isSamePlan: (await readFile(join(runFolder, 'plans.json'), 'utf8')) === (await readFile(join(repeatedRunFolder, 'plans.json'), 'utf8')),
      otherEnvironment: inputs && before ? otherEnvironment(before, inputs) : [],
    };
    await writeFileAtomic(join(runFolder, 'rerun.json'), Buffer.from(`${JSON.stringify(outcome, null, 2)}\n`));
    return ok({ rerun: outcome });
  } catch (thrown) {
    return err(toAppError(thrown, runFolder));
  }
}

async function repeatedWeights(runFolder: string): Promise<{ weights: readonly NamedArray[] | null; valuesSha256: string | null }> {
  const deleted = await deletedModel(runFolder);
  if (deleted) return { weights: null, valuesSha256: deleted.valuesSha256 };
  const { weights } = await readModel(runFolder);
  return { weights, valuesSha256: hashOfValues(weights) };
}

/** Null where an array has no counterpart of its shape. */
function largestDifference(a: readonly NamedArray[], b: readonly NamedArray[]): number | null {
  const others = new Map(b.map((array) => [array.name, array]));
  let largest = 0;
  for (const { name, shape, values } of a) {
    const other = others.get(name);
    if (!other || other.shape.join() !== shape.join()) return null;
    for (let n = 0; n < values.length; n++) largest = Math.max(largest, Math.abs(values[n]! - other.values[n]!));
  }
  return a.length === b.length ? largest : null;
}

const Summary = z.object({ mean: z.number().nullable() });

async function validationDice(runFolder: string): Promise<number | null> {
  const bytes = await readIfThere(join(runFolder, 'validation', 'summary.json'));
  return bytes && Summary.parse(JSON.parse(bytes.toString('utf8'))).mean;
}
