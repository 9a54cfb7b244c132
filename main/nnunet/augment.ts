/**
 * Changes to one training sample, in place; probabilities and ranges are nnU-Net v2's. Noise, brightness, contrast,
 * gamma and mirroring; whatever interpolates (rotation, scaling, blur, low resolution) is not here.
 */
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import type { Random } from './random.ts';

const NOISE_PROBABILITY = 0.1;
const LARGEST_NOISE_VARIANCE = 0.1;
const BRIGHTNESS_PROBABILITY = 0.15;
const CONTRAST_PROBABILITY = 0.15;
const INVERTED_GAMMA_PROBABILITY = 0.1;
const GAMMA_PROBABILITY = 0.3;
const MIRROR_PROBABILITY = 0.5;
const SMALLEST_RANGE = 1e-7;

/** `image` is channels-last. */
export function augmentIntensities(image: Float32Array, channels: number, random: Random): void {
  if (random.next() < NOISE_PROBABILITY) {
    const deviation = Math.sqrt(random.between(0, LARGEST_NOISE_VARIANCE));
    for (let n = 0; n < image.length; n++) image[n] = image[n]! + deviation * random.normal();
  }
  if (random.next() < BRIGHTNESS_PROBABILITY) {
    for (let c = 0; c < channels; c++) {
      const factor = aboutOne(random, 0.75, 1.25);
      for (let n = c; n < image.length; n += channels) image[n] = image[n]! * factor;
    }
  }
  if (random.next() < CONTRAST_PROBABILITY) {
    for (let c = 0; c < channels; c++) stretchContrast(image, c, channels, aboutOne(random, 0.75, 1.25));
  }
  if (random.next() < INVERTED_GAMMA_PROBABILITY) applyGamma(image, channels, random, true);
  if (random.next() < GAMMA_PROBABILITY) applyGamma(image, channels, random, false);
}

/** Half the draws below 1, half above, whatever the widths. */
function aboutOne(random: Random, low: number, high: number): number {
  return random.next() < 0.5 ? random.between(low, 1) : random.between(1, high);
}

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

function momentsOf(image: Float32Array, channel: number, channels: number): Moments {
  let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
  for (let n = channel; n < image.length; n += channels) {
    const value = image[n]!;
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const count = image.length / channels;
  const mean = sum / count;
  return { mean, std: Math.sqrt(Math.max(0, squares / count - mean * mean)), min, max };
}

/** Around the mean of the sample, clipped to its old range. */
function stretchContrast(image: Float32Array, channel: number, channels: number, factor: number): void {
  const { mean, min, max } = momentsOf(image, channel, channels);
  for (let n = channel; n < image.length; n += channels) {
    image[n] = Math.min(max, Math.max(min, (image[n]! - mean) * factor + mean));
  }
}

/** On the range scaled to 0..1; mean and deviation are kept. */
function applyGamma(image: Float32Array, channels: number, random: Random, isInverted: boolean): void {
  for (let c = 0; c < channels; c++) {
    const gamma = aboutOne(random, 0.7, 1.5);
    const before = momentsOf(image, c, channels);
    const range = before.max - before.min;
    if (range < SMALLEST_RANGE) continue;
    for (let n = c; n < image.length; n += channels) {
      const part = (image[n]! - before.min) / range;
      image[n] = isInverted ? -(Math.max(0, 1 - part) ** gamma) : Math.max(0, part) ** gamma;
    }
    const after = momentsOf(image, c, channels);
    const scale = before.std / Math.max(after.std, SMALLEST_RANGE);
    for (let n = c; n < image.length; n += channels) image[n] = (image[n]! - after.mean) * scale + before.mean;
  }
}

/** Flips image and labels along each of `axes` with probability ½. */
export function mirrorSample(
  image: Float32Array,
  labels: Uint8Array,
  patch: ShapeDhw,
  channels: number,
  axes: readonly (0 | 1 | 2)[],
  random: Random,
): void {
  for (const axis of axes) {
    if (random.next() >= MIRROR_PROBABILITY) continue;
    flipAxis(image, patch, axis, channels);
    flipAxis(labels, patch, axis, 1);
  }
}

/** Reverses one axis of a channels-last block, in place. */
export function flipAxis(
  values: Float32Array | Uint8Array,
  [nd, nh, nw]: ShapeDhw,
  axis: 0 | 1 | 2,
  channels: number,
): void {
  const count = [nd, nh, nw][axis]!;
  const run = channels * [nh * nw, nw, 1][axis]!;
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
