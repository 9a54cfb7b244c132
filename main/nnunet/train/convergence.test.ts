import { describe, expect, it } from 'vitest';
import { hasConverged, type EpochRecord } from './convergence.ts';

const epochs = (losses: readonly (number | null)[], dice: readonly (number | null)[] = []): EpochRecord[] =>
  losses.map((loss, n) => ({ loss, dice: dice[n] ?? null }));

describe('hasConverged', () => {
  it('asks only after two windows', () => {
    expect(hasConverged(epochs([1, 1, 1]), 2)).toBe(false);
    expect(hasConverged(epochs([1, 1, 1, 1]), 2)).toBe(true);
  });

  it('goes on while the loss falls, however noisy', () => {
    expect(hasConverged(epochs([1.0, 0.9, 0.95, 0.85, 0.9, 0.8]), 3)).toBe(false);
    expect(hasConverged(epochs([0.9, 0.8, 0.85, 0.86, 0.8, 0.9]), 3)).toBe(true);
  });

  it('goes on while Dice rises though the loss stands still', () => {
    expect(hasConverged(epochs([1, 1, 1, 1], [0.5, null, null, 0.6]), 2)).toBe(false);
    expect(hasConverged(epochs([1, 1, 1, 1], [0.6, null, null, 0.601]), 2)).toBe(true);
  });

  it('looks at the last epochs only, and never ends for want of numbers', () => {
    expect(hasConverged(epochs([9, 5, 1, 1, 1, 1]), 2)).toBe(true);
    expect(hasConverged(epochs([null, null, null, null]), 2)).toBe(false);
  });
});
