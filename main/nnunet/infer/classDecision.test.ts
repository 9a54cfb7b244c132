import { expect, it } from 'vitest';
import { averageInto, decideClasses, toProbabilities } from './classDecision.ts';

const decided = (values: number[], outputs: number, regions: { paintsClass: number }[] | null, threshold: 0 | 0.5): number[] => {
  const out = new Uint8Array(values.length / outputs + 1).fill(9);
  decideClasses(Float32Array.from(values), outputs, regions, threshold, out, 1);
  expect(out[0]).toBe(9);
  return [...out.subarray(1)];
};

it('takes the largest of exclusive classes, the first of equals', () => {
  expect(decided([0, 1, -1, 2, 2, 0, -3, -2, -1], 3, null, 0)).toEqual([1, 0, 2]);
});

it('paints regions in order where they are above one half, later over earlier', () => {
  // whole tumour paints 2, core paints 1, enhancing paints 3, as BraTS
  const regions = [{ paintsClass: 2 }, { paintsClass: 1 }, { paintsClass: 3 }];
  const logits = [-1, -1, -1, 1, -1, -1, 1, 1, -1, 1, 1, 1, -1, -1, 1, 0, 0, 0];
  const expected = [0, 2, 1, 3, 3, 0];
  expect(decided(logits, 3, regions, 0)).toEqual(expected);
  const probabilities = Float32Array.from(logits);
  toProbabilities(probabilities, 3, regions);
  expect(decided([...probabilities], 3, regions, 0.5)).toEqual(expected);
  expect(probabilities[3]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
});

it('makes probabilities of logits of any size', () => {
  const values = Float32Array.of(1000, 999, 0, -1000, -1000, -1000);
  toProbabilities(values, 3, null);
  const e = Math.exp(-1);
  [1 / (1 + e), e / (1 + e), 0, 1 / 3, 1 / 3, 1 / 3].forEach((expected, n) => expect(values[n]).toBeCloseTo(expected, 6));
});

it('averages members', () => {
  const first = Float32Array.of(0.2, 0.8);
  averageInto(first, [Float32Array.of(0.6, 0.4), Float32Array.of(0.1, 0.9)]);
  expect(first[0]).toBeCloseTo(0.3, 6);
  expect(first[1]).toBeCloseTo(0.7, 6);
});
