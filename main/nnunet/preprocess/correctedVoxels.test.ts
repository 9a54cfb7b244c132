import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { correctedVoxels } from './correctedVoxels.ts';
import type { CaseGeometry } from './preprocess.ts';

/** Stored 4 × 6 × 8, box [1, 1, 2] to [4, 5, 8], rows first in the network, twice as many slices there. */
const geometry: CaseGeometry = {
  storedShapeDhw: [4, 6, 8],
  cropBox: { begin: [1, 1, 2], end: [4, 5, 8] },
  croppedShapeDhw: [4, 3, 6],
  croppedSpacingMm: [1, 2, 1],
  shapeDhw: [4, 6, 6],
  spacingMm: [1, 1, 1],
};
const plan = { transposeForward: [1, 0, 2] as const };
const at = (d: number, h: number, w: number): number => (d * 6 + h) * 8 + w;
const painted = (...places: readonly (readonly [number, number])[]): Uint8Array => {
  const labels = new Uint8Array(4 * 6 * 8);
  for (const [place, value] of places) labels[place] = value;
  return labels;
};
const found = (predicted: Uint8Array, accepted: Uint8Array, ignored: number | null = null): number[] => [
  ...correctedVoxels(predicted, accepted, ignored, geometry, { transposeForward: [...plan.transposeForward] }, Random.fromSeed(1)),
];
const networkPlace = (d: number, h: number, w: number): number => (d * 6 + h) * 6 + w;

describe('correctedVoxels', () => {
  it('finds added, removed and relabelled voxels where the network sees them', () => {
    const predicted = painted([at(1, 1, 2), 1], [at(2, 2, 3), 1], [at(3, 4, 7), 1]);
    const accepted = painted([at(2, 2, 3), 2], [at(3, 4, 7), 1], [at(3, 3, 4), 1]);
    // stored (d, h, w) → cropped (h − 1, d − 1, w − 2) → slices doubled: the upper of the two holds the centre
    expect(found(predicted, accepted)).toEqual([networkPlace(0, 1, 0), networkPlace(1, 3, 1), networkPlace(2, 5, 2)]);
  });

  it('nothing where nothing changed, where it is outside the box, and where nobody says what is true', () => {
    expect(found(painted([at(2, 2, 3), 1]), painted([at(2, 2, 3), 1]))).toEqual([]);
    expect(found(painted(), painted([at(0, 0, 0), 1]))).toEqual([]);
    expect(found(painted([at(2, 2, 3), 1]), painted([at(2, 2, 3), 9]), 9)).toEqual([]);
  });

  it('of very many it draws ten thousand from everywhere', () => {
    const shapeDhw = [30, 30, 30] as const;
    const cube: CaseGeometry = {
      storedShapeDhw: shapeDhw,
      cropBox: { begin: [0, 0, 0], end: shapeDhw },
      croppedShapeDhw: shapeDhw,
      croppedSpacingMm: [1, 1, 1],
      shapeDhw,
      spacingMm: [1, 1, 1],
    };
    const drawn = correctedVoxels(new Uint8Array(27_000), new Uint8Array(27_000).fill(1), null, cube, { transposeForward: [0, 1, 2] }, Random.fromSeed(1));
    expect(drawn).toHaveLength(10_000);
    expect(drawn.every((place, n) => n === 0 || place > drawn[n - 1]!)).toBe(true);
    expect(drawn.filter((place) => place < 13_500).length).toBeGreaterThan(4800);
    expect(drawn.filter((place) => place < 13_500).length).toBeLessThan(5200);
  });
});
