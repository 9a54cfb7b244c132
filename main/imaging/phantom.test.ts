import { describe, expect, it } from 'vitest';
import { makePhantom, seededRandom } from './phantom.ts';
import { canonicalGrid, orientationCode } from './orientation.ts';

describe('makePhantom', () => {
  it('is the same for the same seed and differs for others', () => {
    const [a, again, b] = [makePhantom(5), makePhantom(5), makePhantom(6)];
    expect(again).toEqual(a);
    expect(b.labels).not.toEqual(a.labels);
  });

  it('has both structures in every study, in part adjoining, and background around', () => {
    for (let seed = 0; seed < 24; seed++) {
      const { grid, labels, image } = makePhantom(seed);
      const counts = [0, 0, 0];
      labels.forEach((label) => counts[label]!++);
      const voxelMm3 = grid.spacingMm[0] * grid.spacingMm[1] * grid.spacingMm[2];
      expect(counts[1]! * voxelMm3, `seed ${seed}`).toBeGreaterThan(500);
      expect(counts[2]! * voxelMm3, `seed ${seed}`).toBeGreaterThan(500);
      expect(counts[0]! / labels.length, `seed ${seed}`).toBeGreaterThan(0.85);
      expect(Math.max(...image)).toBeLessThan(2000);
    }
  });

  it('comes oblique, anisotropic and in other orientations too', () => {
    const grids = Array.from({ length: 24 }, (_, seed) => makePhantom(seed).grid);
    expect(new Set(grids.map(orientationCode))).toEqual(new Set(['LPS', 'RAS']));
    expect(grids.some(({ spacingMm }) => spacingMm[2] / spacingMm[0] > 1.4)).toBe(true);
    expect(grids.some((grid) => Math.abs(canonicalGrid(grid).direction[1]!) > 0.05)).toBe(true);
  });

  it('shows the structures: brighter than their surroundings on average', () => {
    const { image, labels } = makePhantom(3);
    const sums = [0, 0, 0];
    const counts = [0, 0, 0];
    labels.forEach((label, n) => {
      sums[label]! += image[n]!;
      counts[label]!++;
    });
    const [background, anterior, posterior] = sums.map((sum, n) => sum / counts[n]!) as [number, number, number];
    expect(anterior - background).toBeGreaterThan(60);
    expect(posterior - background).toBeGreaterThan(60);
  });
});

describe('seededRandom', () => {
  it('is uniform', () => {
    const random = seededRandom(1);
    const values = Array.from({ length: 10000 }, random);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  });
});
