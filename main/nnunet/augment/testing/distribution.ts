/** For tests: does a sample of draws follow the distribution it should? Seeds are fixed, so the answer never changes. */
import { expect } from 'vitest';

/** Kolmogorov–Smirnov distance to the uniform distribution of a range, at a level that 1 in 1000 good samples misses. */
export function expectUniform(draws: readonly number[], low: number, high: number): void {
  expectDistribution(draws, low, high, (value) => (value - low) / (high - low));
}

/** Half of the draws uniform below 1, half uniform above. */
export function expectAboutOne(draws: readonly number[], low: number, high: number): void {
  expectDistribution(draws, low, high, (value) => (value < 1 ? (value - low) / (1 - low) / 2 : 0.5 + (value - 1) / (high - 1) / 2));
}

/** Share of `happened` within 4 standard errors of `probability`. */
export function expectProbability(happened: number, draws: number, probability: number): void {
  const error = Math.sqrt((probability * (1 - probability)) / draws);
  expect(Math.abs(happened / draws - probability)).toBeLessThan(4 * error);
}

function expectDistribution(draws: readonly number[], low: number, high: number, cumulative: (value: number) => number): void {
  const sorted = [...draws].sort((a, b) => a - b);
  const rounding = 1e-3 * (high - low);
  expect(sorted.length).toBeGreaterThan(100);
  expect(sorted[0]!).toBeGreaterThanOrEqual(low - rounding);
  expect(sorted.at(-1)!).toBeLessThanOrEqual(high + rounding);
  let distance = 0;
  sorted.forEach((value, n) => {
    const expected = cumulative(Math.min(high, Math.max(low, value)));
    distance = Math.max(distance, Math.abs(expected - n / sorted.length), Math.abs(expected - (n + 1) / sorted.length));
  });
  expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
}
