/** Operations that move or pick elements. */
import type { Graph, Tensor } from './graph.ts';

function rawSlice(g: Graph, x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  return g.node('Slice', [x, g.ints(begin), g.ints(size)], { T: { type: x.dtype }, Index: { type: 'int32' } }, size, x.dtype);
}

export function slice(g: Graph, x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  return g.record(rawSlice(g, x, begin, size), [x], (dy) => {
    const around = x.shape.flatMap((length, axis) => [begin[axis]!, length - begin[axis]! - size[axis]!]);
    const paddings = g.constant(Int32Array.from(around), [x.shape.length, 2]);
    return [g.node('Pad', [dy, paddings], { T: { type: x.dtype }, Tpaddings: { type: 'int32' } }, x.shape, x.dtype)];
  });
}

/** Along the last axis. */
export function concatChannels(g: Graph, a: Tensor, b: Tensor): Tensor {
  const last = a.shape.length - 1;
  const shape = [...a.shape.slice(0, -1), a.shape[last]! + b.shape[last]!];
  const axis = g.constant(Int32Array.of(last), []);
  const attributes = { T: { type: a.dtype }, N: { int: 2 }, Tidx: { type: 'int32' } } as const;
  return g.record(g.node('ConcatV2', [a, b, axis], attributes, shape, a.dtype), [a, b], (dy) => {
    const origin = shape.map(() => 0);
    return [rawSlice(g, dy, origin, a.shape), rawSlice(g, dy, [...origin.slice(0, -1), a.shape[last]!], b.shape)];
  });
}

/** Integer classes → float32 with a new last axis; not differentiable. */
export function oneHot(g: Graph, labels: Tensor, depth: number): Tensor {
  const inputs = [labels, g.constant(Int32Array.of(depth), []), g.scalar(1), g.scalar(0)];
  const attributes = { T: { type: 'float' }, TI: { type: labels.dtype }, axis: { int: -1 } } as const;
  return g.node('OneHot', inputs, attributes, [...labels.shape, depth], 'float');
}

/** Every `stride`-th element from the first on; not differentiable. */
export function subsample(g: Graph, x: Tensor, stride: readonly number[]): Tensor {
  const shape = x.shape.map((size, axis) => Math.ceil(size / stride[axis]!));
  const zeros = g.ints(stride.map(() => 0));
  const everything = (1 << stride.length) - 1;
  const attributes = {
    T: { type: x.dtype }, Index: { type: 'int32' }, begin_mask: { int: everything }, end_mask: { int: everything },
    ellipsis_mask: { int: 0 }, new_axis_mask: { int: 0 }, shrink_axis_mask: { int: 0 },
  } as const;
  return g.node('StridedSlice', [x, zeros, zeros, g.ints(stride)], attributes, shape, x.dtype);
}
