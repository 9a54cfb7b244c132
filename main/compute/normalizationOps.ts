/** Instance norm and the activation that follows it. */
import { unbroadcast } from './arithmeticOps.ts';
import type { Graph, Tensor } from './graph.ts';

/**
 * y = (x - mean) · scale / sqrt(variance + epsilon) + shift, per sample and channel. x may be bf16; statistics and the
 * gradient are computed in float32. The gradient is written by hand: with x̂ = (x - mean)·r and r = 1/sqrt(variance + ε),
 * dx = scale·r · (dy − mean(dy) − x̂·mean(dy·x̂)).
 */
export function instanceNorm(g: Graph, input: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor {
  const x = g.castTo(input, 'float');
  const axes = x.shape.slice(1, -1).map((_, axis) => axis + 1);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const mean = g.reduce('Mean', x, axes, true);
  const variance = g.reduce('Mean', g.binary('SquaredDifference', x, mean), axes, true);
  const r = g.unary('Rsqrt', g.binary('AddV2', variance, g.scalar(epsilon)));
  const slope = g.binary('Mul', r, scale); // [N, 1…, C]
  const offset = g.binary('Sub', shift, g.binary('Mul', mean, slope));
  const y = g.castTo(g.binary('AddV2', g.binary('Mul', x, slope), offset), input.dtype);
  return g.record(y, [input, scale, shift], (gradient) => {
    const dy = g.castTo(gradient, 'float');
    const sumDy = g.reduce('Sum', dy, axes, true);
    const sumDyX = g.reduce('Sum', g.binary('Mul', dy, x), axes, true);
    // Σ dy·x̂ = r·(Σ dy·x − mean·Σ dy)
    const sumDyXhat = g.binary('Mul', r, g.binary('Sub', sumDyX, g.binary('Mul', mean, sumDy)));
    // dx = slope·dy + a·x + b with per-channel a and b: two passes over the voxels instead of five
    const perCount = g.scalar(1 / count);
    const a = g.unary('Neg', g.binary('Mul', g.binary('Mul', slope, r), g.binary('Mul', sumDyXhat, perCount)));
    const b = g.unary('Neg', g.binary('AddV2', g.binary('Mul', slope, g.binary('Mul', sumDy, perCount)), g.binary('Mul', a, mean)));
    const dx = g.binary('AddV2', g.binary('AddV2', g.binary('Mul', dy, slope), g.binary('Mul', x, a)), b);
    return [g.castTo(dx, input.dtype), unbroadcast(g, sumDyXhat, scale.shape), unbroadcast(g, sumDy, shift.shape)];
  });
}

export function leakyRelu(g: Graph, x: Tensor, negativeSlope: number): Tensor {
  const attributes = { T: { type: x.dtype }, alpha: { float: negativeSlope } } as const;
  return g.record(g.node('LeakyRelu', [x], attributes, x.shape, x.dtype), [x], (dy) => [
    g.node('LeakyReluGrad', [dy, x], attributes, x.shape, x.dtype),
  ]);
}
