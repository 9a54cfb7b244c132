import type { TensorOps } from './ops.ts';
import { maskedMean, meanSoftDice } from './softDice.ts';
import type { DiceOptions } from './softDice.ts';

/**
 * Cross-entropy plus negative soft Dice of one softmax output, weights 1:1 (nnU-Net v2). Logits [N, …spatial, classes]
 * float32, `target` one-hot of the same shape. `partial`: voxels whose target is all 0 are not annotated; they count
 * nowhere, and without any annotated voxel the cross-entropy is 0. Returns a scalar; the best possible value is -1.
 */
export function diceCrossEntropy<T>(ops: TensorOps<T>, logits: T, target: T, partial: boolean, dice: DiceOptions): T {
  const rank = ops.shapeOf(logits).length;
  const perVoxel = ops.sum(ops.mul(ops.logSoftmax(logits), target), [rank - 1]);
  const spatial = ops.shapeOf(perVoxel);
  const known = partial ? ops.sum(target, [rank - 1]) : null; // 1 where annotated
  const crossEntropy = ops.negate(
    known === null
      ? ops.mean(
          perVoxel,
          spatial.map((_, axis) => axis),
        )
      : maskedMean(ops, perVoxel, known),
  );
  const mask = known === null ? null : ops.reshape(known, [...spatial, 1]);
  return ops.sub(crossEntropy, meanSoftDice(ops, ops.softmax(logits), target, mask, dice));
}
