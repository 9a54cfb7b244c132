import { describe, expect, it } from 'vitest';
import { budgetUsed, learningRateAt, secondsLeft, stepsOfEpoch } from './trainingSchedule.ts';
import type { LearningRateSchedule } from './trainingSchedule.ts';

const schedule = (change: Partial<LearningRateSchedule>): LearningRateSchedule => ({
  learningRate: 1e-3,
  scheduler: 'poly',
  endLearningRate: 0,
  firstCycleSteps: null,
  warmUp: 0,
  ...change,
});

describe('training schedule', () => {
  it('ends with whichever budget is used up first', () => {
    expect(budgetUsed({ totalSteps: 100 }, 25, 1e9)).toBe(0.25);
    expect(budgetUsed({ totalMs: 1000 }, 1e9, 500)).toBe(0.5);
    expect(budgetUsed({ totalSteps: 100, totalMs: 1000 }, 25, 800)).toBe(0.8);
    expect(budgetUsed({ totalSteps: 100 }, 200, 0)).toBe(1);
  });

  it('poly warms up, decays, and reaches its end', () => {
    const warm = schedule({ warmUp: 0.05 });
    const rates = [0, 0.025, 0.05, 0.5, 1].map((used) => learningRateAt(warm, used, 0));
    expect(rates[0]).toBeGreaterThan(0);
    expect(rates[0]).toBeLessThan(2e-4);
    expect(rates[1]!).toBeLessThan(rates[2]!);
    expect(rates[2]).toBeCloseTo(1e-3 * 0.95 ** 0.9, 9);
    expect(rates[3]).toBeCloseTo(1e-3 * 0.5 ** 0.9, 9);
    expect(rates[4]).toBe(0);
    expect(learningRateAt(schedule({ endLearningRate: 1e-5 }), 1, 0)).toBe(1e-5);
    expect(learningRateAt(schedule({}), 0, 0)).toBe(1e-3);
  });

  it('none stays, cosine falls to 0', () => {
    expect([0, 0.5, 1].map((used) => learningRateAt(schedule({ scheduler: 'none' }), used, 0))).toEqual([1e-3, 1e-3, 1e-3]);
    const cosine = schedule({ scheduler: 'cosine' });
    expect(learningRateAt(cosine, 0.5, 0)).toBeCloseTo(5e-4, 12);
    expect(learningRateAt(cosine, 1, 0)).toBeCloseTo(0, 12);
  });

  it('cosine annealing restarts after 4096, 8192 … steps and never falls below a tenth (seed spec §8)', () => {
    const restarts = schedule({ scheduler: 'cosine_annealing', firstCycleSteps: 4096 });
    const rate = (step: number) => learningRateAt(restarts, 0.3, step);
    expect(rate(0)).toBe(1e-3);
    expect(rate(2048)).toBeCloseTo(1e-3 * 0.55, 9);
    expect(rate(4095)).toBeCloseTo(1e-4, 7);
    expect(rate(4096)).toBe(1e-3);
    expect(rate(4096 + 4096)).toBeCloseTo(1e-3 * 0.55, 9);
    expect(rate(4096 + 8191)).toBeCloseTo(1e-4, 7);
    expect(rate(4096 + 8192)).toBe(1e-3);
  });

  it('one cycle over the budget when no cycle is asked for', () => {
    const once = schedule({ scheduler: 'cosine_annealing' });
    expect(learningRateAt(once, 0.5, 123_456)).toBeCloseTo(1e-3 * 0.55, 9);
    expect(learningRateAt(once, 1, 0)).toBeCloseTo(1e-4, 12);
  });

  it('estimates the time left from the pace so far', () => {
    expect(secondsLeft(0.25, 10_000)).toBeCloseTo(30);
    expect(secondsLeft(0, 10_000)).toBeUndefined();
  });

  it('keeps epochs short on small data and never longer than the reference', () => {
    expect(stepsOfEpoch(2, 2, 4)).toBe(10);
    expect(stepsOfEpoch(80, 9, 4)).toBe(36);
    expect(stepsOfEpoch(80, 2, 1)).toBe(40);
    expect(stepsOfEpoch(10_000, 2, 4)).toBe(250);
  });
});
