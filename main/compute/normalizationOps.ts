/** Instance, batch and group norm, and the activation that follows them. */
import { unbroadcast } from './arithmeticOps.ts';
import type { Graph, Tensor } from './graph.ts';

/** Means per sample and channel [N, 1…, C] → means over everything that shares its statistics, broadcast again to [N or 1, 1…, C]. */
type Share = (perSampleAndChannel: Tensor) => Tensor;

interface Normalized {
  readonly output: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

const voxelAxes = (x: Tensor): number[] => x.shape.slice(1, -1).map((_, axis) => axis + 1);
const voxelCount = (x: Tensor): number => x.shape.slice(1, -1).reduce((a, b) => a * b, 1);

/**
 * y = (x - mean) · scale / sqrt(variance + epsilon) + shift. x may be a half type; statistics and the gradient are computed in
 * float32. The gradient is written by hand: with x̂ = (x - mean)·r, r = 1/sqrt(variance + ε) and g = dy·scale,
 * dx = r · (g − mean(g) − x̂·mean(g·x̂)), means over whatever shares its statistics.
 */
function normalize(g: Graph, input: Tensor, scale: Tensor, shift: Tensor, epsilon: number, share: Share): Normalized {
  const x = g.castTo(input, 'float');
  const axes = voxelAxes(x);
  const mean = share(g.reduce('Mean', x, axes, true));
  const variance = share(g.reduce('Mean', g.binary('SquaredDifference', x, mean), axes, true));
  const r = g.unary('Rsqrt', g.binary('AddV2', variance, g.scalar(epsilon)));
  const slope = g.binary('Mul', r, scale); // [N or 1, 1…, C]
  const offset = g.binary('Sub', shift, g.binary('Mul', mean, slope));
  const output = g.castTo(g.binary('AddV2', g.binary('Mul', x, slope), offset), input.dtype);
  g.record(output, [input, scale, shift], (gradient) => {
    const dy = g.castTo(gradient, 'float');
    const sumDy = g.reduce('Sum', dy, axes, true);
    const sumDyX = g.reduce('Sum', g.binary('Mul', dy, x), axes, true);
    // Σ dy·x̂ = r·(Σ dy·x − mean·Σ dy)
    const sumDyXhat = g.binary('Mul', r, g.binary('Sub', sumDyX, g.binary('Mul', mean, sumDy)));
    const perCount = g.scalar(1 / voxelCount(x));
    const meanOfScaled = (sum: Tensor): Tensor => share(g.binary('Mul', g.binary('Mul', sum, perCount), scale));
    // dx = slope·dy + a·x + b with per-channel a and b: two passes over the voxels instead of five
    const a = g.unary('Neg', g.binary('Mul', g.binary('Mul', r, r), meanOfScaled(sumDyXhat)));
    const b = g.unary('Neg', g.binary('AddV2', g.binary('Mul', r, meanOfScaled(sumDy)), g.binary('Mul', a, mean)));
    const dx = g.binary('AddV2', g.binary('AddV2', g.binary('Mul', dy, slope), g.binary('Mul', x, a)), b);
    return [g.castTo(dx, input.dtype), unbroadcast(g, sumDyXhat, scale.shape), unbroadcast(g, sumDy, shift.shape)];
  });
  return { output, mean, variance };
}

/** Statistics per sample and channel. */
export function instanceNorm(g: Graph, x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor {
  return normalize(g, x, scale, shift, epsilon, (statistic) => statistic).output;
}

/** Statistics per sample and run of neighbouring channels; `groups` must divide the channels. */
export function groupNorm(g: Graph, x: Tensor, scale: Tensor, shift: Tensor, groups: number, epsilon: number): Tensor {
  const channels = x.shape[x.shape.length - 1]!;
  if (channels % groups !== 0) throw new Error(`${groups} groups do not divide ${channels} channels`);
  const share: Share = (statistic) => {
    const split = [x.shape[0]!, groups, channels / groups];
    const means = g.reduce('Mean', g.reshape(statistic, split), [2], true);
    const spread = g.node('BroadcastTo', [means, g.ints(split)], { T: { type: 'float' }, Tidx: { type: 'int32' } }, split, 'float');
    return g.reshape(spread, statistic.shape);
  };
  return normalize(g, x, scale, shift, epsilon, share).output;
}

/** Statistics per channel over the whole batch. `mean` and unbiased `variance` [C] are for running statistics. */
export function batchNorm(g: Graph, x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Normalized {
  const { output, mean, variance } = normalize(g, x, scale, shift, epsilon, (statistic) => g.reduce('Mean', statistic, [0], true));
  const count = x.shape[0]! * voxelCount(x);
  const unbiased = g.binary('Mul', variance, g.scalar(count / Math.max(1, count - 1)));
  return { output, mean: g.reshape(mean, scale.shape), variance: g.reshape(unbiased, scale.shape) };
}

/** With given statistics [C], for prediction; leaves no trace on the tape. */
export function normalizeBy(g: Graph, x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: number): Tensor {
  const slope = g.binary('Mul', scale, g.unary('Rsqrt', g.binary('AddV2', variance, g.scalar(epsilon))));
  const offset = g.binary('Sub', shift, g.binary('Mul', mean, slope));
  return g.castTo(g.binary('AddV2', g.binary('Mul', g.castTo(x, 'float'), slope), offset), x.dtype);
}

/** `negativeSlope` ≥ 0. */
export function leakyRelu(g: Graph, x: Tensor, negativeSlope: number): Tensor {
  const attributes = { T: { type: x.dtype }, alpha: { float: negativeSlope } } as const;
  const y = g.node('LeakyRelu', [x], attributes, x.shape, x.dtype);
  // only the sign counts, and y has that of x: TensorFlow need not keep x, a third of what a block of ours holds
  return g.record(y, [x], (dy) => [g.node('LeakyReluGrad', [dy, y], attributes, x.shape, x.dtype)]);
}
