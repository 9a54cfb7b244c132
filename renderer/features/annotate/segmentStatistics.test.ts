import { describe, expect, it } from 'vitest';
import { hullCorners, largestDistance } from './largestDiameter.ts';
import { segmentStatistics } from './segmentStatistics.ts';

const dimsIjk = [30, 26, 20] as const;
const spacingMm = [0.8, 0.9, 2] as const;
const voxelCount = dimsIjk[0] * dimsIjk[1] * dimsIjk[2];
const at = (n: number): [number, number, number] => [n % dimsIjk[0], Math.floor(n / dimsIjk[0]) % dimsIjk[1], Math.floor(n / (dimsIjk[0] * dimsIjk[1]))];
const mm = (n: number): number[] => at(n).map((index, axis) => index * spacingMm[axis]!);
const distance = (a: number[], b: number[]): number => Math.hypot(...a.map((value, axis) => value - b[axis]!));

/** Two labels of no simple shape. */
function shapes(seed: number): Uint8Array {
  let state = seed;
  const random = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  const blobs = Array.from({ length: 4 }, (_, n) => ({
    label: 1 + (n % 2),
    middle: [random() * 20 + 5, random() * 16 + 5, random() * 12 + 4],
    radius: 1.5 + random() * 2.5,
  }));
  return Uint8Array.from({ length: voxelCount }, (_, n) => blobs.find(({ middle, radius }) => distance(at(n), middle) < radius)?.label ?? 0);
}

describe('segmentStatistics', () => {
  it.each([1, 2, 3])('agrees with what is counted voxel by voxel and pair by pair (%i)', (seed) => {
    const labels = shapes(seed);
    const values = Float32Array.from({ length: voxelCount }, (_, n) => 1e5 + Math.sin(n) * 40);
    const found = segmentStatistics({ labels, values, dimsIjk, spacingMm });
    expect(found.map(({ labelValue }) => labelValue)).toEqual([...new Set(labels)].filter(Boolean).sort());
    for (const one of found) {
      const own = [...labels.keys()].filter((n) => labels[n] === one.labelValue);
      const own_values = own.map((n) => values[n]!);
      const mean = own_values.reduce((a, b) => a + b, 0) / own.length;
      expect(one.voxelCount).toBe(own.length);
      expect(one.volumeMl).toBeCloseTo((own.length * 0.8 * 0.9 * 2) / 1000, 10);
      expect(one.mean).toBeCloseTo(mean, 6);
      expect(one.standardDeviation).toBeCloseTo(Math.sqrt(own_values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length), 6);
      expect([one.minimum, one.maximum]).toEqual([Math.min(...own_values), Math.max(...own_values)]);
      let [far, farAxial] = [0, 0];
      for (const a of own) {
        for (const b of own) {
          const between = distance(mm(a), mm(b));
          far = Math.max(far, between);
          if (at(a)[2] === at(b)[2]) farAxial = Math.max(farAxial, between);
        }
      }
      expect(one.largestDiameterMm).toBeCloseTo(far, 10);
      expect(one.largestAxialDiameterMm).toBeCloseTo(farAxial, 10);
    }
  });

  it('a voxel has no diameter; an empty mask no labels', () => {
    const labels = new Uint8Array(voxelCount);
    expect(segmentStatistics({ labels, values: labels, dimsIjk, spacingMm })).toEqual([]);
    labels[500] = 7;
    expect(segmentStatistics({ labels, values: labels, dimsIjk, spacingMm })).toMatchObject([
      { labelValue: 7, voxelCount: 1, mean: 7, standardDeviation: 0, largestDiameterMm: 0, largestAxialDiameterMm: 0 },
    ]);
  });

  it('is quick on a large ball', () => {
    const side = 160;
    const middle = (side - 1) / 2;
    const labels = Uint8Array.from({ length: side ** 3 }, (_, n) =>
      Math.hypot((n % side) - middle, (Math.floor(n / side) % side) - middle, Math.floor(n / side ** 2) - middle) <= 75 ? 1 : 0,
    );
    const [ball] = segmentStatistics({ labels, values: labels, dimsIjk: [side, side, side], spacingMm: [1, 1, 1] });
    expect(ball!.volumeMl).toBeCloseTo(((4 / 3) * Math.PI * 75 ** 3) / 1000, -1);
    expect(ball!.largestDiameterMm).toBeGreaterThan(148.5);
    expect(ball!.largestDiameterMm).toBeLessThanOrEqual(150);
  });
});

it('hulls of a line, a point and a square', () => {
  expect(hullCorners([[0, 0]])).toEqual([[0, 0]]);
  expect(
    largestDistance(
      hullCorners([
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
      ]).flatMap(([x, y]) => [x, y, 0]),
    ),
  ).toBeCloseTo(Math.hypot(3, 3), 12);
  expect(
    hullCorners([
      [0, 0],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 2],
    ]).length,
  ).toBe(4);
  expect(largestDistance([])).toBe(0);
});
