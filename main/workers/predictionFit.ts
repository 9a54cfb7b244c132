/** Before a case is predicted: what that will need, against what there is. */
import { AppException } from '../contract/errors.ts';
import type { AppError } from '../contract/errors.ts';
import type { MemoryPolicy, PredictMemoryChoices, PredictMemoryOffer } from '../contract/memory.ts';
import type { CaseId, Grid } from '../contract/vocabulary.ts';
import { inferenceBytes } from '../nnunet/infer/inferenceMemory.ts';
import { windowsPerCall } from '../nnunet/infer/inferencePreset.ts';
import { networkOf } from '../nnunet/plan/plan.ts';
import { expectedShapes } from '../nnunet/preprocess/preprocess.ts';
import { memoryForThisProcess } from './availableMemory.ts';
import type { Ensemble } from './ensemble.ts';
import { memoryMessage } from './trainingFit.ts';

/** What is to be predicted. */
interface Wanted {
  readonly grid: Grid;
  readonly path: string;
  /** Of a case of the project. */
  readonly caseId?: CaseId;
}

/**
 * Members predict one after the other, so the hungriest counts. Throws `predict/memory-short` with what would fit, unless told
 * to ignore it. Graphics cards are not asked for their memory.
 */
export function requireMemory(
  ensemble: Ensemble,
  { grid, ...wanted }: Wanted,
  policy: MemoryPolicy | undefined,
  availableBytes = memoryForThisProcess(),
): void {
  if (policy === 'ignore' || ensemble.isOnGpu) return;
  const neededBytes = bytesFor(ensemble, grid);
  if (neededBytes > availableBytes)
    throw new AppException({ code: 'predict/memory-short', ...wanted, neededBytes, availableBytes, offers: offersFitting(ensemble, grid, availableBytes) });
}

/** What changes least comes first. */
function offersFitting(ensemble: Ensemble, grid: Grid, availableBytes: number): PredictMemoryOffer[] {
  return thriftierChoices(ensemble)
    .map((choices) => ({ choices, neededBytes: bytesFor(ensemble, grid, choices) }))
    .filter(({ neededBytes }) => neededBytes <= availableBytes);
}

/** Slices at once leave the masks as they are; fewer models do not. */
function thriftierChoices({ members, options }: Ensemble): PredictMemoryChoices[] {
  const slices = members.reduce((most, { configuration }) => Math.max(most, windowsPerCall(configuration, options.windowsPerCall)), 1);
  const modelCount = members.reduce((sum, { engines }) => sum + engines.length, 0);
  return [
    ...(slices > 1 ? [{ windowsPerCall: 1 }] : []),
    ...(modelCount > 1 ? [{ modelCount: 1 }] : []),
    ...(slices > 1 && modelCount > 1 ? [{ windowsPerCall: 1, modelCount: 1 }] : []),
  ];
}

/** A first stage is loaded beside its second, but does not predict at the same time. */
function bytesFor({ members, options }: Ensemble, grid: Grid, choices: PredictMemoryChoices = {}): number {
  const slices = choices.windowsPerCall ?? options.windowsPerCall;
  const [first] = members;
  const predicting = choices.modelCount === 1 && first ? [{ ...first, engines: first.engines.slice(0, 1) }] : members;
  return predicting.reduce((most, { plan, configuration, engines, previous }) => {
    const network = {
      network: networkOf(plan, configuration),
      patch: configuration.patch,
      windowsPerCall: windowsPerCall(configuration, slices),
      count: engines.length,
    };
    const own = inferenceBytes(network, { channels: plan.channels.length, ...expectedShapes(grid, plan, configuration) });
    return Math.max(most, own, previous ? bytesFor(previous, grid, choices) : 0);
  }, 0);
}

/** `null`: something else went wrong. */
export function outOfMemory(thrown: unknown): AppError | null {
  const detail = memoryMessage(thrown);
  return detail === null ? null : { code: 'predict/out-of-memory', detail, offers: [] };
}
