import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Grid } from '../../contract/vocabulary.ts';
import type { Volume } from '../../imaging/volume.ts';
import { ChannelStatistics, fingerprintCase, fingerprintDataset } from './fingerprint.ts';

const Recorded = z.array(
  z.object({ kind: z.enum(['int16', 'float32']), counts: z.array(z.number()), perVoxel: ChannelStatistics, perCase: ChannelStatistics }),
);
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../test/parity/fingerprint.json'), 'utf8')));

/** The formulas of test/parity/fingerprint.py. */
function valuesOf(count: number, kind: 'int16' | 'float32'): Int16Array | Float32Array {
  if (kind === 'int16') return Int16Array.from({ length: count }, (_, n) => ((n * 7919) % 2003) - 1024 + (n % 13) * 40);
  return Float32Array.from({ length: count }, (_, n) => Math.sin(n * 0.37) * 300 + ((n * 31) % 17) / 7);
}

const lineOf = (voxels: Int16Array | Float32Array): Volume => ({
  grid: Grid.parse({ dimsIjk: [voxels.length, 1, 1], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] }),
  voxels,
});
const everyOther = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, n) => (n % 3 === 0 ? 0 : 1 + (n % 2)));

describe('statistics of the foreground equal NumPy on all voxels', () => {
  for (const { kind, counts, ...expected } of recorded) {
    for (const weighting of ['perVoxel', 'perCase'] as const) {
      it(`${kind}, ${weighting}`, () => {
        const cases = counts.map((count) => fingerprintCase([lineOf(valuesOf(count, kind))], everyOther(count), 10_000));
        const [actual] = fingerprintDataset(cases, weighting).foregroundIntensities;
        for (const [name, value] of Object.entries(expected[weighting])) {
          // float32 in the reference's formula is rounded from another sine: the last digit differs
          const tolerance = kind === 'int16' ? 1e-9 : 1e-4;
          expect(Math.abs(actual![name as keyof ChannelStatistics] - value), name).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
        }
      });
    }
  }
});

describe('bounded memory', () => {
  it('keeps no more values than distinct ones, or than allowed, and the moments stay exact', () => {
    const count = 200_000;
    const labels = new Uint8Array(count).fill(1);
    const whole = fingerprintCase([lineOf(valuesOf(count, 'int16'))], labels, 500).intensities[0]!;
    expect(whole.values.length).toBeLessThan(2600);
    expect(whole.counts.reduce((sum, n) => sum + n, 0)).toBe(count);
    const voxels = Float32Array.from(valuesOf(count, 'float32'), (value) => value + 1000.25); // no zero to crop away
    const sampled = fingerprintCase([lineOf(voxels)], labels, 500).intensities[0]!;
    expect(sampled.counts.reduce((sum, n) => sum + n, 0)).toBe(500);
    const mean = voxels.reduce((sum, value) => sum + value, 0) / count;
    expect(sampled.mean).toBeCloseTo(mean, 6);
    expect(Math.sqrt(sampled.squares / count)).toBeCloseTo(Math.sqrt(voxels.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count), 6);
    // a sample of 500 from 200 000: the median within a few standard errors
    const [statistics] = fingerprintDataset([{ ...fingerprintCase([lineOf(voxels)], labels, 500) }]).foregroundIntensities;
    const sorted = Float64Array.from(voxels).sort();
    expect(Math.abs(sorted.findIndex((value) => value >= statistics!.median) / count - 0.5)).toBeLessThan(0.09);
  });
});

it('takes no voxel that nobody knows, and calls a set without foreground neutral', () => {
  const voxels = Int16Array.of(5, 6, 7, 8);
  const withIgnored = fingerprintCase([lineOf(voxels)], Uint8Array.of(1, 1, 9, 0), 100, 9);
  expect(withIgnored.intensities[0]).toMatchObject({ voxelCount: 2, mean: 5.5, min: 5, max: 6 });
  const empty = fingerprintCase([lineOf(voxels)], new Uint8Array(4), 100);
  expect(fingerprintDataset([empty]).foregroundIntensities[0]).toMatchObject({ mean: 0, std: 1 });
});
