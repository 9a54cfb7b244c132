/**
 * Resizing of images as scikit-image's `resize(order 0|1|3, mode='edge', anti_aliasing=False)` does it, one axis at a
 * time. Parity numbers: test/parity/resample.json, made by test/parity/resample.py.
 */
import { axisSampling, sourcePosition, type AxisRule } from './axisSampling.ts';
import { voxelCount, type ShapeDhw } from './tensorShape.ts';

export type AxisRules = readonly [AxisRule, AxisRule, AxisRule];

/** Edge voxels put before and after a line before the spline filter; its response falls by 0.27 per voxel. */
const EDGE_VOXELS = 12;
const SPLINE_POLE = Math.sqrt(3) - 2;

/**
 * A new volume of shape `to`, axes resized by their rule. Where any axis is cubic the result is clipped to the range of
 * its source: of the whole volume, or of each slice along a `nearest` axis. Returns `values` itself when shapes agree.
 */
export function resampleImage(values: Float32Array, from: ShapeDhw, to: ShapeDhw, rules: AxisRules): Float32Array {
  let current = values;
  let shape = from;
  // nearest last (so that slices are still the source's when clipped), then what shrinks most first: least work
  const order = [0, 1, 2].filter((axis) => from[axis] !== to[axis]).sort((a, b) => passCost(a, from, to, rules) - passCost(b, from, to, rules));
  const nearestAxis = rules.indexOf('nearest');
  for (const axis of order.filter((a) => rules[a] !== 'nearest')) {
    current = resizeAxis(current, shape, axis, to[axis]!, rules[axis]!);
    shape = withAxis(shape, axis, to[axis]!);
  }
  if (current !== values && rules.includes('cubic')) clipToSource(current, shape, values, from, nearestAxis);
  for (const axis of order.filter((a) => rules[a] === 'nearest')) {
    current = resizeAxis(current, shape, axis, to[axis]!, 'nearest');
    shape = withAxis(shape, axis, to[axis]!);
  }
  return current;
}

function passCost(axis: number, from: ShapeDhw, to: ShapeDhw, rules: AxisRules): number {
  return rules[axis] === 'nearest' ? Infinity : to[axis]! / from[axis]!;
}

function withAxis(shape: ShapeDhw, axis: number, count: number): ShapeDhw {
  const next: [number, number, number] = [...shape];
  next[axis] = count;
  return next;
}

function resizeAxis(values: Float32Array, shape: ShapeDhw, axis: number, toCount: number, rule: AxisRule): Float32Array {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const out = new Float32Array(outer * toCount * inner);
  if (rule === 'cubic') cubicLines(values, out, outer, shape[axis]!, toCount, inner);
  else linearRows(values, out, outer, shape[axis]!, toCount, inner, rule);
  return out;
}

function linearRows(
  values: Float32Array,
  out: Float32Array,
  outer: number,
  fromCount: number,
  toCount: number,
  inner: number,
  rule: 'linear' | 'nearest',
): void {
  const { lower, upper, upperWeight } = axisSampling(fromCount, toCount, rule);
  for (let o = 0; o < outer; o++) {
    for (let n = 0; n < toCount; n++) {
      const weight = upperWeight[n]!;
      const target = (o * toCount + n) * inner;
      const a = (o * fromCount + lower[n]!) * inner;
      const b = (o * fromCount + upper[n]!) * inner;
      if (weight === 0) out.set(values.subarray(a, a + inner), target);
      else for (let i = 0; i < inner; i++) out[target + i] = values[a + i]! * (1 - weight) + values[b + i]! * weight;
    }
  }
}

/** Cubic B-spline interpolation of every line of `fromCount` values, `inner` apart. */
function cubicLines(values: Float32Array, out: Float32Array, outer: number, fromCount: number, toCount: number, inner: number): void {
  const line = new Float64Array(fromCount + 2 * EDGE_VOXELS);
  const { base, weights } = cubicWeights(fromCount, toCount);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const source = o * fromCount * inner + i;
      for (let n = 0; n < line.length; n++) {
        const inside = n < EDGE_VOXELS ? 0 : n >= EDGE_VOXELS + fromCount ? fromCount - 1 : n - EDGE_VOXELS;
        line[n] = values[source + inside * inner]!;
      }
      splineCoefficients(line);
      const target = o * toCount * inner + i;
      for (let n = 0; n < toCount; n++) {
        const at = base[n]!;
        out[target + n * inner] =
          line[at]! * weights[4 * n]! + line[at + 1]! * weights[4 * n + 1]! + line[at + 2]! * weights[4 * n + 2]! + line[at + 3]! * weights[4 * n + 3]!;
      }
    }
  }
}

/** First of four coefficients (in the padded line) and their weights, per output. */
function cubicWeights(fromCount: number, toCount: number): { base: Int32Array; weights: Float64Array } {
  const base = new Int32Array(toCount);
  const weights = new Float64Array(4 * toCount);
  for (let n = 0; n < toCount; n++) {
    const position = sourcePosition(n, fromCount, toCount);
    const floor = Math.floor(position);
    const t = position - floor;
    base[n] = floor - 1 + EDGE_VOXELS;
    weights[4 * n] = (1 - t) ** 3 / 6;
    weights[4 * n + 1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
    weights[4 * n + 2] = (1 + 3 * t + 3 * t * t - 3 * t * t * t) / 6;
    weights[4 * n + 3] = (t * t * t) / 6;
  }
  return { base, weights };
}

/** Samples → cubic B-spline coefficients in place (Unser 1999): a causal and an anticausal recursion. */
function splineCoefficients(line: Float64Array): void {
  const z = SPLINE_POLE;
  const last = line.length - 1;
  // the line begins with equal values: the geometric series of an endless edge
  line[0] = line[0]! / (1 - z);
  for (let n = 1; n <= last; n++) line[n] = line[n]! + z * line[n - 1]!;
  line[last] = (z / (z * z - 1)) * (line[last]! + z * line[last - 1]!);
  for (let n = last - 1; n >= 0; n--) line[n] = z * (line[n + 1]! - line[n]!);
  for (let n = 0; n <= last; n++) line[n] = line[n]! * 6;
}

/** Splines overshoot at edges. `sliceAxis` −1: one range for all; both volumes have the same count along `sliceAxis`. */
function clipToSource(values: Float32Array, shape: ShapeDhw, source: Float32Array, sourceShape: ShapeDhw, sliceAxis: number): void {
  const slices = sliceAxis < 0 ? 1 : sourceShape[sliceAxis]!;
  const lowest = new Float32Array(slices).fill(Infinity);
  const highest = new Float32Array(slices).fill(-Infinity);
  const sliceOf = (count: number, dims: ShapeDhw) => {
    const inner = sliceAxis < 0 ? count : dims.slice(sliceAxis + 1).reduce((a, b) => a * b, 1);
    return { inner, runs: count / inner };
  };
  const from = sliceOf(voxelCount(sourceShape), sourceShape);
  for (let run = 0, n = 0; run < from.runs; run++) {
    const slice = run % slices;
    for (let i = 0; i < from.inner; i++, n++) {
      const value = source[n]!;
      if (value < lowest[slice]!) lowest[slice] = value;
      if (value > highest[slice]!) highest[slice] = value;
    }
  }
  const to = sliceOf(voxelCount(shape), shape);
  for (let run = 0, n = 0; run < to.runs; run++) {
    const low = lowest[run % slices]!;
    const high = highest[run % slices]!;
    for (let i = 0; i < to.inner; i++, n++) {
      if (values[n]! < low) values[n] = low;
      else if (values[n]! > high) values[n] = high;
    }
  }
}
