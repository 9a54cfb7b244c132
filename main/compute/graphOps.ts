import type { ComputePrecision } from '../../models/engine.ts';
import type { TensorOps } from '../../models/ops.ts';
import * as arithmetic from './arithmeticOps.ts';
import * as convolution from './convolutionOps.ts';
import type { Graph, Tensor } from './graph.ts';
import * as normalization from './normalizationOps.ts';
import { averagePool } from './poolingOps.ts';
import * as shaping from './shapingOps.ts';

const COMPUTE_TYPE = { float32: 'float', bfloat16: 'bfloat16', float16: 'half' } as const;

/** The op set of `models/` as nodes of a graph. */
export function graphOps(g: Graph, precision: ComputePrecision): TensorOps<Tensor> {
  const computeType = COMPUTE_TYPE[precision];
  return {
    shapeOf: (x) => x.shape,
    scalar: (value) => g.scalar(value),
    conv: (x, weights, stride) => convolution.conv(g, x, weights, stride),
    convTranspose: (x, weights, spatial, stride) => convolution.convTranspose(g, x, weights, spatial, stride),
    bias: (x, perChannel) => convolution.bias(g, x, perChannel),
    instanceNorm: (x, scale, shift, epsilon) => normalization.instanceNorm(g, x, scale, shift, epsilon),
    groupNorm: (x, scale, shift, groups, epsilon) => normalization.groupNorm(g, x, scale, shift, groups, epsilon),
    batchNorm: (x, scale, shift, epsilon) => normalization.batchNorm(g, x, scale, shift, epsilon),
    normalizeBy: (x, scale, shift, mean, variance, epsilon) => normalization.normalizeBy(g, x, scale, shift, mean, variance, epsilon),
    averagePool: (x, stride) => averagePool(g, x, stride),
    leakyRelu: (x, slope) => normalization.leakyRelu(g, x, slope),
    concatChannels: (a, b) => shaping.concatChannels(g, a, b),
    add: (a, b) => arithmetic.add(g, a, b),
    sub: (a, b) => arithmetic.sub(g, a, b),
    mul: (a, b) => arithmetic.mul(g, a, b),
    div: (a, b) => arithmetic.div(g, a, b),
    negate: (x) => arithmetic.negate(g, x),
    sum: (x, axes) => arithmetic.sum(g, x, axes),
    mean: (x, axes) => arithmetic.mean(g, x, axes),
    softmax: (x) => arithmetic.softmax(g, x),
    logSoftmax: (x) => arithmetic.logSoftmax(g, x),
    sigmoid: (x) => arithmetic.sigmoid(g, x),
    softplus: (x) => arithmetic.softplus(g, x),
    atLeast: (x, floor) => g.binary('Maximum', x, g.scalar(floor)),
    reshape: (x, shape) => shaping.reshape(g, x, shape),
    slice: (x, begin, size) => shaping.slice(g, x, begin, size),
    toFloat32: (x) => arithmetic.cast(g, x, 'float'),
    toCompute: (x) => arithmetic.cast(g, x, computeType),
    oneHot: (labels, depth) => shaping.oneHot(g, labels, depth),
    lookUp: (labels, table) => shaping.lookUp(g, labels, table),
    upsampleNearest: (x, stride, spatial) => shaping.upsampleNearest(g, x, stride, spatial),
    subsample: (x, stride) => shaping.subsample(g, x, stride),
  };
}
