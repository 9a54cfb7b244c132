/** Convolutions in 2-D and 3-D with the gradients that TensorFlow's C registry lacks for 3-D. Padding is always SAME. */
import { cast } from './arithmeticOps.ts';
import type { Graph, Tensor } from './graph.ts';
import type { Attribute, DType, Shape } from './savedModel.ts';

const spatialRank = (x: { readonly shape: Shape }): 2 | 3 => (x.shape.length === 5 ? 3 : 2);

function attributesOf(x: Tensor, stride: readonly number[]): Record<string, Attribute> {
  const rank = spatialRank(x);
  return {
    T: { type: x.dtype },
    strides: { ints: [1, ...stride, 1] },
    padding: { text: 'SAME' },
    data_format: { text: rank === 3 ? 'NDHWC' : 'NHWC' },
    dilations: { ints: Array<number>(rank + 2).fill(1) },
  };
}

function forward(g: Graph, x: Tensor, weights: Tensor, stride: readonly number[]): Tensor {
  const spatial = x.shape.slice(1, -1).map((size, axis) => Math.ceil(size / stride[axis]!));
  const shape = [x.shape[0]!, ...spatial, weights.shape[weights.shape.length - 1]!];
  return g.node(spatialRank(x) === 3 ? 'Conv3D' : 'Conv2D', [x, weights], attributesOf(x, stride), shape, x.dtype);
}

function inputGradient(g: Graph, shape: Shape, weights: Tensor, dy: Tensor, stride: readonly number[]): Tensor {
  const attributes = attributesOf(dy, stride);
  if (spatialRank(dy) === 3) attributes.Tshape = { type: 'int32' };
  const op = spatialRank(dy) === 3 ? 'Conv3DBackpropInputV2' : 'Conv2DBackpropInput';
  return g.node(op, [g.ints(shape), weights, dy], attributes, shape, dy.dtype);
}

/**
 * TensorFlow 2.21's bf16 convolutions (oneDNN 3.7) read and write outside their buffers where an axis is shorter than its
 * kernel: at depth 2 the filter gradient is finite but wrong, at width 1 with stride 2 the process dies. Found by
 * comparing some 5000 small shapes with float32 (bfloat16.test.ts holds a part of them); none was wrong elsewhere.
 */
function needsFloat32(dtype: DType, spatial: readonly number[], kernel: readonly number[]): boolean {
  return dtype === 'bfloat16' && spatial.some((size, axis) => size < kernel[axis]!);
}

function filterGradient(g: Graph, x: Tensor, weightShape: Shape, dy: Tensor, stride: readonly number[]): Tensor {
  const op = spatialRank(x) === 3 ? 'Conv3DBackpropFilterV2' : 'Conv2DBackpropFilter';
  return g.node(op, [x, g.ints(weightShape), dy], attributesOf(x, stride), weightShape, x.dtype);
}

/** x [N, …spatial, Cin], weights [...kernel, Cin, Cout]. */
export function conv(g: Graph, x: Tensor, weights: Tensor, stride: readonly number[]): Tensor {
  if (needsFloat32(x.dtype, x.shape.slice(1, -1), weights.shape.slice(0, -2))) {
    return cast(g, conv(g, cast(g, x, 'float'), cast(g, weights, 'float'), stride), x.dtype);
  }
  return g.record(forward(g, x, weights, stride), [x, weights], (dy) => [
    inputGradient(g, x.shape, weights, dy, stride),
    filterGradient(g, x, weights.shape, dy, stride),
  ]);
}

/** Adjoint of `conv`: x [N, …spatial/stride, Cin], weights [...kernel, Cout, Cin], result [N, …spatial, Cout]. */
export function convTranspose(g: Graph, x: Tensor, weights: Tensor, spatial: readonly number[], stride: readonly number[]): Tensor {
  if (needsFloat32(x.dtype, spatial, weights.shape.slice(0, -2))) {
    return cast(g, convTranspose(g, cast(g, x, 'float'), cast(g, weights, 'float'), spatial, stride), x.dtype);
  }
  const shape = [x.shape[0]!, ...spatial, weights.shape[weights.shape.length - 2]!];
  return g.record(inputGradient(g, shape, weights, x, stride), [x, weights], (dy) => [
    forward(g, dy, weights, stride),
    filterGradient(g, dy, weights.shape, x, stride),
  ]);
}

/** Adds one number per channel. */
export function bias(g: Graph, x: Tensor, perChannel: Tensor): Tensor {
  const attributes = { T: { type: x.dtype }, data_format: { text: 'NHWC' } } as const;
  return g.record(g.node('BiasAdd', [x, perChannel], attributes, x.shape, x.dtype), [x, perChannel], (dy) => {
    if (dy.dtype === 'float') return [dy, g.node('BiasAddGrad', [dy], attributes, perChannel.shape, dy.dtype)];
    // BiasAddGrad adds up in bf16: 15–99 % wrong on large images. Sum does not. A sum of float16 would overflow at 65504.
    const summable = dy.dtype === 'half' ? g.castTo(dy, 'float') : dy;
    return [
      dy,
      g.castTo(
        g.reduce(
          'Sum',
          summable,
          dy.shape.slice(0, -1).map((_, axis) => axis),
        ),
        dy.dtype,
      ),
    ];
  });
}
