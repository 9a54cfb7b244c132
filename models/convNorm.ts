import type { UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';

/** Where a network gets its arrays from, and what batch norm does with its statistics. */
export interface NetworkVariables<T> {
  /** A named array of `parametersOf`. */
  parameter(name: string): T;
  /**
   * Given while training: batch norm then normalises by the batch and hands over its mean and variance under the name of the
   * running ones. Absent: it normalises by the running ones.
   */
  readonly onBatchStatistic?: (runningName: string, value: T) => void;
}

/** Inside the square root of every norm; PyTorch's and NVIDIA's fused instance norm have the same. */
const NORM_EPSILON = 1e-5;
const MOST_GROUPS = 32;

/** 32 as in the seed, or fewer where 32 do not divide the channels: the largest number that does. */
export function groupCount(channels: number): number {
  let groups = Math.min(MOST_GROUPS, channels);
  while (channels % groups !== 0) groups--;
  return groups;
}

/** Convolution and norm without activation: x [N, …spatial, C] → [N, …spatial / stride, C']. */
export function convNorm<T>(ops: TensorOps<T>, norm: UNetSpec['norm'], variables: NetworkVariables<T>, prefix: string, x: T, stride: readonly number[]): T {
  const { parameter, onBatchStatistic } = variables;
  const y = ops.conv(x, ops.toCompute(parameter(`${prefix}.conv.weight`)), stride);
  if (norm === 'none') return ops.bias(y, ops.toCompute(parameter(`${prefix}.conv.bias`)));
  const scale = parameter(`${prefix}.norm.scale`);
  const shift = parameter(`${prefix}.norm.shift`);
  switch (norm) {
    case 'instance':
      return ops.instanceNorm(y, scale, shift, NORM_EPSILON);
    case 'group':
      return ops.groupNorm(y, scale, shift, groupCount(ops.shapeOf(scale)[0]!), NORM_EPSILON);
    case 'batch': {
      const [mean, variance] = [`${prefix}.norm.mean`, `${prefix}.norm.variance`];
      if (!onBatchStatistic) return ops.normalizeBy(y, scale, shift, parameter(mean), parameter(variance), NORM_EPSILON);
      const batch = ops.batchNorm(y, scale, shift, NORM_EPSILON);
      onBatchStatistic(mean, batch.mean);
      onBatchStatistic(variance, batch.variance);
      return batch.output;
    }
  }
}
