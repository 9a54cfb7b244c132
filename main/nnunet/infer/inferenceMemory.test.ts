import { expect, it } from 'vitest';
import type { UNetSpec } from '../../../models/engine.ts';
import { inferenceBytes, largestCase } from './inferenceMemory.ts';

const MB = 2 ** 20;
const network = (features: number): UNetSpec => ({
  dims: 3,
  architecture: 'plain',
  norm: 'instance',
  inputChannels: 1,
  classes: 4,
  decoderConvs: 2,
  negativeSlope: 0.01,
  stages: Array.from({ length: 6 }, (_, level) => ({
    features: Math.min(features * 2 ** level, features * 10),
    convs: 2,
    kernel: [3, 3, 3],
    stride: level === 0 ? [1, 1, 1] : [2, 2, 2],
  })),
});
const predicting = (features: number) => ({ network: network(features), patch: [96, 160, 160], windowsPerCall: 1, count: 1 });
const stored = [300, 512, 512] as const;

// npm run bench -- inferMemory; docs/benchmarks.md
it.each([
  ['a CT of 512×512×300 as planned, resampled', 32, [286, 540, 540] as const, 3694],
  ['a quarter of the features, not resampled', 8, stored, 1915],
])('%s takes what was measured, within 15 %%', (_name, features, shapeDhw, measuredMb) => {
  const predictedMb = inferenceBytes(predicting(features), { channels: 1, storedShapeDhw: stored, shapeDhw }) / MB;
  expect(Math.abs(predictedMb / measuredMb - 1)).toBeLessThan(0.15);
});

it('the largest case counts; none takes nothing', () => {
  const small = { channels: 1, storedShapeDhw: [10, 20, 20] as const, shapeDhw: [10, 20, 20] as const };
  const large = { channels: 1, storedShapeDhw: stored, shapeDhw: stored };
  expect(largestCase(predicting(8), [small, large])).toBe(largestCase(predicting(8), [large]));
  expect(largestCase(predicting(8), [large])).toBeGreaterThan(largestCase(predicting(8), [small]));
  expect(largestCase(predicting(8), [])).toBe(0);
});
