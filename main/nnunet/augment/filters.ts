/** Filters of one channel [D, H, W], in place. */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { filterSeparably, gaussianTaps, lowResolutionTaps } from './axisTaps.ts';

/** Gaussian blur; `sigmaDhw` in voxels. A single slice is not blurred across. */
export function blur(plane: Float32Array, shape: ShapeDhw, sigmaDhw: readonly number[], scratch: Float32Array): void {
  const taps = shape.map((count, axis) => (count > 1 ? gaussianTaps(count, sigmaDhw[axis]!) : null));
  filterSeparably(plane, shape, taps, scratch);
}

/** What an image taken at `scale` of the resolution along `axes` looks like on this grid: nearest down, linear up. */
export function lowerResolution(plane: Float32Array, shape: ShapeDhw, scale: number, axes: readonly (0 | 1 | 2)[], scratch: Float32Array): void {
  const taps = shape.map((count, axis) => (axes.includes(axis as 0 | 1 | 2) ? lowResolutionTaps(count, scale) : null));
  filterSeparably(plane, shape, taps, scratch);
}
