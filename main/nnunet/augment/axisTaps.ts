/**
 * Filters along one axis as tables: each output voxel is a weighted sum of a few voxels of its line. Blur, the simulated
 * low resolution and zoom are such filters along each axis in turn. The count of voxels does not change.
 */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

export interface AxisTaps {
  readonly perOutput: number;
  /** Voxel of the line, `perOutput` for each output. */
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/** Gaussian of deviation `sigma` voxels, cut at 3σ, weights summing to 1; lines are mirrored at their ends (edge voxel once). */
export function gaussianTaps(count: number, sigma: number): AxisTaps {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const perOutput = 2 * radius + 1;
  const kernel = Float64Array.from({ length: perOutput }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const sum = kernel.reduce((total, value) => total + value, 0);
  const taps = emptyTaps(count, perOutput);
  for (let n = 0, at = 0; n < count; n++) {
    for (let k = 0; k < perOutput; k++, at++) {
      taps.index[at] = mirrored(n + k - radius, count);
      taps.weight[at] = kernel[k]! / sum;
    }
  }
  return taps;
}

/** The line sampled down to round(count · scale) voxels by nearest, and back up linearly; half-pixel centres, clamped. */
export function lowResolutionTaps(count: number, scale: number): AxisTaps {
  const fewer = Math.max(1, Math.round(count * scale));
  const taps = emptyTaps(count, 2);
  for (let n = 0; n < count; n++) {
    const place = Math.min(fewer - 1, Math.max(0, ((n + 0.5) * fewer) / count - 0.5));
    const low = Math.floor(place);
    for (const k of [0, 1] as const) {
      const kept = Math.min(fewer - 1, low + k);
      taps.index[2 * n + k] = Math.floor(((kept + 0.5) * count) / fewer);
      taps.weight[2 * n + k] = k === 0 ? 1 - (place - low) : place - low;
    }
  }
  return taps;
}

/** The middle `cropCount` voxels stretched to the whole line by cubic convolution (Keys 1981, a = −½), clamped to the crop. */
export function zoomTaps(count: number, cropCount: number): AxisTaps {
  const begin = cropBegin(count, cropCount);
  const taps = emptyTaps(count, 4);
  for (let n = 0; n < count; n++) {
    const place = ((n + 0.5) * cropCount) / count - 0.5;
    const low = Math.floor(place);
    for (let k = 0; k < 4; k++) {
      const from = low - 1 + k;
      taps.index[4 * n + k] = begin + Math.min(cropCount - 1, Math.max(0, from));
      taps.weight[4 * n + k] = cubicWeight(place - from);
    }
  }
  return taps;
}

/** The same stretch for labels: the nearest voxel of the crop for each of the line. */
export function nearestZoom(count: number, cropCount: number): Int32Array {
  const begin = cropBegin(count, cropCount);
  return Int32Array.from({ length: count }, (_, n) => begin + Math.floor(((n + 0.5) * cropCount) / count));
}

const cropBegin = (count: number, cropCount: number): number => Math.floor((count - cropCount) / 2);

/**
 * Filters `plane` [D, H, W] along every axis that has taps, in place; `scratch` is as large. Taps are made for the length
 * of their axis.
 */
export function filterSeparably(plane: Float32Array, shape: ShapeDhw, tapsDhw: readonly (AxisTaps | null)[], scratch: Float32Array): void {
  let [from, to] = [plane, scratch];
  for (const axis of [0, 1, 2] as const) {
    const taps = tapsDhw[axis];
    if (!taps) continue;
    if (axis === 2) filterRows(from, shape[2], taps, to);
    else filterAcross(from, axis === 0 ? 1 : shape[0], shape[axis], axis === 0 ? shape[1] * shape[2] : shape[2], taps, to);
    [from, to] = [to, from];
  }
  if (from !== plane) plane.set(from);
}

/** Along the fastest axis. */
function filterRows(from: Float32Array, count: number, { perOutput, index, weight }: AxisTaps, to: Float32Array): void {
  for (let row = 0; row < from.length; row += count) {
    for (let n = 0, at = 0; n < count; n++) {
      let sum = 0;
      for (let k = 0; k < perOutput; k++, at++) sum += weight[at]! * from[row + index[at]!]!;
      to[row + n] = sum;
    }
  }
}

/** Along another axis: whole runs of memory are added. */
function filterAcross(from: Float32Array, blocks: number, count: number, run: number, { perOutput, index, weight }: AxisTaps, to: Float32Array): void {
  for (let block = 0; block < blocks; block++) {
    const begin = block * count * run;
    for (let n = 0, at = 0; n < count; n++) {
      const target = begin + n * run;
      for (let k = 0; k < perOutput; k++, at++) {
        const factor = weight[at]!;
        const source = begin + index[at]! * run;
        if (k === 0) for (let i = 0; i < run; i++) to[target + i] = factor * from[source + i]!;
        else for (let i = 0; i < run; i++) to[target + i] = to[target + i]! + factor * from[source + i]!;
      }
    }
  }
}

function emptyTaps(count: number, perOutput: number): AxisTaps {
  return { perOutput, index: new Int32Array(count * perOutput), weight: new Float64Array(count * perOutput) };
}

/** … 2 1 | 0 1 2 … count − 1 | count − 2 … , as often as needed. */
function mirrored(place: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const within = ((place % period) + period) % period;
  return within < count ? within : period - within;
}

function cubicWeight(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}
