import type { TensorOps } from './ops.ts';

export interface DiceOptions {
  /** Sums over the whole batch (true) or per sample (false). */
  readonly batchDice: boolean;
  /** In numerator and denominator: 1e-5 in nnU-Net v2, 1e-6 in the seed. */
  readonly smooth: number;
  /** Channels left out from the first on: 1 leaves out the background of a softmax. */
  readonly firstChannel: number;
}

const axesOf = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/**
 * Mean soft Dice (2Σpg + s)/(Σp + Σg + s) over channels, and over samples unless `batchDice`. `probs` and `target`
 * [N, …spatial, C]; `mask` [N, …spatial, 1] is 0 where nothing is known; `target` must be 0 there already.
 */
export function meanSoftDice<T>(ops: TensorOps<T>, probs: T, target: T, mask: T | null, { batchDice, smooth, firstChannel }: DiceOptions): T {
  const shape = ops.shapeOf(probs);
  const channels = shape[shape.length - 1]!;
  const voxels = axesOf(shape.length).slice(0, -1);
  const over = batchDice ? voxels : voxels.slice(1); // per-sample Dice keeps the batch axis
  const overlap = ops.sum(ops.mul(probs, target), over);
  const total = ops.add(ops.sum(mask === null ? probs : ops.mul(probs, mask), over), ops.sum(target, over));
  const dice = ops.div(ops.add(ops.mul(overlap, ops.scalar(2)), ops.scalar(smooth)), ops.add(total, ops.scalar(smooth)));
  const begin = batchDice ? [firstChannel] : [0, firstChannel];
  const size = batchDice ? [channels - firstChannel] : [shape[0]!, channels - firstChannel];
  const kept = firstChannel === 0 ? dice : ops.slice(dice, begin, size);
  return ops.mean(kept, axesOf(size.length));
}

/** Σ values / Σ mask over all voxels, and 0 where the mask is 0 everywhere. `values` [N, …spatial] must be 0 outside the mask. */
export function maskedMean<T>(ops: TensorOps<T>, values: T, mask: T): T {
  const all = (x: T): T => ops.sum(x, axesOf(ops.shapeOf(x).length));
  return ops.div(all(values), ops.atLeast(all(mask), 1));
}
