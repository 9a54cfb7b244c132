import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../imaging/phantom.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { distancesToNearest } from './distanceTransform.ts';
import { evaluateCase, labelValuesIn } from './evaluateCase.ts';
import { percentileOfSorted } from './surfaceDistances.ts';
import { surfaceVoxels } from './surfaceVoxels.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]);
const Ellipsoid = z.tuple([Triple, Triple]);
const Scenes = z.array(
  z.object({
    shape: Triple,
    spacing: Triple,
    predicted: Ellipsoid,
    truth: Ellipsoid,
    expected: z.object({
      hd95Mm: z.number(),
      assdMm: z.number(),
      surfaceVoxels: z.tuple([z.number(), z.number()]),
      dice: z.number(),
      iou: z.number(),
      volumeErrorMl: z.number(),
    }),
  }),
);
const scenes = Scenes.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../test/parity/surfaceDistance.json'), 'utf8')));

/** The masks of surfaceDistance.py; `label` inside, 0 outside. */
function ellipsoid(shape: ShapeDhw, spacing: ShapeDhw, [center, radii]: z.infer<typeof Ellipsoid>, isWavy: boolean, label = 1): Uint8Array {
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let d = 0, n = 0; d < shape[0]; d++) {
    for (let h = 0; h < shape[1]; h++) {
      for (let w = 0; w < shape[2]; w++, n++) {
        const [x, y, z] = [d * spacing[0], h * spacing[1], w * spacing[2]];
        const bumps = isWavy ? 0.25 * Math.sin(0.9 * x) * Math.cos(0.7 * y + 0.3 * z) : 0;
        const sum = ((x - center[0]) / radii[0]) ** 2 + ((y - center[1]) / radii[1]) ** 2 + ((z - center[2]) / radii[2]) ** 2;
        if (sum <= 1 + bumps) mask[n] = label;
      }
    }
  }
  return mask;
}

const one = [{ labelValues: [1] }];
const options = { structures: one, absentScoresOne: false, ignoreLabel: null };

describe('evaluateCase', () => {
  it.each(scenes.map((scene) => [`${scene.shape.join('×')} at ${scene.spacing.join('×')} mm`, scene] as const))(
    'agrees with scipy on %s',
    (_name, { shape, spacing, predicted: p, truth: t, expected }) => {
      const predicted = ellipsoid(shape, spacing, p, true);
      const truth = ellipsoid(shape, spacing, t, false);
      const [found] = evaluateCase({ predicted, truth, shapeDhw: shape, spacingDhwMm: spacing }, options);
      expect(found!.hd95Mm).toBeCloseTo(expected.hd95Mm, 4);
      expect(found!.assdMm).toBeCloseTo(expected.assdMm, 4);
      expect(found!.dice).toBeCloseTo(expected.dice, 12);
      expect(found!.iou).toBeCloseTo(expected.iou, 12);
      expect(found!.volumeErrorMl).toBeCloseTo(expected.volumeErrorMl, 9);
      const whole = { begin: [0, 0, 0], end: shape } as const;
      const counts = [predicted, truth].map((mask) => surfaceVoxels(mask, shape, Uint8Array.of(0, 1), whole).filter(Boolean).length);
      expect(counts).toEqual(expected.surfaceVoxels);
    },
  );

  it('counts every voxel once, for labels and for regions of several labels', () => {
    const predicted = Uint8Array.of(0, 1, 1, 2, 2, 0, 3, 0);
    const truth = Uint8Array.of(0, 1, 2, 2, 1, 1, 0, 0);
    const pair = { predicted, truth, shapeDhw: [2, 2, 2], spacingDhwMm: [10, 10, 10] } as const;
    const structures = [{ labelValues: [1] }, { labelValues: [1, 2] }, { labelValues: [3] }];
    const [first, region, third] = evaluateCase(pair, { ...options, structures });
    expect(first).toMatchObject({ truePositives: 1, falsePositives: 1, falseNegatives: 2, trueNegatives: 4, presence: 'both' });
    expect(first!.dice).toBeCloseTo(2 / 5, 12);
    expect(region).toMatchObject({
      truePositives: 4,
      falsePositives: 0,
      falseNegatives: 1,
      trueNegatives: 3,
      predictedMl: 4,
      truthMl: 5,
      volumeErrorMl: -1,
      volumeErrorPercent: -20,
    });
    expect(third).toMatchObject({ presence: 'predictionOnly', dice: 0, iou: 0, hd95Mm: null, assdMm: null, volumeErrorPercent: null });
  });

  it('leaves a structure that is in neither map undefined, or gives it 1 as the seed does', () => {
    const empty = { predicted: new Uint8Array(8), truth: new Uint8Array(8), shapeDhw: [2, 2, 2], spacingDhwMm: [1, 1, 1] } as const;
    expect(evaluateCase(empty, options)[0]).toMatchObject({ presence: 'neither', dice: null, iou: null, hd95Mm: null, trueNegatives: 8 });
    expect(evaluateCase(empty, { ...options, absentScoresOne: true })[0]).toMatchObject({ dice: 1, iou: 1, hd95Mm: null });
    const missed = { ...empty, truth: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) };
    expect(evaluateCase(missed, { ...options, absentScoresOne: true })[0]).toMatchObject({
      presence: 'truthOnly',
      dice: 0,
      hd95Mm: null,
      volumeErrorPercent: -100,
    });
  });

  it('counts only annotated voxels where the truth is partly unknown, and gives no distances', () => {
    const predicted = Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 0);
    const truth = Uint8Array.of(1, 9, 9, 9, 0, 0, 0, 0);
    const pair = { predicted, truth, shapeDhw: [2, 2, 2], spacingDhwMm: [1, 1, 1] } as const;
    const [found] = evaluateCase(pair, { ...options, ignoreLabel: 9 });
    expect(found).toMatchObject({ truePositives: 1, falsePositives: 1, falseNegatives: 0, trueNegatives: 3, hd95Mm: null });
  });

  it('works with labels above 255', () => {
    const truth = Uint16Array.of(0, 300, 300, 65535);
    const pair = { predicted: Uint16Array.of(0, 300, 0, 65535), truth, shapeDhw: [1, 1, 4], spacingDhwMm: [1, 1, 1] } as const;
    expect(labelValuesIn(truth)).toEqual([300, 65535]);
    const found = evaluateCase(pair, { ...options, structures: [{ labelValues: [300] }, { labelValues: [65535] }] });
    expect(found.map(({ dice }) => dice)).toEqual([2 / 3, 1]);
    expect(found[1]).toMatchObject({ hd95Mm: 0, assdMm: 0 });
  });

  it('refuses arrays that are not of the shape', () => {
    const pair = { predicted: new Uint8Array(8), truth: new Uint8Array(7), shapeDhw: [2, 2, 2], spacingDhwMm: [1, 1, 1] } as const;
    expect(() => evaluateCase(pair, options)).toThrow(RangeError);
  });
});

describe('distancesToNearest', () => {
  it('equals the search of all pairs on sparse and dense sources', () => {
    const random = seededRandom(7);
    const shapes: ShapeDhw[] = [
      [7, 6, 9],
      [1, 12, 10],
      [9, 1, 5],
      [12, 11, 1],
      [6, 13, 8],
    ];
    for (const [n, shape] of shapes.entries()) {
      const spacing = [0.4 + 3 * random(), 0.4 + 2 * random(), 0.4 + random()] as const;
      const part = [0.02, 0.3, 0.1, 0.05, 0.6][n]!;
      const mask = (share: number) => Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => (random() < share ? 1 : 0));
      const sources = mask(part);
      sources[sources.length - 1] = 1;
      const asked = mask(0.4);
      const place = (at: number) =>
        [Math.floor(at / (shape[1] * shape[2])), Math.floor(at / shape[2]) % shape[1], at % shape[2]].map((v, axis) => v * spacing[axis]!);
      const placesOf = (m: Uint8Array) => [...m.keys()].filter((at) => m[at] === 1).map(place);
      const byHand = placesOf(asked).map((a) => Math.min(...placesOf(sources).map((b) => Math.hypot(...a.map((v, axis) => v - b[axis]!)))));
      const found = distancesToNearest(asked, sources, shape, spacing).sort();
      expect(found).toHaveLength(byHand.length);
      byHand.sort((a, b) => a - b).forEach((value, at) => expect(found[at]).toBeCloseTo(value, 4));
    }
  });
});

it('percentiles lie on the line between the ranks', () => {
  expect(percentileOfSorted([1, 2, 3, 4], 0.95)).toBeCloseTo(3.85, 12); // numpy.percentile
  expect(percentileOfSorted([5], 0.95)).toBe(5);
});
