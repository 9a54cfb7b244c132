/** Stored pixels to what they mean: Hounsfield units, activity, SUV. */
import type { VoxelArray } from '../../../imaging/volume.ts';
import type { StoredPixels } from '../pixels/pixelLayout.ts';

export interface RescaledSlice {
  readonly stored: StoredPixels;
  /** `value = stored * slope + intercept` */
  readonly slope: number;
  readonly intercept: number;
}

export interface ValueRange {
  readonly lowest: number;
  readonly highest: number;
  readonly isWhole: boolean;
}

export function valueRange(slices: readonly RescaledSlice[]): ValueRange {
  let [isWhole, lowest, highest] = [true, Infinity, -Infinity];
  for (const { stored, slope, intercept } of slices) {
    isWhole &&= !holdsFractions(stored) && Number.isInteger(slope) && Number.isInteger(intercept);
    let [low, high] = [Infinity, -Infinity];
    for (let n = 0; n < stored.length; n++) {
      const value = stored[n]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    lowest = Math.min(lowest, low * slope + intercept, high * slope + intercept);
    highest = Math.max(highest, low * slope + intercept, high * slope + intercept);
  }
  return { lowest, highest, isWhole };
}

/** Float Pixel Data and Double Float Pixel Data (PS3.3 C.7.6.24, C.7.6.25). */
const holdsFractions = (pixels: ArrayBufferView) => pixels instanceof Float32Array || pixels instanceof Float64Array;

/** Of zeros: int16 where all values are whole and fit, else uint16, else float32. */
export function voxelArrayFor({ lowest, highest, isWhole }: ValueRange, count: number): VoxelArray {
  if (isWhole && lowest >= -32768 && highest <= 32767) return new Int16Array(count);
  if (isWhole && lowest >= 0 && highest <= 65535) return new Uint16Array(count);
  return new Float32Array(count);
}

/** Writes the values of one slice from `at` on. */
export function writeValues({ stored, slope, intercept }: RescaledSlice, into: VoxelArray, at: number): void {
  for (let n = 0; n < stored.length; n++) into[at + n] = stored[n]! * slope + intercept;
}
