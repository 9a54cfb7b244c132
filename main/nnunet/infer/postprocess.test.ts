import { describe, expect, it } from 'vitest';
import { acceptsForegroundStep, applyPostprocessing, decidePostprocessing, diceOfGroups, type PredictedCase } from './postprocess.ts';

/** One row of voxels as a case; digits are classes. */
const row = (predicted: string, truth: string): PredictedCase => ({
  shapeDhw: [1, 1, truth.length],
  predicted: Uint8Array.from(predicted, Number),
  truth: Uint8Array.from(truth, Number),
});
const decide = (cases: readonly PredictedCase[], groups: number[][], ignoreClass: number | null = null) =>
  decidePostprocessing(cases.length, (index) => Promise.resolve(cases[index]!), groups, ignoreClass);

describe('the decision on post-processing', () => {
  it('keeps the largest component of all foreground when that helps and harms no class', async () => {
    const { postprocessing, before, after } = await decide([row('0112200010', '0112200000'), row('1000112200', '0000112200')], [[1], [2]]);
    expect(postprocessing.steps).toEqual([{ keepLargestOf: [1, 2] }]);
    expect(before.perClass).toEqual([0.8, 1]);
    expect(after).toEqual({ mean: 1, perClass: [1, 1] });
  });

  it('refuses the foreground step when one class drops, though the mean rises, and still mends the other class', async () => {
    // class 2 lies apart: the foreground step would delete it
    const cases = [row('1110010022', '1110000022'), row('1110010000', '1110000000'), row('1110010000', '1110000000')];
    const { postprocessing, after } = await decide(cases, [[1], [2]]);
    expect(postprocessing.steps).toEqual([{ keepLargestOf: [1] }]);
    expect(after.perClass).toEqual([1, 1]);
  });

  it('does nothing when nothing improves', async () => {
    expect((await decide([row('1100110', '1100110')], [[1]])).postprocessing.steps).toEqual([]);
  });

  it('judges regions by their unions, in the order given', async () => {
    const cases = [row('1122011002', '1122011000')];
    const { postprocessing } = await decide(cases, [[1, 2], [2]]);
    // the whole region has two true parts; only the core (class 2) gains
    expect(postprocessing.steps).toEqual([{ keepLargestOf: [2] }]);
  });

  it('does not look at ignored voxels', async () => {
    const { before, postprocessing } = await decide([row('1110001', '1110003')], [[1]], 3);
    expect(before.perClass).toEqual([1]);
    expect(postprocessing.steps).toEqual([]);
  });

  it.each([
    ['a higher mean', { mean: 0.8, perClass: [0.9, 0.7] }, { mean: 0.81, perClass: [0.92, 0.7] }, true],
    ['an equal mean', { mean: 0.8, perClass: [0.9, 0.7] }, { mean: 0.8, perClass: [0.9, 0.7] }, false],
    ['one class lower', { mean: 0.8, perClass: [0.9, 0.7] }, { mean: 0.85, perClass: [1, 0.699] }, false],
    ['a class that never occurs', { mean: 0.8, perClass: [0.8, NaN] }, { mean: 0.9, perClass: [0.9, NaN] }, true],
  ])('accepts the foreground step by v2s rule: %s', (_, before, after, expected) => {
    expect(acceptsForegroundStep(before, after)).toBe(expected);
  });
});

it('applies its steps one after the other', () => {
  const classes = Uint8Array.from('110120200022', Number);
  const steps = [{ keepLargestOf: [1, 2] }, { keepLargestOf: [2] }];
  // the union keeps 1 1 0 … : two parts of two voxels and one of two → all of equal size 2 stay, then class 2
  expect([...applyPostprocessing(classes, [1, 1, 12], { version: 1, steps })].join('')).toBe('110100000022');
});

it('measures Dice of unions', () => {
  const dice = diceOfGroups(Uint8Array.of(1, 2, 2, 0, 9), Uint8Array.of(2, 2, 1, 1, 0), [[1, 2], [2], [5]], null);
  expect(dice[0]).toBeCloseTo(6 / 7, 12);
  expect(dice[1]).toBeCloseTo(2 / 4, 12);
  expect(dice[2]).toBeNaN();
});
