/** Operations that move or pick elements. */
import type { Graph, Tensor } from './graph.ts';

/** Not on the tape. `after`: nodes that must run before it. */
export function rawSlice(g: Graph, x: Tensor, begin: readonly number[], size: readonly number[], after: readonly Tensor[] = []): Tensor {
  return g.node('Slice', [x, g.ints(begin), g.ints(size)], { T: { type: x.dtype }, Index: { type: 'int32' } }, size, x.dtype, { after });
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

export function reshape(g: Graph, x: Tensor, shape: readonly number[]): Tensor {
  return g.record(g.reshape(x, shape), [x], (dy) => [g.reshape(dy, x.shape)]);
}

/** Integer classes → a row of `table` each; classes beyond it take its last row; not differentiable. */
export function lookUp(g: Graph, labels: Tensor, table: readonly (readonly number[])[]): Tensor {
  const columns = table[0]!.length;
  const rows = g.constant(Float32Array.from(table.flat()), [table.length, columns]);
  const within = g.binary('Minimum', labels, g.constant(Int32Array.of(table.length - 1), []));
  const inputs = [rows, within, g.constant(Int32Array.of(0), [])];
  const attributes = { Tparams: { type: 'float' }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' }, batch_dims: { int: 0 } } as const;
  return g.node('GatherV2', inputs, attributes, [...labels.shape, columns], 'float');
}

/** Repeats the elements of one axis; its gradient adds the copies up. */
function repeatAxis(g: Graph, x: Tensor, axis: number, times: number): Tensor {
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  const [before, size, after] = [product(x.shape.slice(0, axis)), x.shape[axis]!, product(x.shape.slice(axis + 1))];
  const apart = [before * size, times, after];
  const attributes = { T: { type: x.dtype }, Tidx: { type: 'int32' } } as const;
  const repeated = g.node('BroadcastTo', [g.reshape(x, [before * size, 1, after]), g.ints(apart)], attributes, apart, x.dtype);
  const result = g.reshape(
    repeated,
    x.shape.map((n, at) => (at === axis ? n * times : n)),
  );
  return g.record(result, [x], (dy) => [g.reshape(g.reduce('Sum', g.reshape(dy, apart), [1]), x.shape)]);
}

/** Each voxel `stride` times along each spatial axis, cut at `spatial`. */
export function upsampleNearest(g: Graph, x: Tensor, stride: readonly number[], spatial: readonly number[]): Tensor {
  const repeated = stride.reduce((y, times, axis) => (times === 1 ? y : repeatAxis(g, y, axis + 1, times)), x);
  const size = [x.shape[0]!, ...spatial, x.shape[x.shape.length - 1]!];
  return size.every((n, axis) => n === repeated.shape[axis])
    ? repeated
    : slice(
        g,
        repeated,
        size.map(() => 0),
        size,
      );
}

/** Every `stride`-th element from the first on; not differentiable. */
export function subsample(g: Graph, x: Tensor, stride: readonly number[]): Tensor {
  const shape = x.shape.map((size, axis) => Math.ceil(size / stride[axis]!));
  const zeros = g.ints(stride.map(() => 0));
  const everything = (1 << stride.length) - 1;
  const attributes = {
    T: { type: x.dtype },
    Index: { type: 'int32' },
    begin_mask: { int: everything },
    end_mask: { int: everything },
    ellipsis_mask: { int: 0 },
    new_axis_mask: { int: 0 },
    shrink_axis_mask: { int: 0 },
  } as const;
  return g.node('StridedSlice', [x, zeros, zeros, g.ints(stride)], attributes, shape, x.dtype);
}
