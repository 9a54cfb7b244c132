import { describe, expect, it } from 'vitest';
import { gridFromAffine, ijkToLps, lpsToIjk } from './grid.ts';
import { seededRandom } from './phantom.ts';
import { resampleLabelsOnto } from './resampleLabelsOnto.ts';
import { toCanonical } from './orientation.ts';

const axial = (dims: number[], spacing: number[], origin = [0, 0, 0]) =>
  gridFromAffine(dims, [spacing[0]!, 0, 0, origin[0]!, 0, spacing[1]!, 0, origin[1]!, 0, 0, spacing[2]!, origin[2]!, 0, 0, 0, 1]);

/** Rotated about all three axes, left-handed. */
const oblique = (dims: number[], spacing: number, origin: number[]) => {
  const [a, b] = [0.4, -0.7];
  const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
  const columns = [
    [cb * ca, cb * sa, -sb],
    [-sa, ca, 0],
    [-sb * ca, -sb * sa, -cb],
  ];
  return gridFromAffine(dims, [...[0, 1, 2].flatMap((row) => [...columns.map((column) => column[row]! * spacing), origin[row]!]), 0, 0, 0, 1]);
};

function randomLabels(count: number, largest = 3): Uint8Array {
  const random = seededRandom(5);
  return Uint8Array.from({ length: count }, () => Math.floor(random() * (largest + 1)));
}

describe('resampleLabelsOnto', () => {
  it('is the identity on the same grid, and on the same voxels in another order', () => {
    const grid = oblique([5, 6, 7], 1.5, [10, -20, 30]);
    const voxels = randomLabels(210);
    expect(resampleLabelsOnto({ grid, voxels }, grid)).toMatchObject({ labels: { grid, voxels }, outsideVoxelCount: 0 });
    const canonical = toCanonical(voxels, grid);
    expect(resampleLabelsOnto({ grid, voxels }, canonical.grid).labels.voxels).toEqual(canonical.voxels);
  });

  it('takes the nearest voxel, voxel by voxel, on an oblique grid of other spacing', () => {
    const source = { grid: axial([9, 8, 7], [1, 1.5, 2]), voxels: randomLabels(504) };
    const target = oblique([11, 12, 13], 0.9, [2, 1, 10]);
    const { labels } = resampleLabelsOnto(source, target);
    const expected = new Uint8Array(11 * 12 * 13);
    const isInside = (ijk: number[]) => ijk.every((index, axis) => index >= 0 && index < source.grid.dimsIjk[axis]!);
    for (let k = 0, n = 0; k < 13; k++)
      for (let j = 0; j < 12; j++)
        for (let i = 0; i < 11; i++, n++) {
          const nearest = lpsToIjk(source.grid, ijkToLps(target, [i, j, k])).map((at) => Math.floor(at + 0.5));
          if (isInside(nearest)) expected[n] = source.voxels[nearest[0]! + 9 * (nearest[1]! + 8 * nearest[2]!)]!;
        }
    expect(labels.voxels).toEqual(expected);
    expect(expected.some((label) => label > 0)).toBe(true);
  });

  it('gives ties to the higher index, whatever the rounding of the affine', () => {
    const source = { grid: axial([2, 1, 1], [0.3, 1, 1], [0.1, 0, 0]), voxels: Uint8Array.of(1, 2) };
    expect([...resampleLabelsOnto(source, axial([1, 1, 1], [1, 1, 1], [0.25, 0, 0])).labels.voxels]).toEqual([2]);
  });

  it('counts what lies outside, and the volume of each label before and after', () => {
    const source = { grid: axial([4, 1, 1], [2, 1, 1]), voxels: Uint16Array.of(1, 1, 300, 7) };
    const result = resampleLabelsOnto(source, axial([4, 1, 1], [1, 1, 1]));
    expect(result.labels.voxels).toEqual(Uint16Array.of(1, 1, 1, 300));
    expect(result.outsideVoxelCount).toBe(2);
    expect(result.volumes).toEqual([
      { labelValue: 1, sourceMm3: 4, targetMm3: 3 },
      { labelValue: 7, sourceMm3: 2, targetMm3: 0 },
      { labelValue: 300, sourceMm3: 2, targetMm3: 1 },
    ]);
  });

  it('is empty for an empty map and for grids that do not meet', () => {
    const grid = axial([3, 3, 3], [1, 1, 1]);
    expect(resampleLabelsOnto({ grid, voxels: new Uint8Array(27) }, grid)).toMatchObject({ outsideVoxelCount: 0, volumes: [] });
    const far = resampleLabelsOnto({ grid, voxels: new Uint8Array(27).fill(1) }, axial([3, 3, 3], [1, 1, 1], [100, 0, 0]));
    expect(far.outsideVoxelCount).toBe(27);
    expect(far.labels.voxels.every((label) => label === 0)).toBe(true);
  });
});
