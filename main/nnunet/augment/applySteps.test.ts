/** How often each step of both recipes happens, and how strongly: read off samples on which the parameter shows. */
import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { applySteps } from './applySteps.ts';
import { augmentationFor, type AugmentationStep } from './augmentation.ts';
import { lowResolutionTaps } from './axisTaps.ts';
import { emptySample, type Sample } from './sample.ts';
import { expectAboutOne, expectProbability, expectUniform } from './testing/distribution.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

type Transform = AugmentationStep['transform'];
const v2 = augmentationFor('v2', [40, 56, 40], [0]).steps;
const seed = augmentationFor('seed', [40, 56, 40], []).steps;

function stepOf(steps: readonly AugmentationStep[], transform: Transform, nth = 0): AugmentationStep {
  return steps.filter((step) => step.transform === transform)[nth]!;
}

function sampleOf(shape: ShapeDhw, values: readonly number[], channels = 1): Sample {
  const sample = emptySample(
    shape,
    channels,
    new Uint8Array(values.length).map((_, n) => n),
  );
  for (let c = 0; c < channels; c++) sample.image.set(values, c * values.length);
  return sample;
}

/** What `read` sees on each of `count` fresh samples after the step. */
function draws<T>(step: AugmentationStep, make: () => Sample, read: (sample: Sample) => T, count = 4000): T[] {
  const random = Random.fromSeed(11);
  return Array.from({ length: count }, () => {
    const sample = make();
    applySteps(sample, [step], random);
    return read(sample);
  });
}

const spread = (values: Float32Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

describe('noise', () => {
  const flat = () => sampleOf([1, 1, 2000], new Array<number>(2000).fill(3), 2);
  it.each([
    ['v2', v2, 0.1, 0.1, true],
    ['seed', seed, 0.15, 0.3, false],
  ] as const)('%s', (_, steps, probability, largest, isShared) => {
    const seen = draws(stepOf(steps, 'noise'), flat, ({ image }) => [spread(image.subarray(0, 2000)), image[7]! - image[2007]!] as const, 1500);
    const happened = seen.filter(([sigma]) => sigma > 0);
    expectProbability(happened.length, seen.length, probability);
    expectUniform(
      happened.map(([sigma]) => sigma),
      0,
      largest * 1.03,
    );
    expect(happened.every(([, difference]) => (difference === 0) === isShared)).toBe(true);
  });
});

describe('blur', () => {
  // an impulse spreads as the kernel: neighbour over middle is exp(−1 / 2σ²)
  const impulse = () =>
    sampleOf(
      [9, 9, 9],
      Array.from({ length: 729 }, (_, n) => (n === 364 ? 1 : 0)),
      2,
    );
  const sigmas = ({ image }: Sample, begin: number) => [81, 9, 1].map((step) => Math.sqrt(-0.5 / Math.log(image[begin + 364 + step]! / image[begin + 364]!)));
  it('v2: each channel by itself, its own σ along each axis', () => {
    const seen = draws(stepOf(v2, 'blur'), impulse, (sample) => [0, 729].map((begin) => (sample.image[begin + 364]! < 1 ? sigmas(sample, begin) : null)));
    expectProbability(seen.flat().filter(Boolean).length, seen.length * 2, 0.2 * 0.5);
    expectProbability(seen.filter(([a, b]) => a && b).length, seen.length, 0.2 * 0.25);
    for (const axis of [0, 1, 2])
      expectUniform(
        seen.flatMap((channels) => channels.flatMap((values) => (values ? [values[axis]!] : []))),
        0.5,
        1,
      );
    expect(seen.flat().every((values) => !values || Math.abs(values[0]! - values[2]!) > 1e-6)).toBe(true);
  });
  it('seed: one σ for all', () => {
    const seen = draws(stepOf(seed, 'blur'), impulse, (sample) => (sample.image[364]! < 1 ? [...sigmas(sample, 0), ...sigmas(sample, 729)] : null));
    const happened = seen.filter((values) => values !== null);
    expectProbability(happened.length, seen.length, 0.15);
    expectUniform(
      happened.map((values) => values[0]!),
      0.5,
      1.5,
    );
    expect(happened.every((values) => values.every((value) => Math.abs(value - values[0]!) < 1e-4))).toBe(true);
  });
});

describe('grey values', () => {
  it('v2 brightness: a factor per channel, half of them below 1', () => {
    const seen = draws(
      stepOf(v2, 'brightness'),
      () => sampleOf([1, 1, 2], [1, 2], 2),
      ({ image }) => [image[0]!, image[2]!],
    );
    const happened = seen.filter(([a]) => a !== 1);
    expectProbability(happened.length, seen.length, 0.15);
    expectAboutOne(happened.flat(), 0.75, 1.25);
    expect(happened.every(([a, b]) => a !== b)).toBe(true);
  });
  it('v2 contrast', () => {
    const seen = draws(
      stepOf(v2, 'contrast'),
      () => sampleOf([1, 1, 4], [-4, -1, 1, 4]),
      ({ image }) => image[2]!,
    );
    const happened = seen.filter((value) => value !== 1);
    expectProbability(happened.length, seen.length, 0.15);
    expectAboutOne(happened, 0.75, 1.25);
  });
  it.each([
    ['inverted', 0, 0.1],
    ['not inverted', 1, 0.3],
  ] as const)('v2 gamma, %s', (_, nth, probability) => {
    // ratios of distances do not change when mean and deviation are restored
    const exponentOf = ([low, mid, high]: Float32Array) => Math.log2(nth === 0 ? (high! - low!) / (high! - mid!) : (high! - low!) / (mid! - low!));
    const seen = draws(
      stepOf(v2, 'gamma', nth),
      () => sampleOf([1, 1, 3], [2, 3, 4]),
      ({ image }) => (image[1] === 3 ? null : exponentOf(image)),
    );
    const happened = seen.filter((value) => value !== null);
    expectProbability(happened.length, seen.length, probability);
    expectAboutOne(happened, 0.7, 1.5);
  });
  it('seed brightness and contrast: both or none, the same for all channels', () => {
    const read = ({ image }: Sample) => ({ brightness: image[0]! / 0.5, contrast: image[1]! / (image[0]! / 0.5) - 0.5, isSame: image[0] === image[2] });
    const seen = draws(stepOf(seed, 'brightnessAndContrast'), () => sampleOf([1, 1, 2], [0.5, 1.5], 2), read);
    const happened = seen.filter(({ brightness }) => brightness !== 1);
    expectProbability(happened.length, seen.length, 0.15);
    expectUniform(
      happened.map(({ brightness }) => brightness),
      0.7,
      1.3,
    );
    expectUniform(
      happened.map(({ contrast }) => contrast),
      0.65,
      1.5,
    );
    expect(happened.every(({ isSame }) => isSame)).toBe(true);
  });
});

describe('shape', () => {
  it('v2 low resolution: each channel by itself', () => {
    // the first output voxel shows which voxel the coarser line keeps first, the whole line its length
    const line = Array.from({ length: 200 }, (_, n) => Math.sin(n * 1.7));
    const lines = new Map(
      Array.from({ length: 101 }, (_, n) => {
        const { index, weight } = lowResolutionTaps(200, (100 + n) / 200);
        const at = (place: number) => [0, 1].reduce((sum, k) => sum + weight[2 * place + k]! * line[index[2 * place + k]!]!, 0);
        return [[3, 50, 117].map((place) => at(place).toFixed(4)).join(), (100 + n) / 200] as const;
      }),
    );
    const read = ({ image }: Sample) => [0, 200].map((begin) => lines.get([3, 50, 117].map((place) => image[begin + place]!.toFixed(4)).join()));
    const seen = draws(stepOf(v2, 'lowResolution'), () => sampleOf([1, 1, 200], line, 2), read).flat();
    const happened = seen.filter((scale) => scale !== undefined && scale !== 1) as number[];
    expect(seen.includes(undefined)).toBe(false);
    expectProbability(happened.length, seen.length, 0.25 * 0.5);
    expectUniform(happened, 0.5, 1);
  });
  it('seed zoom: only inwards', () => {
    // class n at voxel n: the first shows where the crop begins
    const seen = draws(
      stepOf(seed, 'zoom'),
      () => sampleOf([1, 1, 250], new Array<number>(250).fill(0)),
      ({ classes }) => 1 - (2 * classes[0]!) / 250,
    );
    const happened = seen.filter((scale) => scale < 1);
    expectProbability(happened.length, seen.length, 0.15);
    expectUniform(happened, 0.7, 1);
  });
  it.each([
    ['v2', v2],
    ['seed', seed],
  ] as const)('%s mirror: every combination of axes', (_, steps) => {
    const seen = draws(
      stepOf(steps, 'mirror'),
      () => sampleOf([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]),
      ({ image, classes }) => (image.every((value, n) => value === classes[n]) ? image[0]! : -1),
    );
    for (let combination = 0; combination < 8; combination++) expectProbability(seen.filter((value) => value === combination).length, seen.length, 1 / 8);
  });
  it('clears masked channels outside the mask, after everything else and mirrored with the image', () => {
    expect(v2.at(-1)).toEqual({ transform: 'maskOutside', channels: [0] });
    const sample = sampleOf([1, 1, 4], [1, 2, 3, 4], 2);
    sample.inside.set([1, 1, 1, 0]);
    applySteps(sample, [{ transform: 'mirror', probability: 1, axes: [2] }, v2.at(-1)!], Random.fromSeed(1));
    expect([...sample.image]).toEqual([0, 3, 2, 1, 4, 3, 2, 1]);
  });
});

it('is the same for the same random state', () => {
  const make = () =>
    sampleOf(
      [4, 6, 8],
      Array.from({ length: 192 }, (_, n) => Math.sin(n)),
      2,
    );
  const run = (random: Random) =>
    Array.from({ length: 40 }, () => {
      const sample = make();
      applySteps(sample, v2, random);
      applySteps(sample, seed, random);
      return sample;
    });
  const random = Random.fromSeed(3);
  run(random);
  const saved = random.state;
  expect(run(random)).toEqual(run(Random.fromState(saved)));
});
