import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resampleImage, type AxisRules } from './resample.ts';
import { resampleLabels } from './resampleLabels.ts';
import { resizingRules } from './separateSlices.ts';
import type { ShapeDhw } from './tensorShape.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const Recorded = z.array(
  z.object({
    kind: z.enum(['image', 'labels']),
    vote: z.enum(['half', 'most']).optional(),
    order: z.union([z.literal(1), z.literal(3), z.literal('separate')]),
    shape: triple,
    to: triple,
    expected: z.array(z.number()),
  }),
);
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../test/parity/resample.json'), 'utf8')));

const countOf = (shape: ShapeDhw) => shape[0] * shape[1] * shape[2];
const volume = (shape: ShapeDhw) => Float32Array.from({ length: countOf(shape) }, (_, n) => Math.sin(n * 0.7) * 3 + ((n * 37) % 11));
const labelsOf = (shape: ShapeDhw) => Uint8Array.from({ length: countOf(shape) }, (_, n) => (Math.floor(n / 7) * 5) % 4);

describe('resize against scikit-image and batchgenerators', () => {
  for (const { kind, vote, order, shape, to, expected } of recorded) {
    it(`${kind}${vote ? ` by ${vote} votes` : ''}, order ${order} ${shape.join('×')} → ${to.join('×')}`, () => {
      if (vote) {
        const rules = order === 'separate' ? (['nearest', 'linear', 'linear'] as const) : (['linear', 'linear', 'linear'] as const);
        expect([...resampleLabels(labelsOf(shape), shape, to, rules, vote)]).toEqual(expected);
        return;
      }
      const inPlane = order === 1 ? 'linear' : 'cubic';
      const rules: AxisRules = [order === 'separate' ? 'nearest' : inPlane, inPlane, inPlane];
      const result = resampleImage(volume(shape), shape, to, rules);
      expect(result.length).toBe(expected.length);
      const worst = Math.max(...expected.map((value, n) => Math.abs(value - result[n]!)));
      expect(worst).toBeLessThan(2e-5);
    });
  }

  it('gives back the very array when nothing changes', () => {
    const shape: ShapeDhw = [3, 4, 5];
    const values = volume(shape);
    expect(resampleImage(values, shape, shape, ['cubic', 'cubic', 'cubic'])).toBe(values);
    const labels = labelsOf(shape);
    expect(resampleLabels(labels, shape, shape, ['linear', 'linear', 'linear'], 'most')).toBe(labels);
  });
});

describe('votes of labels', () => {
  const resized = (labels: number[], count: number, vote: 'most' | 'half') => [
    ...resampleLabels(Uint8Array.from(labels), [1, 1, labels.length], [1, 1, count], ['linear', 'linear', 'linear'], vote),
  ];

  it('go to the nearest of two halves, or to the larger label', () => {
    // four voxels into two: each new one lies in the middle of two old ones
    expect(resized([5, 2, 2, 5], 2, 'half')).toEqual([5, 5]);
    expect(resized([5, 2, 2, 5], 2, 'most')).toEqual([2, 5]);
  });

  it('need no majority where most is enough', () => {
    // in the middle of a 2×2 of three labels: 1 has half of the votes, then a quarter each
    const middle = (labels: number[], vote: 'most' | 'half') => [
      ...resampleLabels(Uint16Array.from(labels), [1, 2, 2], [1, 1, 1], ['linear', 'linear', 'linear'], vote),
    ];
    expect(middle([700, 3, 4, 700], 'half')).toEqual([700]);
    expect(middle([1, 2, 3, 4], 'half')).toEqual([0]);
    expect(middle([1, 2, 3, 4], 'most')).toEqual([4]);
    expect(middle([3, 3, 2, 2], 'most')).toEqual([2]);
    expect(middle([700, 700, 700, 4], 'most')).toEqual([700]);
  });
});

describe('rules per axis', () => {
  it('takes slices one by one only where one axis is more than three times coarser', () => {
    expect(resizingRules([3, 1, 1], [1, 1, 1], 'cubic')).toEqual(['cubic', 'cubic', 'cubic']);
    expect(resizingRules([3.1, 1, 1], [1, 1, 1], 'cubic')).toEqual(['nearest', 'cubic', 'cubic']);
    expect(resizingRules([1, 1, 1], [1, 5, 1], 'linear')).toEqual(['linear', 'nearest', 'linear']);
    expect(resizingRules([4, 4, 1], [1, 1, 1], 'linear')).toEqual(['linear', 'linear', 'linear']);
  });
});
