import { cast } from './arithmeticOps.ts';
import type { Graph, Tensor } from './graph.ts';

/** Mean over windows as large as the stride; SAME padding, which TensorFlow leaves out of the mean. In float32 always. */
export function averagePool(g: Graph, x: Tensor, stride: readonly number[]): Tensor {
  if (x.dtype !== 'float') return cast(g, averagePool(g, cast(g, x, 'float'), stride), x.dtype);
  const is3d = x.shape.length === 5;
  const window = [1, ...stride, 1];
  const attributes = {
    T: { type: 'float' },
    ksize: { ints: window },
    strides: { ints: window },
    padding: { text: 'SAME' },
    data_format: { text: is3d ? 'NDHWC' : 'NHWC' },
  } as const;
  const shape = x.shape.map((size, axis) => Math.ceil(size / window[axis]!));
  const pooled = g.node(is3d ? 'AvgPool3D' : 'AvgPool', [x], attributes, shape, 'float');
  return g.record(pooled, [x], (dy) => [g.node(is3d ? 'AvgPool3DGrad' : 'AvgPoolGrad', [g.ints(x.shape), dy], attributes, x.shape, 'float')]);
}
