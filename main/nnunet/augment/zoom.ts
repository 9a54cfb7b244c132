import type { ClassArray } from '../train/trainingCase.ts';
import { filterSeparably, nearestZoom, zoomTaps } from './axisTaps.ts';
import { channelOf, type Sample } from './sample.ts';

/** The middle part of the patch, `scale` of each of `axes`, stretched to all of it: image cubic, classes nearest. */
export function zoomSample(sample: Sample, scale: number, axes: readonly (0 | 1 | 2)[]): void {
  const { shapeDhw, classes, inside, scratch, channels } = sample;
  const cropDhw = shapeDhw.map((count, axis) => (axes.includes(axis as 0 | 1 | 2) ? Math.max(1, Math.round(count * scale)) : count));
  const taps = shapeDhw.map((count, axis) => (cropDhw[axis] === count ? null : zoomTaps(count, cropDhw[axis]!)));
  for (let c = 0; c < channels; c++) filterSeparably(channelOf(sample, c), shapeDhw, taps, scratch);
  const [d, h, w] = shapeDhw.map((count, axis) => nearestZoom(count, cropDhw[axis]!));
  gather(classes, d!, h!, w!);
  gather(inside, d!, h!, w!);
}

/** values[d, h, w] = values[dFrom[d], hFrom[h], wFrom[w]]. */
function gather(values: ClassArray, dFrom: Int32Array, hFrom: Int32Array, wFrom: Int32Array): void {
  const before = values.slice();
  let target = 0;
  for (let d = 0; d < dFrom.length; d++) {
    for (let h = 0; h < hFrom.length; h++) {
      const row = (dFrom[d]! * hFrom.length + hFrom[h]!) * wFrom.length;
      for (let w = 0; w < wFrom.length; w++) values[target++] = before[row + wFrom[w]!]!;
    }
  }
}
