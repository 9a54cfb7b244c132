import { describe, expect, it } from 'vitest';
import { errorOf } from '../contract/testing/errorOf.ts';
import { affineFromGrid, gridDistanceMm, gridFromAffine, gridsMatch, ijkToLps, lpsToIjk } from './grid.ts';

/** Rotation by Euler angles times spacing, with an origin. */
function obliqueAffine(spacing: readonly number[]): number[] {
  const [a, b] = [0.3, -0.2];
  const rotation = [
    [Math.cos(a), -Math.sin(a), 0],
    [Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), -Math.sin(b)],
    [Math.sin(a) * Math.sin(b), Math.cos(a) * Math.sin(b), Math.cos(b)],
  ];
  const rows = rotation.map((row, n) => [...row.map((x, axis) => x * spacing[axis]!), [-90.5, 12.25, 300][n]!]);
  return [...rows.flat(), 0, 0, 0, 1];
}

describe('grid', () => {
  it('goes from an oblique affine to a grid and back', () => {
    const affine = obliqueAffine([0.7, 0.8, 3]);
    const grid = gridFromAffine([40, 50, 12], affine);
    expect(grid.spacingMm[2]).toBeCloseTo(3, 12);
    affineFromGrid(grid).forEach((value, index) => expect(value).toBeCloseTo(affine[index]!, 12));
  });

  it('takes voxels to the world and back', () => {
    const grid = gridFromAffine([40, 50, 12], obliqueAffine([0.7, 0.8, 3]));
    const back = lpsToIjk(grid, ijkToLps(grid, [3.5, 17, 8]));
    [3.5, 17, 8].forEach((expected, axis) => expect(back[axis]).toBeCloseTo(expected, 10));
  });

  it('refuses sheared, flat and non-finite affines with the reason', () => {
    const sheared = [1, 0.1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(errorOf(() => gridFromAffine([2, 2, 2], sheared, 'x.nii'))).toMatchObject({
      code: 'import/bad-geometry',
      path: 'x.nii',
      detail: 'sheared grid: the i and j axes stand at 84.29° instead of 90°',
    });
    const flat = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(errorOf(() => gridFromAffine([2, 2, 2], flat))).toMatchObject({ code: 'import/bad-geometry' });
    const broken = [NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(errorOf(() => gridFromAffine([2, 2, 2], broken))).toMatchObject({ code: 'import/bad-geometry' });
    expect(errorOf(() => gridFromAffine([2, 0, 2], obliqueAffine([1, 1, 1])))).toMatchObject({ code: 'import/bad-geometry' });
  });

  it('compares grids by where their corners lie', () => {
    const affine = obliqueAffine([1, 1, 1]);
    const grid = gridFromAffine([10, 10, 10], affine);
    const moved = gridFromAffine(
      [10, 10, 10],
      affine.map((value, n) => (n === 3 ? value + 0.02 : value)),
    );
    expect(gridDistanceMm(grid, moved)).toBeCloseTo(0.02, 9);
    expect(gridsMatch(grid, moved)).toBe(false);
    expect(gridsMatch(grid, moved, 0.03)).toBe(true);
    expect(gridsMatch(grid, gridFromAffine([10, 10, 11], affine))).toBe(false);
  });
});
