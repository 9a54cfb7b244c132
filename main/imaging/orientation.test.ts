import { describe, expect, it } from 'vitest';
import type { Grid } from '../contract/vocabulary.ts';
import { gridFromAffine, ijkToLps, lpsToIjk, type Ijk } from './grid.ts';
import { canonicalGrid, fromCanonical, orientationCode, toCanonical } from './orientation.ts';

const DIMS = [3, 4, 5];
const SPACING = [0.8, 1.1, 2.5];

/** All 48 orders and signs of axes, slightly turned so that no cosine is exactly 0 or 1. */
function allGrids(): Grid[] {
  const [a, b, c] = [0.21, -0.17, 0.3];
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  const rotation = [
    [cb * cc, -cb * sc, sb],
    [sa * sb * cc + ca * sc, ca * cc - sa * sb * sc, -sa * cb],
    [sa * sc - ca * sb * cc, ca * sb * sc + sa * cc, ca * cb],
  ];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  return orders.flatMap((order) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((signs) => {
      const affine = rotation.flatMap((row, r) => [
        ...order.map((world, axis) => row[world]! * (signs & (1 << axis) ? -1 : 1) * SPACING[axis]!),
        [-10, 20, 30][r]!,
      ]);
      return gridFromAffine(DIMS, [...affine, 0, 0, 0, 1]);
    }),
  );
}

function* voxelsOf(grid: Grid): Generator<Ijk> {
  const [ni, nj, nk] = grid.dimsIjk;
  for (let k = 0; k < nk; k++) for (let j = 0; j < nj; j++) for (let i = 0; i < ni; i++) yield [i, j, k];
}

describe('orientation', () => {
  const voxels = Int16Array.from({ length: 60 }, (_, n) => n * 7 - 100);

  it.each(allGrids().map((grid) => [orientationCode(grid), grid] as const))('%s: exact inverse, and no voxel moves in the world', (_, grid) => {
    const canonical = toCanonical(voxels, grid);
    expect(orientationCode(canonical.grid)).toBe('LPS');
    expect(canonical.grid).toEqual(canonicalGrid(grid));
    expect(canonical.voxels).toBeInstanceOf(Int16Array);
    expect(fromCanonical(canonical.voxels, grid)).toEqual(voxels);
    let flat = 0;
    for (const ijk of voxelsOf(canonical.grid)) {
      const [i, j, k] = lpsToIjk(grid, ijkToLps(canonical.grid, ijk)).map((x) => Math.round(x * 1e6) / 1e6) as unknown as Ijk;
      expect(voxels[i + 3 * (j + 4 * k)]).toBe(canonical.voxels[flat++]);
    }
  });

  it('names 48 different orientations', () => {
    expect(new Set(allGrids().map(orientationCode)).size).toBe(48);
  });

  it('turns every right- or left-handed source into a right-handed grid', () => {
    for (const grid of allGrids()) {
      const d = canonicalGrid(grid).direction;
      const determinant = d[0]! * (d[4]! * d[8]! - d[5]! * d[7]!) - d[3]! * (d[1]! * d[8]! - d[2]! * d[7]!) + d[6]! * (d[1]! * d[5]! - d[2]! * d[4]!);
      expect(determinant).toBeCloseTo(1, 9);
    }
  });

  it('shares memory when the source is canonical already, and is idempotent', () => {
    for (const grid of allGrids()) {
      const canonical = toCanonical(voxels, grid);
      const again = toCanonical(canonical.voxels, canonical.grid);
      expect(again.voxels).toBe(canonical.voxels);
      expect(again.grid).toEqual(canonical.grid);
    }
  });

  it('refuses voxels that do not fill the grid', () => {
    expect(() => toCanonical(new Uint8Array(59), allGrids()[0]!)).toThrow('59 voxels');
  });
});
