import type { TensorOps } from './ops.ts';
import { maskedMean, meanSoftDice } from './softDice.ts';
import type { DiceOptions } from './softDice.ts';

/**
 * Binary cross-entropy plus negative soft Dice of sigmoid outputs, one for each region, weights 1:1 (nnU-Net v2, region
 * training). Logits and `target` (0 or 1) [N, …spatial, regions]; regions may overlap. `mask` [N, …spatial] is 0 where
 * nothing is known (null: everything is); `target` must be 0 there. The best possible value is -1.
 */
export function diceBinaryCrossEntropy<T>(ops: TensorOps<T>, logits: T, target: T, mask: T | null, dice: DiceOptions): T {
  const shape = ops.shapeOf(logits);
  const last = shape.length - 1;
  // -z·log σ(x) - (1 - z)·log(1 - σ(x)) = log(1 + eˣ) - z·x
  const perRegion = ops.sub(ops.softplus(logits), ops.mul(logits, target));
  const perVoxel = ops.mean(perRegion, [last]);
  const crossEntropy =
    mask === null
      ? ops.mean(
          perVoxel,
          shape.slice(0, -1).map((_, axis) => axis),
        )
      : maskedMean(ops, ops.mul(perVoxel, mask), mask);
  const perChannel = mask === null ? null : ops.reshape(mask, [...shape.slice(0, -1), 1]);
  return ops.sub(crossEntropy, meanSoftDice(ops, ops.sigmoid(logits), target, perChannel, dice));
}
