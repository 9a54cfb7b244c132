/**
 * Slices that are shifted in their planes or unevenly spaced, to an upright, even grid: linear within each slice, which
 * undoes a shear exactly up to that interpolation, and linear between slices.
 */
import type { VoxelArray } from '../../../imaging/volume.ts';
import { valueRange, voxelArrayFor, type RescaledSlice } from './modalityValues.ts';
import type { PlaneSpacing } from './planeSpacing.ts';

export interface ShiftedSlice extends RescaledSlice {
  /** Of the slice's first pixel against voxel (0, 0) of the grid. */
  readonly offsetPx: readonly [number, number];
  /** Stored value of pixels that hold nothing. */
  readonly paddingValue?: number;
}

type Size = readonly [columns: number, rows: number];

/**
 * Voxels of `size` times as many planes as `planes`. Where no slice reaches, and where padding would be mixed with
 * tissue, the nearest pixel decides; outside of all is padding, or the lowest value when there is none.
 */
export function resampleStack(slices: readonly ShiftedSlice[], planes: PlaneSpacing['planes'], sliceSize: Size, size: Size): VoxelArray {
  const range = valueRange(slices);
  const pixelCount = size[0] * size[1];
  const voxels = voxelArrayFor(range, pixelCount * planes.length);
  const outside = paddingOf(slices) ?? range.lowest;
  // NaN marks pixels without a value until the end
  let upright: { index: number; values: Float64Array }[] = [];
  const uprightSlice = (index: number) => {
    const ready = upright.find((one) => one.index === index);
    if (ready) return ready.values;
    const values = shiftSlice(slices[index]!, sliceSize, size);
    upright = [...upright.slice(-1), { index, values }];
    return values;
  };
  planes.forEach(({ below, weight }, k) => {
    const a = uprightSlice(below);
    const b = weight > 0 ? uprightSlice(below + 1) : a;
    for (let n = 0; n < pixelCount; n++) {
      let value = a[n]!;
      if (weight > 0) {
        const mixed = value + weight * (b[n]! - value);
        value = Number.isNaN(mixed) && weight >= 0.5 ? b[n]! : Number.isNaN(mixed) ? value : mixed;
      }
      if (Number.isNaN(value)) value = outside;
      voxels[k * pixelCount + n] = range.isWhole ? Math.round(value) : value;
    }
  });
  return voxels;
}

/** The padding value where pixels have it; as a modality value. */
function paddingOf(slices: readonly ShiftedSlice[]): number | undefined {
  const padded = slices.find(({ stored, paddingValue }) => paddingValue !== undefined && stored.includes(paddingValue));
  return padded && padded.paddingValue! * padded.slope + padded.intercept;
}

function shiftSlice(slice: ShiftedSlice, sliceSize: Size, size: Size): Float64Array {
  const [iAxis, jAxis] = [axisSamples(slice.offsetPx[0], sliceSize[0], size[0]), axisSamples(slice.offsetPx[1], sliceSize[1], size[1])];
  const { stored, slope, intercept, paddingValue } = slice;
  const values = new Float64Array(size[0] * size[1]).fill(NaN);
  const valueAt = (n: number) => (stored[n] === paddingValue ? NaN : stored[n]! * slope + intercept);
  for (let j = jAxis.begin; j < jAxis.end; j++) {
    const low = jAxis.low[j]! * sliceSize[0];
    const high = Math.min(jAxis.low[j]! + 1, sliceSize[1] - 1) * sliceSize[0];
    const v = jAxis.weight[j]!;
    for (let i = iAxis.begin; i < iAxis.end; i++) {
      const left = iAxis.low[i]!;
      const right = Math.min(left + 1, sliceSize[0] - 1);
      const u = iAxis.weight[i]!;
      // a weight of 0 must not bring in a NaN
      const upper = u > 0 ? (1 - u) * valueAt(low + left) + u * valueAt(low + right) : valueAt(low + left);
      const lower = v > 0 ? (u > 0 ? (1 - u) * valueAt(high + left) + u * valueAt(high + right) : valueAt(high + left)) : 0;
      const mixed = v > 0 ? (1 - v) * upper + v * lower : upper;
      values[j * size[0] + i] = Number.isNaN(mixed) ? valueAt((v >= 0.5 ? high : low) + (u >= 0.5 ? right : left)) : mixed;
    }
  }
  return values;
}

/** For each grid index from `begin` to `end`: the pixel below and the weight of the next. Half a pixel beyond the edge still belongs to it. */
function axisSamples(offsetPx: number, pixelCount: number, gridCount: number) {
  const low = new Int32Array(gridCount);
  const weight = new Float64Array(gridCount);
  const begin = Math.max(0, Math.ceil(offsetPx - 0.5));
  const end = Math.min(gridCount, Math.floor(offsetPx + pixelCount - 0.5) + 1);
  for (let n = begin; n < end; n++) {
    const at = Math.min(pixelCount - 1, Math.max(0, n - offsetPx));
    low[n] = Math.floor(at);
    weight[n] = at - low[n]!;
  }
  return { low, weight, begin, end };
}
