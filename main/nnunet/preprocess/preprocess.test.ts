import { describe, expect, it } from 'vitest';
import { Grid } from '../../contract/vocabulary.ts';
import { resampleImage } from '../../imaging/resample.ts';
import type { Volume, VoxelArray } from '../../imaging/volume.ts';
import { classesOfLabels, labelsOfClasses, preprocessImage, preprocessLabels } from './preprocess.ts';
import { smallConfiguration, smallPlan } from '../testing/smallPlan.ts';

type Triple = readonly [number, number, number];

function volumeOf(shapeDhw: Triple, spacingDhwMm: Triple, voxels: VoxelArray): Volume {
  const turned = ([d, h, w]: Triple) => [w, h, d];
  const grid = Grid.parse({ dimsIjk: turned(shapeDhw), spacingMm: turned(spacingDhwMm), originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  return { grid, voxels };
}
const wave = (count: number): Float32Array => Float32Array.from({ length: count }, (_, n) => 50 + 30 * Math.sin(n * 0.31) + (n % 5));
const meanOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('v2', () => {
  it('normalises before it resamples, and rounds sizes to even', () => {
    const raw = wave(6 * 5 * 5);
    const { image, geometry, croppedMask } = preprocessImage([volumeOf([6, 5, 5], [1, 0.5, 0.5], raw)], smallPlan(), smallConfiguration());
    // 5 voxels of half a millimetre are 2.5 voxels: to even
    expect(geometry.shapeDhw).toEqual([6, 2, 2]);
    expect(croppedMask!.every((value) => value === 1)).toBe(true);
    const mean = meanOf(raw);
    const std = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / raw.length);
    const expected = resampleImage(
      raw.map((value) => (value - mean) / std),
      [6, 5, 5],
      [6, 2, 2],
      ['cubic', 'cubic', 'cubic'],
    );
    image.forEach((value, n) => expect(value).toBeCloseTo(expected[n]!, 5));
  });

  it('normalises inside the mask alone where planned, and knows afterwards what lay outside', () => {
    // a bright ball with a dark hole of zeros inside it and zeros around
    const shape: Triple = [9, 9, 9];
    const radius = (n: number) => Math.hypot(Math.floor(n / 81) - 4, (Math.floor(n / 9) % 9) - 4, (n % 9) - 4);
    const voxels = Float32Array.from({ length: 729 }, (_, n) => (radius(n) > 4.2 || radius(n) < 1.1 ? 0 : 100 + n));
    const classes = new Uint8Array(729);
    classes[0] = 2; // painted in a corner outside the mask
    const plan = smallPlan({ channel: { insideMaskOnly: true } });
    const { image, geometry, croppedMask } = preprocessImage([volumeOf(shape, [1, 1, 1], voxels)], plan, smallConfiguration());
    const inside = preprocessLabels(classes, croppedMask, geometry, plan).inside!;
    for (let n = 0; n < 729; n++) {
      expect(inside[n]).toBe(n === 0 || radius(n) <= 4.2 ? 1 : 0);
      if (radius(n) > 4.2) expect(image[n]).toBe(0);
    }
    // the hole is filled: its zeros count and are scaled like the rest
    const inMask = [...voxels].filter((_, n) => radius(n) <= 4.2);
    const mean = inMask.reduce((a, b) => a + b, 0) / inMask.length;
    const std = Math.sqrt(inMask.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inMask.length);
    expect(image[4 * 81 + 4 * 9 + 4]).toBeCloseTo(-mean / std, 4);
  });

  it('lets what lies outside the mask vote as a label of its own', () => {
    const geometry = {
      storedShapeDhw: [1, 1, 8] as const,
      cropBox: { begin: [0, 0, 0], end: [1, 1, 8] } as const,
      croppedShapeDhw: [1, 1, 8] as const,
      croppedSpacingMm: [1, 1, 1] as const,
      shapeDhw: [1, 1, 4] as const,
      spacingMm: [1, 1, 2] as const,
    };
    const mask = Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 1);
    const { classes, inside } = preprocessLabels(Uint8Array.of(0, 0, 0, 0, 0, 0, 2, 1), mask, geometry, smallPlan());
    // halves go to the nearest, which is the second of each pair
    expect([...inside!]).toEqual([1, 0, 0, 1]);
    expect([...classes]).toEqual([0, 0, 0, 1]);
  });

  it('resizes slices on their own only above a ratio of three', () => {
    const spacing: Triple = [3, 1, 1];
    const raw = wave(4 * 6 * 6);
    const volume = volumeOf([4, 6, 6], spacing, raw);
    const none = { channel: { normalization: 'none' as const } };
    const v2 = preprocessImage([volume], smallPlan(none), smallConfiguration()).image;
    const seed = preprocessImage([volume], smallPlan({ ...none, preset: 'seed' }), smallConfiguration()).image;
    const resized = (slices: 'cubic' | 'nearest') => resampleImage(raw, [4, 6, 6], [12, 6, 6], [slices, 'cubic', 'cubic']);
    expect([...v2]).toEqual([...resized('cubic')]);
    expect([...seed]).toEqual([...resized('nearest')]);
  });
});

describe('seed', () => {
  const seed = smallPlan({ preset: 'seed', channel: { insideMaskOnly: true } });

  it('resamples first, then takes the z-score over what is not zero, channel by channel', () => {
    const raw = wave(4 * 6 * 6);
    raw.fill(0, 36 + 14, 36 + 16); // holes are not filled
    const { image, geometry, croppedMask } = preprocessImage([volumeOf([4, 6, 6], [1, 1, 1], raw)], seed, smallConfiguration({ spacingDhwMm: [1, 2, 2] }));
    expect(croppedMask).toBeNull();
    const resampled = resampleImage(raw, [4, 6, 6], geometry.shapeDhw, ['cubic', 'cubic', 'cubic']);
    const inside = [...resampled].filter((value) => value !== 0);
    const mean = inside.reduce((a, b) => a + b, 0) / inside.length;
    const std = Math.sqrt(inside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inside.length);
    image.forEach((value, n) => expect(value).toBeCloseTo(resampled[n] === 0 ? 0 : (resampled[n]! - mean) / std, 4));
  });

  it('never resamples 2D', () => {
    const volume = volumeOf([3, 6, 8], [4, 0.7, 0.7], wave(144));
    const configuration = smallConfiguration({ name: '2d', spacingDhwMm: [null, 1, 1], patch: [4, 4] });
    expect(preprocessImage([volume], seed, configuration).geometry.shapeDhw).toEqual([3, 6, 8]);
    expect(preprocessImage([volume], smallPlan(), configuration).geometry.shapeDhw).toEqual([3, 4, 6]);
  });

  it('defect 10 is not copied: negative intensities stay in the crop, sizes are rounded, each channel has its own scheme', () => {
    const voxels = new Int16Array(4 * 6 * 6).fill(-900); // lung at the border, soft tissue inside
    voxels[2 * 36 + 14] = 40;
    const mr = wave(144);
    const ct = {
      ...seed.channels[0]!,
      name: 'CT',
      normalization: 'ct' as const,
      insideMaskOnly: false,
      mean: -900,
      std: 10,
      percentile005: -950,
      percentile995: 0,
    };
    const plan = { ...seed, channels: [ct, seed.channels[0]!] };
    const channels = [volumeOf([4, 6, 6], [1, 1, 1], voxels), volumeOf([4, 6, 6], [1, 1, 1], mr)];
    const { image, geometry } = preprocessImage(channels, plan, smallConfiguration({ spacingDhwMm: [1, 0.7, 0.7] }));
    expect(geometry.cropBox).toEqual({ begin: [0, 0, 0], end: [4, 6, 6] });
    expect(geometry.shapeDhw).toEqual([4, 9, 9]); // 8.57, truncated it would be 8
    const voxelCount = 4 * 81;
    expect(image[0]).toBeCloseTo(0, 5);
    expect(Math.max(...image.subarray(0, voxelCount))).toBeLessThanOrEqual(90);
    expect(meanOf(image.subarray(voxelCount))).toBeCloseTo(0, 4);
  });
});

describe('labels', () => {
  it('become classes, the ignored one above all, and unknown ones are told', () => {
    const plan = smallPlan({
      classes: [
        { labelValue: 4, name: 'a' },
        { labelValue: 9, name: 'b' },
      ],
      ignoreClass: 3,
      ignoreLabelValue: 200,
    });
    expect(classesOfLabels(Uint8Array.of(0, 4, 9, 200), plan)).toEqual({ ok: true, classes: Uint8Array.of(0, 1, 2, 3) });
    expect(classesOfLabels(Uint8Array.of(0, 5), plan)).toEqual({ ok: false, labelValue: 5 });
  });

  it('may be 16 bits wide', () => {
    const plan = smallPlan({ classes: Array.from({ length: 400 }, (_, n) => ({ labelValue: n + 1, name: `v${n}` })) });
    const labels = Uint16Array.from({ length: 64 }, (_, n) => (n < 32 ? 390 : 0));
    const known = classesOfLabels(labels, plan);
    if (!known.ok) throw new Error('known labels');
    const { geometry } = preprocessImage([volumeOf([4, 4, 4], [1, 1, 1], wave(64))], plan, smallConfiguration({ spacingDhwMm: [1, 0.5, 0.5] }));
    const { classes } = preprocessLabels(known.classes, null, geometry, plan);
    expect(classes).toBeInstanceOf(Uint16Array);
    expect(classes.length).toBe(4 * 8 * 8);
    expect([...new Set(classes)]).toEqual([390, 0]);
  });

  it('are as wide as the plan, not as the file they were read from', () => {
    const classes = Array.from({ length: 300 }, (_, n) => ({ labelValue: n < 200 ? n + 1 : n + 2, name: `v${n}` }));
    const plan = smallPlan({ classes, ignoreClass: 301, ignoreLabelValue: 201 });
    // an old mask in bytes, whose ignore label is a class above 255
    expect(classesOfLabels(Uint8Array.of(0, 200, 201, 202), plan)).toEqual({ ok: true, classes: Uint16Array.of(0, 200, 301, 201) });
    const few = smallPlan({
      classes: [
        { labelValue: 1, name: 'a' },
        { labelValue: 65_535, name: 'b' },
      ],
    });
    expect(classesOfLabels(Uint16Array.of(0, 65_535, 1), few)).toEqual({ ok: true, classes: Uint8Array.of(0, 2, 1) });
    expect(classesOfLabels(Uint16Array.of(0, 300), few)).toEqual({ ok: false, labelValue: 300 });
    expect(labelsOfClasses(Uint8Array.of(0, 2, 1), few)).toEqual(Uint16Array.of(0, 65_535, 1));
    expect(labelsOfClasses(Uint8Array.of(0, 2, 1), smallPlan())).toEqual(Uint8Array.of(0, 2, 1));
  });
});
