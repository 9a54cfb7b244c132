import { expect, it } from 'vitest';
import { summarizeLatencies } from './benchmark.ts';

it('leaves the warm-up out and counts images, percentiles as NumPy', () => {
  const counted = Array.from({ length: 101 }, (_, n) => 100 + n);
  const shuffled = [...counted.filter((n) => n % 2), ...counted.filter((n) => n % 2 === 0)];
  expect(summarizeLatencies([90_000, 80_000, ...shuffled], 2, 3)).toEqual({
    steps: 101,
    meanMs: 150,
    imagesPerSecond: 20,
    p50Ms: 150,
    p90Ms: 190,
    p95Ms: 195,
    p99Ms: 199,
  });
});
