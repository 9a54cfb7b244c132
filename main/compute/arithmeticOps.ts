/** Differentiable elementwise arithmetic, reductions, casts and softmax. */
import type { Graph, Tensor } from './graph.ts';
import type { DType, Shape } from './savedModel.ts';

/** Sums a gradient over the axes along which an input of shape `shape` was broadcast. */
export function unbroadcast(g: Graph, gradient: Tensor, shape: Shape): Tensor {
  if (gradient.shape.length === shape.length && gradient.shape.every((size, axis) => size === shape[axis])) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) => (axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : []));
  return g.reshape(g.reduce('Sum', gradient, axes), shape);
}

/** Spreads the gradient of a reduction over the reduced axes. */
function spread(g: Graph, gradient: Tensor, like: Tensor, axes: readonly number[]): Tensor {
  const kept = g.reshape(
    gradient,
    like.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
  const attributes = { T: { type: like.dtype }, Tidx: { type: 'int32' } } as const;
  return g.node('BroadcastTo', [kept, g.ints(like.shape)], attributes, like.shape, like.dtype);
}

export function add(g: Graph, a: Tensor, b: Tensor): Tensor {
  return g.record(g.binary('AddV2', a, b), [a, b], (dy) => [unbroadcast(g, dy, a.shape), unbroadcast(g, dy, b.shape)]);
}

export function sub(g: Graph, a: Tensor, b: Tensor): Tensor {
  return g.record(g.binary('Sub', a, b), [a, b], (dy) => [unbroadcast(g, dy, a.shape), unbroadcast(g, g.unary('Neg', dy), b.shape)]);
}

export function mul(g: Graph, a: Tensor, b: Tensor): Tensor {
  return g.record(g.binary('Mul', a, b), [a, b], (dy) => [unbroadcast(g, g.binary('Mul', dy, b), a.shape), unbroadcast(g, g.binary('Mul', dy, a), b.shape)]);
}

export function div(g: Graph, a: Tensor, b: Tensor): Tensor {
  const quotient = g.binary('RealDiv', a, b);
  return g.record(quotient, [a, b], (dy) => {
    const perB = g.binary('RealDiv', dy, b);
    return [unbroadcast(g, perB, a.shape), unbroadcast(g, g.unary('Neg', g.binary('Mul', perB, quotient)), b.shape)];
  });
}

export function negate(g: Graph, x: Tensor): Tensor {
  return g.record(g.unary('Neg', x), [x], (dy) => [g.unary('Neg', dy)]);
}

export function sum(g: Graph, x: Tensor, axes: readonly number[]): Tensor {
  return g.record(g.reduce('Sum', x, axes), [x], (dy) => [spread(g, dy, x, axes)]);
}

export function mean(g: Graph, x: Tensor, axes: readonly number[]): Tensor {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return g.record(g.reduce('Mean', x, axes), [x], (dy) => [spread(g, g.binary('Mul', dy, g.scalar(1 / count)), x, axes)]);
}

export function cast(g: Graph, x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  return g.record(g.castTo(x, dtype), [x], (dy) => [g.castTo(dy, x.dtype)]);
}

/** Over the last axis. */
export function softmax(g: Graph, x: Tensor): Tensor {
  const probs = g.unary('Softmax', x);
  return g.record(probs, [x], (dy) => {
    const weighted = g.reduce('Sum', g.binary('Mul', dy, probs), [x.shape.length - 1], true);
    return [g.binary('Mul', g.binary('Sub', dy, weighted), probs)];
  });
}

/** Over the last axis. */
export function logSoftmax(g: Graph, x: Tensor): Tensor {
  const logProbs = g.unary('LogSoftmax', x);
  return g.record(logProbs, [x], (dy) => {
    const total = g.reduce('Sum', dy, [x.shape.length - 1], true);
    return [g.binary('Sub', dy, g.binary('Mul', g.unary('Exp', logProbs), total))];
  });
}

export function sigmoid(g: Graph, x: Tensor): Tensor {
  const probs = g.unary('Sigmoid', x);
  return g.record(probs, [x], (dy) => [g.binary('Mul', dy, g.binary('Mul', probs, g.binary('Sub', g.scalar(1), probs)))]);
}

/** log(1 + eˣ). */
export function softplus(g: Graph, x: Tensor): Tensor {
  return g.record(g.unary('Softplus', x), [x], (dy) => [g.binary('Mul', dy, g.unary('Sigmoid', x))]);
}
