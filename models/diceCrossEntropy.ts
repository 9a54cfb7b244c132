import type { TrainingSpec, UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';

const axesOf = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/**
 * Cross-entropy plus negative soft Dice of one output, weights 1:1 (nnU-Net v2). Logits [N, …spatial, classes] float32,
 * `target` one-hot of the same shape. Dice leaves background out; `smooth` stands in numerator and denominator.
 * Returns a scalar; the best possible value is -1.
 */
export function diceCrossEntropy<T>(ops: TensorOps<T>, logits: T, target: T, batchDice: boolean, smooth: number): T {
  const shape = ops.shapeOf(logits);
  const rank = shape.length;
  const classes = shape[rank - 1]!;
  const voxels = axesOf(rank).slice(0, -1);
  const perVoxel = ops.sum(ops.mul(ops.logSoftmax(logits), target), [rank - 1]);
  const crossEntropy = ops.negate(ops.mean(perVoxel, voxels));

  const over = batchDice ? voxels : voxels.slice(1); // per-sample Dice keeps the batch axis
  const probs = ops.softmax(logits);
  const overlap = ops.sum(ops.mul(probs, target), over);
  const total = ops.add(ops.sum(probs, over), ops.sum(target, over));
  const dice = ops.div(
    ops.add(ops.mul(overlap, ops.scalar(2)), ops.scalar(smooth)),
    ops.add(total, ops.scalar(smooth)),
  );
  const begin = batchDice ? [1] : [0, 1];
  const size = batchDice ? [classes - 1] : [shape[0]!, classes - 1];
  const foreground = ops.slice(dice, begin, size);
  return ops.sub(crossEntropy, ops.mean(foreground, axesOf(size.length)));
}

/** Product of the strides from the finest level down to `level`, per spatial axis. */
export function strideToLevel(network: UNetSpec, level: number): number[] {
  const axes = network.stages[0]!.stride.map((_, axis) => axis);
  return axes.map((axis) => network.stages.slice(0, level + 1).reduce((p, stage) => p * stage.stride[axis]!, 1));
}

/**
 * Deep-supervised loss: weighted sum over decoder levels, labels [N, …spatial] subsampled to each level by taking every
 * stride-th voxel (nearest neighbour).
 */
export function deepSupervisedLoss<T>(ops: TensorOps<T>, spec: TrainingSpec, outputs: ReadonlyMap<number, T>, labels: T): T {
  let total: T | null = null;
  for (const [level, logits] of [...outputs].sort(([a], [b]) => a - b)) {
    const weight = spec.deepSupervisionWeights[level] ?? (level === 0 ? 1 : 0);
    if (weight === 0) continue;
    const stride = [1, ...strideToLevel(spec.network, level)];
    const levelLabels = stride.every((s) => s === 1) ? labels : ops.subsample(labels, stride);
    const target = ops.oneHot(levelLabels, spec.network.classes);
    const loss = ops.mul(diceCrossEntropy(ops, logits, target, spec.batchDice, spec.diceSmooth), ops.scalar(weight));
    total = total === null ? loss : ops.add(total, loss);
  }
  if (total === null) throw new Error('deepSupervisionWeights: no output has a positive weight');
  return total;
}
