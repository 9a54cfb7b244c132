/**
 * The op set of `models/` on plain float64 arrays, written for obviousness: tests differentiate it numerically and
 * compare the graph with it. Never used by the product.
 */
import type { TensorOps } from '../../../models/ops.ts';

export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function referenceTensor(shape: readonly number[], values?: ArrayLike<number>): ReferenceTensor {
  const filled = new Float64Array(sizeOf(shape));
  if (values) filled.set(values);
  return { shape, values: filled };
}

function coordinates(flat: number, shape: readonly number[]): number[] {
  const at: number[] = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at[axis] = flat % shape[axis]!;
    flat = Math.floor(flat / shape[axis]!);
  }
  return at;
}

function flatIndex(at: readonly number[], shape: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis]! + at[axis]!;
  return flat;
}

function fill(shape: readonly number[], valueAt: (at: number[]) => number): ReferenceTensor {
  const result = referenceTensor(shape);
  for (let i = 0; i < result.values.length; i++) result.values[i] = valueAt(coordinates(i, shape));
  return result;
}

function elementwise(a: ReferenceTensor, b: ReferenceTensor, f: (x: number, y: number) => number): ReferenceTensor {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = (t: ReferenceTensor) => [...Array<number>(rank - t.shape.length).fill(1), ...t.shape];
  const [shapeA, shapeB] = [padded(a), padded(b)];
  const pick = (t: ReferenceTensor, shape: number[], at: number[]) =>
    t.values[
      flatIndex(
        at.map((n, axis) => (shape[axis] === 1 ? 0 : n)),
        shape,
      )
    ]!;
  return fill(
    shapeA.map((n, axis) => Math.max(n, shapeB[axis]!)),
    (at) => f(pick(a, shapeA, at), pick(b, shapeB, at)),
  );
}

const map = (x: ReferenceTensor, f: (value: number) => number): ReferenceTensor => ({ shape: x.shape, values: x.values.map(f) });

function sum(x: ReferenceTensor, axes: readonly number[]): ReferenceTensor {
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const result = referenceTensor(kept.map((axis) => x.shape[axis]!));
  x.values.forEach((value, i) => {
    const at = coordinates(i, x.shape);
    const target = flatIndex(
      kept.map((axis) => at[axis]!),
      result.shape,
    );
    result.values[target] = result.values[target]! + value;
  });
  return result;
}

function mean(x: ReferenceTensor, axes: readonly number[]): ReferenceTensor {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return map(sum(x, axes), (value) => value / count);
}

/** TensorFlow's SAME padding before the first voxel; the odd voxel goes behind the last. */
function paddingBefore(size: number, kernel: number, stride: number): number {
  const total = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  return Math.floor(Math.max(total, 0) / 2);
}

/** Calls `visit(fineFlat, coarseFlat, weightFlat)` for each product that a SAME convolution adds up; channels excluded. */
function forEachTap(
  fine: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  visit: (fineAt: number[], coarseAt: number[], kernelAt: number[]) => void,
): void {
  const coarse = fine.map((n, axis) => Math.ceil(n / stride[axis]!));
  for (let c = 0; c < sizeOf(coarse); c++) {
    const coarseAt = coordinates(c, coarse);
    for (let k = 0; k < sizeOf(kernel); k++) {
      const kernelAt = coordinates(k, kernel);
      const fineAt = coarseAt.map((n, axis) => n * stride[axis]! + kernelAt[axis]! - paddingBefore(fine[axis]!, kernel[axis]!, stride[axis]!));
      if (fineAt.every((n, axis) => n >= 0 && n < fine[axis]!)) visit(fineAt, coarseAt, kernelAt);
    }
  }
}

function conv(x: ReferenceTensor, w: ReferenceTensor, stride: readonly number[]): ReferenceTensor {
  const fine = x.shape.slice(1, -1);
  const [inputs, outputs] = w.shape.slice(-2) as [number, number];
  const result = referenceTensor([x.shape[0]!, ...fine.map((n, axis) => Math.ceil(n / stride[axis]!)), outputs]);
  forEachTap(fine, w.shape.slice(0, -2), stride, (fineAt, coarseAt, kernelAt) => {
    for (let n = 0; n < x.shape[0]!; n++) {
      const from = flatIndex([n, ...fineAt, 0], x.shape);
      const to = flatIndex([n, ...coarseAt, 0], result.shape);
      const weight = flatIndex([...kernelAt, 0, 0], w.shape);
      for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) result.values[to + o]! += x.values[from + i]! * w.values[weight + i * outputs + o]!;
    }
  });
  return result;
}

function convTranspose(x: ReferenceTensor, w: ReferenceTensor, spatial: readonly number[], stride: readonly number[]): ReferenceTensor {
  const [outputs, inputs] = w.shape.slice(-2) as [number, number];
  const result = referenceTensor([x.shape[0]!, ...spatial, outputs]);
  forEachTap(spatial, w.shape.slice(0, -2), stride, (fineAt, coarseAt, kernelAt) => {
    for (let n = 0; n < x.shape[0]!; n++) {
      const from = flatIndex([n, ...coarseAt, 0], x.shape);
      const to = flatIndex([n, ...fineAt, 0], result.shape);
      const weight = flatIndex([...kernelAt, 0, 0], w.shape);
      for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) result.values[to + o]! += x.values[from + i]! * w.values[weight + o * inputs + i]!;
    }
  });
  return result;
}

/**
 * `setOf`: which set of elements shares its statistics, as a number from 0 on. Mean and variance of a set are plain sums over
 * its elements.
 */
function normOver(x: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, epsilon: number, setOf: (sample: number, channel: number) => number) {
  const channels = x.shape[x.shape.length - 1]!;
  const perSample = x.values.length / x.shape[0]!;
  const sets = Array.from(x.values, (_, i) => setOf(Math.floor(i / perSample), i % channels));
  const count = Math.max(...sets) + 1;
  const members = new Float64Array(count);
  const mean = new Float64Array(count);
  const variance = new Float64Array(count);
  sets.forEach((set) => members[set]!++);
  sets.forEach((set, i) => (mean[set]! += x.values[i]! / members[set]!));
  sets.forEach((set, i) => (variance[set]! += (x.values[i]! - mean[set]!) ** 2 / members[set]!));
  const values = x.values.map((value, i) => {
    const normal = (value - mean[sets[i]!]!) / Math.sqrt(variance[sets[i]!]! + epsilon);
    return normal * scale.values[i % channels]! + shift.values[i % channels]!;
  });
  return { output: { shape: x.shape, values }, mean, variance, members };
}

function batchNorm(x: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, epsilon: number) {
  const { output, mean, variance, members } = normOver(x, scale, shift, epsilon, (_, channel) => channel);
  const unbiased = variance.map((value, i) => (value * members[i]!) / Math.max(1, members[i]! - 1));
  return { output, mean: { shape: scale.shape, values: mean }, variance: { shape: scale.shape, values: unbiased } };
}

function averagePool(x: ReferenceTensor, stride: readonly number[]): ReferenceTensor {
  const window = [1, ...stride, 1];
  const result = referenceTensor(x.shape.map((n, axis) => Math.ceil(n / window[axis]!)));
  const counts = new Float64Array(result.values.length);
  const before = x.shape.map((n, axis) => paddingBefore(n, window[axis]!, window[axis]!));
  x.values.forEach((value, i) => {
    const to = flatIndex(
      coordinates(i, x.shape).map((n, axis) => Math.floor((n + before[axis]!) / window[axis]!)),
      result.shape,
    );
    result.values[to]! += value;
    counts[to]!++;
  });
  return { shape: result.shape, values: result.values.map((value, i) => value / counts[i]!) };
}

/** Over the last axis, shifted by the maximum so that large logits stay finite. */
function softmax(x: ReferenceTensor, log: boolean): ReferenceTensor {
  const classes = x.shape[x.shape.length - 1]!;
  const result = referenceTensor(x.shape);
  for (let row = 0; row < x.values.length; row += classes) {
    const logits = x.values.subarray(row, row + classes);
    const largest = Math.max(...logits);
    const logTotal = largest + Math.log(logits.reduce((total, value) => total + Math.exp(value - largest), 0));
    logits.forEach((value, c) => (result.values[row + c] = log ? value - logTotal : Math.exp(value - logTotal)));
  }
  return result;
}

function concatChannels(a: ReferenceTensor, b: ReferenceTensor): ReferenceTensor {
  const last = a.shape.length - 1;
  const split = a.shape[last]!;
  return fill([...a.shape.slice(0, -1), split + b.shape[last]!], (at) => {
    const channel = at[last]!;
    const before = at.slice(0, -1);
    return channel < split ? a.values[flatIndex([...before, channel], a.shape)]! : b.values[flatIndex([...before, channel - split], b.shape)]!;
  });
}

export const referenceOps: TensorOps<ReferenceTensor> = {
  shapeOf: (x) => x.shape,
  scalar: (value) => referenceTensor([], [value]),
  conv,
  convTranspose,
  bias: (x, perChannel) => elementwise(x, perChannel, (a, b) => a + b),
  instanceNorm: (x, scale, shift, epsilon) => normOver(x, scale, shift, epsilon, (sample, channel) => sample * scale.values.length + channel).output,
  groupNorm: (x, scale, shift, groups, epsilon) =>
    normOver(x, scale, shift, epsilon, (sample, channel) => sample * groups + Math.floor((channel * groups) / scale.values.length)).output,
  batchNorm,
  normalizeBy: (x, scale, shift, mean, variance, epsilon) => {
    const channel = (i: number): number => i % scale.values.length;
    const normal = (value: number, c: number): number => (value - mean.values[c]!) / Math.sqrt(variance.values[c]! + epsilon);
    return { shape: x.shape, values: x.values.map((value, i) => normal(value, channel(i)) * scale.values[channel(i)]! + shift.values[channel(i)]!) };
  },
  averagePool,
  leakyRelu: (x, slope) => map(x, (value) => (value > 0 ? value : slope * value)),
  concatChannels,
  add: (a, b) => elementwise(a, b, (x, y) => x + y),
  sub: (a, b) => elementwise(a, b, (x, y) => x - y),
  mul: (a, b) => elementwise(a, b, (x, y) => x * y),
  div: (a, b) => elementwise(a, b, (x, y) => x / y),
  negate: (x) => map(x, (value) => -value),
  sum,
  mean,
  softmax: (x) => softmax(x, false),
  logSoftmax: (x) => softmax(x, true),
  sigmoid: (x) => map(x, (value) => 1 / (1 + Math.exp(-value))),
  softplus: (x) => map(x, (value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)))),
  atLeast: (x, floor) => map(x, (value) => Math.max(value, floor)),
  reshape: (x, shape) => referenceTensor(shape, x.values),
  lookUp: (labels, table) =>
    fill(
      [...labels.shape, table[0]!.length],
      (at) => table[Math.min(labels.values[flatIndex(at.slice(0, -1), labels.shape)]!, table.length - 1)]![at[at.length - 1]!]!,
    ),
  upsampleNearest: (x, stride, spatial) =>
    fill(
      [x.shape[0]!, ...spatial, x.shape[x.shape.length - 1]!],
      (at) =>
        x.values[
          flatIndex(
            at.map((n, axis) => (axis === 0 || axis > stride.length ? n : Math.floor(n / stride[axis - 1]!))),
            x.shape,
          )
        ]!,
    ),
  slice: (x, begin, size) =>
    fill(
      size,
      (at) =>
        x.values[
          flatIndex(
            at.map((n, axis) => n + begin[axis]!),
            x.shape,
          )
        ]!,
    ),
  toFloat32: (x) => x,
  toCompute: (x) => x,
  oneHot: (labels, depth) => fill([...labels.shape, depth], (at) => Number(labels.values[flatIndex(at.slice(0, -1), labels.shape)] === at[at.length - 1])),
  subsample: (x, stride) =>
    fill(
      x.shape.map((n, axis) => Math.ceil(n / stride[axis]!)),
      (at) =>
        x.values[
          flatIndex(
            at.map((n, axis) => n * stride[axis]!),
            x.shape,
          )
        ]!,
    ),
};
