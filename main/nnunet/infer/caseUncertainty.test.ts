import { describe, expect, it } from 'vitest';
import { voxelCount, type ShapeDhw } from '../../imaging/tensorShape.ts';
import { BAND_MM, caseUncertainty } from './caseUncertainty.ts';
import { labelsNearby } from './labelsNearby.ts';

const SHAPE: ShapeDhw = [9, 14, 21];
const SPACING: ShapeDhw = [2.5, 1.1, 0.8];
const random = (n: number): number => {
  const x = Math.sin(n * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};
const at = (n: number): [number, number, number] => [Math.floor(n / (SHAPE[1] * SHAPE[2])), Math.floor(n / SHAPE[2]) % SHAPE[1], n % SHAPE[2]];
const distanceMm = (a: number, b: number): number => Math.hypot(...at(a).map((value, axis) => (value - at(b)[axis]!) * SPACING[axis]!));

/** Two boxes and a lone voxel. */
const labels = Uint8Array.from({ length: voxelCount(SHAPE) }, (_, n) => {
  const [d, h, w] = at(n);
  if (d >= 2 && d < 5 && h >= 2 && h < 7 && w >= 3 && w < 9) return 1;
  if (d >= 4 && d < 7 && h >= 5 && h < 9 && w >= 11 && w < 13) return 4;
  return d === 8 && h === 13 && w === 20 ? 7 : 0;
});
const entropies = Uint8Array.from(labels, (_, n) => Math.floor(256 * random(n)));

/** Every voxel against every labelled one. */
function nearbyByForce(reachMm: number): { label: number; isTie: boolean }[] {
  const labelled = [...labels.keys()].filter((n) => labels[n] !== 0);
  return Array.from(labels, (_, n) => {
    const distances = labelled.map((other) => distanceMm(n, other));
    const least = Math.min(...distances);
    const nearest = new Set(labelled.filter((_, k) => distances[k]! < least + 1e-4).map((other) => labels[other]!));
    return { label: least <= reachMm ? [...nearest][0]! : 0, isTie: nearest.size > 1 };
  });
}

describe('labelsNearby', () => {
  it.each([0.5, 3, 6])('is the label of the nearest labelled voxel within %s mm', (reachMm) => {
    const grown = labelsNearby(labels, SHAPE, SPACING, reachMm);
    nearbyByForce(reachMm).forEach(({ label, isTie }, n) => {
      if (isTie && label !== 0) expect([1, 4, 7]).toContain(grown[n]);
      else expect(grown[n]).toBe(label);
    });
  });
});

describe('caseUncertainty', () => {
  it('is the mean over each structure and what is nearest to it, each counting alike', () => {
    const { bits, labels: perLabel } = caseUncertainty(entropies, labels, SHAPE, SPACING);
    const nearby = nearbyByForce(BAND_MM);
    const expected = [1, 4, 7].map((label) => {
      const inside = [...entropies].filter((_, n) => nearby[n]!.label === label);
      return inside.reduce((sum, value) => sum + value, 0) / inside.length / 255;
    });
    expect(perLabel.map(({ labelValue, voxelCount: count }) => [labelValue, count])).toEqual([
      [1, 90],
      [4, 24],
      [7, 1],
    ]);
    perLabel.forEach((one, k) => expect(one.bits).toBeCloseTo(expected[k]!, 2));
    expect(bits).toBeCloseTo(perLabel.reduce((sum, one) => sum + one.bits, 0) / 3, 12);
  });

  it('does not look far away', () => {
    const onlyFar = Uint8Array.from(nearbyByForce(BAND_MM + 0.01), ({ label }) => (label === 0 ? 255 : 0));
    expect(caseUncertainty(onlyFar, labels, SHAPE, SPACING).bits).toBe(0);
  });

  it('of a case in which nothing was found: the most uncertain hundredth', () => {
    const map = new Uint8Array(1000);
    map.fill(255, 10, 15).fill(51, 100, 105).fill(3, 300, 900);
    expect(caseUncertainty(map, new Uint8Array(1000), [10, 10, 10], [1, 1, 1])).toEqual({ bits: 0.6, labels: [] });
  });
});
