import { describe, expect, it } from 'vitest';
import { budgetUsed, defaultStepsPerEpoch, learningRateAt, secondsLeft } from './trainingSchedule.ts';

describe('training schedule', () => {
  it('ends with whichever budget is used up first', () => {
    expect(budgetUsed({ totalSteps: 100 }, 25, 1e9)).toBe(0.25);
    expect(budgetUsed({ totalMs: 1000 }, 1e9, 500)).toBe(0.5);
    expect(budgetUsed({ totalSteps: 100, totalMs: 1000 }, 25, 800)).toBe(0.8);
    expect(budgetUsed({ totalSteps: 100 }, 200, 0)).toBe(1);
  });

  it('warms up, decays, and reaches 0 at the end', () => {
    const rates = [0, 0.025, 0.05, 0.5, 1].map((used) => learningRateAt(1e-3, used));
    expect(rates[0]).toBeGreaterThan(0);
    expect(rates[0]).toBeLessThan(2e-4);
    expect(rates[1]!).toBeLessThan(rates[2]!);
    expect(rates[2]).toBeCloseTo(1e-3 * 0.95 ** 0.9, 9);
    expect(rates[3]).toBeCloseTo(1e-3 * 0.5 ** 0.9, 9);
    expect(rates[4]).toBe(0);
  });

  it('estimates the time left from the pace so far', () => {
    expect(secondsLeft(0.25, 10_000)).toBeCloseTo(30);
    expect(secondsLeft(0, 10_000)).toBeUndefined();
  });

  it('keeps epochs short on small data and never longer than the reference', () => {
    expect(defaultStepsPerEpoch(2, 2)).toBe(10);
    expect(defaultStepsPerEpoch(80, 9)).toBe(36);
    expect(defaultStepsPerEpoch(10_000, 2)).toBe(250);
  });
});
