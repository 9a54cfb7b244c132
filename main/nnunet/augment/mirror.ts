import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { ClassArray } from '../train/trainingCase.ts';
import type { Sample } from './sample.ts';

/** Image, classes and mask. */
export function mirrorSample({ image, classes, inside, shapeDhw, channels }: Sample, axis: 0 | 1 | 2): void {
  const [nd, nh, nw] = shapeDhw;
  // channels lie one after another: for all but the slowest axis they are just more slices
  if (axis > 0) flipAxis(image, [channels * nd, nh, nw], axis);
  else for (let c = 0; c < channels; c++) flipAxis(image.subarray(c * classes.length, (c + 1) * classes.length), shapeDhw, 0);
  flipAxis(classes, shapeDhw, axis);
  flipAxis(inside, shapeDhw, axis);
}

/** Reverses one axis of a block [D, H, W], in place. */
function flipAxis(values: Float32Array | ClassArray, [nd, nh, nw]: ShapeDhw, axis: 0 | 1 | 2): void {
  const count = [nd, nh, nw][axis]!;
  const run = [nh * nw, nw, 1][axis]!;
  const blocks = [1, nd, nd * nh][axis]!;
  for (let block = 0; block < blocks; block++) {
    const begin = block * count * run;
    for (let n = 0; n < count >> 1; n++) {
      let a = begin + n * run;
      let b = begin + (count - 1 - n) * run;
      for (let i = 0; i < run; i++, a++, b++) {
        const value = values[a]!;
        values[a] = values[b]!;
        values[b] = value;
      }
    }
  }
}
