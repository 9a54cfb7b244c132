/** Changes of grey values that need no neighbours. Each works in place, on one channel unless it says otherwise. */
import type { Random } from '../random.ts';
import type { Sample } from './sample.ts';

/** Below this a channel counts as constant. */
const SMALLEST_RANGE = 1e-7;

/** Adds normal noise of deviation `sigma`; with `isSharedByChannels` the same field to every channel. */
export function addNoise({ image, scratch, channels }: Sample, sigma: number, isSharedByChannels: boolean, random: Random): void {
  if (!isSharedByChannels || channels === 1) {
    for (let n = 0; n < image.length; n++) image[n] = image[n]! + sigma * random.normal();
    return;
  }
  for (let n = 0; n < scratch.length; n++) scratch[n] = sigma * random.normal();
  for (let c = 0; c < channels; c++) {
    const begin = c * scratch.length;
    for (let n = 0; n < scratch.length; n++) image[begin + n] = image[begin + n]! + scratch[n]!;
  }
}

export function multiply(plane: Float32Array, factor: number): void {
  for (let n = 0; n < plane.length; n++) plane[n] = plane[n]! * factor;
}

/** Stretched around its mean, clipped to its old range. */
export function stretchContrast(plane: Float32Array, factor: number): void {
  const { mean, min, max } = momentsOf(plane);
  for (let n = 0; n < plane.length; n++) {
    const value = (plane[n]! - mean) * factor + mean;
    plane[n] = value < min ? min : value > max ? max : value;
  }
}

/** DALI's operator for floats, as the seed uses it: the contrast turns around 0.5, not around the mean. */
export function brightenAroundHalf(plane: Float32Array, brightness: number, contrast: number): void {
  const shift = brightness * 0.5 * (1 - contrast);
  const factor = brightness * contrast;
  for (let n = 0; n < plane.length; n++) plane[n] = shift + factor * plane[n]!;
}

/** Power on the range scaled to 0 … 1, seen from the bright end when inverted; mean and deviation are kept. */
export function applyGamma(plane: Float32Array, exponent: number, isInverted: boolean): void {
  const before = momentsOf(plane);
  const range = before.max - before.min;
  if (range < SMALLEST_RANGE) return;
  // the sums of the changed values come with the pass that changes them
  let [sum, squares] = [0, 0];
  for (let n = 0; n < plane.length; n++) {
    const part = isInverted ? (before.max - plane[n]!) / range : (plane[n]! - before.min) / range;
    const power = part <= 0 ? 0 : part ** exponent;
    sum += power;
    squares += power * power;
    plane[n] = power;
  }
  const mean = sum / plane.length;
  const deviation = Math.sqrt(Math.max(0, squares / plane.length - mean * mean));
  const scale = (before.std / Math.max(deviation, SMALLEST_RANGE)) * (isInverted ? -1 : 1);
  for (let n = 0; n < plane.length; n++) plane[n] = (plane[n]! - mean) * scale + before.mean;
}

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

function momentsOf(plane: Float32Array): Moments {
  let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
  for (let n = 0; n < plane.length; n++) {
    const value = plane[n]!;
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / plane.length;
  return { mean, std: Math.sqrt(Math.max(0, squares / plane.length - mean * mean)), min, max };
}
