/** Before a case is predicted: what that will need, against what there is. */
import { AppException } from '../contract/errors.ts';
import type { AppError } from '../contract/errors.ts';
import type { MemoryPolicy } from '../contract/memory.ts';
import type { Grid } from '../contract/vocabulary.ts';
import { inferenceBytes } from '../nnunet/infer/inferenceMemory.ts';
import { windowsPerCall } from '../nnunet/infer/inferencePreset.ts';
import { networkOf } from '../nnunet/plan/plan.ts';
import { expectedShapes } from '../nnunet/preprocess/preprocess.ts';
import { memoryForThisProcess } from './availableMemory.ts';
import type { Ensemble } from './ensemble.ts';
import { memoryMessage } from './trainingFit.ts';

/**
 * Members predict one after the other, so the hungriest counts. Throws `predict/memory-short` (with `path`) unless told to
 * ignore it. Graphics cards are not asked for their memory.
 */
export function requireMemory(ensemble: Ensemble, grid: Grid, path: string, policy: MemoryPolicy | undefined, availableBytes = memoryForThisProcess()): void {
  if (policy === 'ignore' || ensemble.isOnGpu) return;
  const neededBytes = bytesFor(ensemble, grid);
  if (neededBytes > availableBytes) throw new AppException({ code: 'predict/memory-short', path, neededBytes, availableBytes });
}

/** A first stage is loaded beside its second, but does not predict at the same time. */
function bytesFor({ members }: Ensemble, grid: Grid): number {
  return members.reduce((most, { plan, configuration, engines, previous }) => {
    const predicting = { network: networkOf(plan, configuration), patch: configuration.patch, windowsPerCall: windowsPerCall(configuration), count: engines.length };
    const own = inferenceBytes(predicting, { channels: plan.channels.length, ...expectedShapes(grid, plan, configuration) });
    return Math.max(most, own, previous ? bytesFor(previous, grid) : 0);
  }, 0);
}

/** `null`: something else went wrong. */
export function outOfMemory(thrown: unknown): AppError | null {
  const detail = memoryMessage(thrown);
  return detail === null ? null : { code: 'predict/out-of-memory', detail };
}
