/**
 * Where voxels lie: the grid as an affine and back. World is LPS millimetres, affines are sixteen numbers row by row
 * that take (i, j, k, 1) to (L, P, S, 1).
 */
import { AppException } from '../contract/errors.ts';
import type { Direction, Grid, PointLpsMm, SpacingMm } from '../contract/vocabulary.ts';
import { DimsIjk } from '../contract/vocabulary.ts';

export type Affine = readonly number[];
export type Ijk = readonly [number, number, number];

/** Cosine between two grid axes above which a grid is called sheared: 0.1 degrees. Rounded headers stay below it. */
const SHEAR_COSINE_LIMIT = 2e-3;
const SMALLEST_SPACING_MM = 1e-6;
const AXIS_NAMES = ['i', 'j', 'k'] as const;

/** Numbers of one grid axis: `axis` 0 = i, 1 = j, 2 = k. */
export function axisDirection(grid: Grid, axis: number): [number, number, number] {
  const { direction } = grid;
  return [direction[3 * axis]!, direction[3 * axis + 1]!, direction[3 * axis + 2]!];
}

export function voxelCountOf(grid: Grid): number {
  return grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2];
}

/** The affine of a grid, sixteen numbers row by row. */
export function affineFromGrid(grid: Grid): number[] {
  const affine = new Array<number>(16).fill(0);
  for (let row = 0; row < 3; row++) {
    for (let axis = 0; axis < 3; axis++) {
      affine[4 * row + axis] = grid.direction[3 * axis + row]! * grid.spacingMm[axis]!;
    }
    affine[4 * row + 3] = grid.originLpsMm[row]!;
  }
  affine[15] = 1;
  return affine;
}

/**
 * The grid of an affine. `path` names the file in the error.
 * Throws `import/bad-geometry` for numbers that are not finite, axes of no length, and sheared axes.
 */
export function gridFromAffine(dimsIjk: readonly number[], ijkToLps: Affine, path = ''): Grid {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  };
  const dims = DimsIjk.safeParse(dimsIjk);
  if (!dims.success) return refuse(`voxel counts ${dimsIjk.join(' × ')} are not three positive whole numbers`);
  if (ijkToLps.length !== 16 || !ijkToLps.every(Number.isFinite)) return refuse('the affine holds numbers that are not finite');
  const columns = [0, 1, 2].map((axis) => [ijkToLps[axis]!, ijkToLps[4 + axis]!, ijkToLps[8 + axis]!]);
  const spacing = columns.map((column) => Math.hypot(...column));
  spacing.forEach((mm, axis) => {
    if (mm < SMALLEST_SPACING_MM) refuse(`the ${AXIS_NAMES[axis]} axis has no length (spacing ${mm} mm)`);
  });
  const direction = columns.flatMap((column, axis) => column.map((x) => x / spacing[axis]!));
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const cosine = direction[3 * a]! * direction[3 * b]! + direction[3 * a + 1]! * direction[3 * b + 1]! + direction[3 * a + 2]! * direction[3 * b + 2]!;
    if (Math.abs(cosine) > SHEAR_COSINE_LIMIT) {
      const degrees = (Math.acos(Math.min(1, Math.abs(cosine))) * 180) / Math.PI;
      refuse(`sheared grid: the ${AXIS_NAMES[a]} and ${AXIS_NAMES[b]} axes stand at ${degrees.toFixed(2)}° instead of 90°`);
    }
  }
  return {
    dimsIjk: dims.data,
    spacingMm: spacing as unknown as SpacingMm,
    originLpsMm: [ijkToLps[3]!, ijkToLps[7]!, ijkToLps[11]!] as unknown as PointLpsMm,
    direction: direction as unknown as Direction,
  };
}

/** Centre of voxel `ijk` (fractions allowed) in LPS millimetres. */
export function ijkToLps(grid: Grid, ijk: Ijk): [number, number, number] {
  const { direction: d, spacingMm: s, originLpsMm: o } = grid;
  const [a, b, c] = [ijk[0] * s[0], ijk[1] * s[1], ijk[2] * s[2]];
  return [o[0] + d[0]! * a + d[3]! * b + d[6]! * c, o[1] + d[1]! * a + d[4]! * b + d[7]! * c, o[2] + d[2]! * a + d[5]! * b + d[8]! * c];
}

/** Continuous voxel coordinates of a point; exact also for slightly skew axes. */
export function lpsToIjk(grid: Grid, pointLpsMm: readonly [number, number, number]): [number, number, number] {
  const { direction: d, spacingMm: s, originLpsMm: o } = grid;
  const [x, y, z] = [pointLpsMm[0] - o[0], pointLpsMm[1] - o[1], pointLpsMm[2] - o[2]];
  const jk = cross(d[3]!, d[4]!, d[5]!, d[6]!, d[7]!, d[8]!);
  const ki = cross(d[6]!, d[7]!, d[8]!, d[0]!, d[1]!, d[2]!);
  const ij = cross(d[0]!, d[1]!, d[2]!, d[3]!, d[4]!, d[5]!);
  const determinant = d[0]! * jk[0] + d[1]! * jk[1] + d[2]! * jk[2];
  return [
    (x * jk[0] + y * jk[1] + z * jk[2]) / (determinant * s[0]),
    (x * ki[0] + y * ki[1] + z * ki[2]) / (determinant * s[1]),
    (x * ij[0] + y * ij[1] + z * ij[2]) / (determinant * s[2]),
  ];
}

function cross(ax: number, ay: number, az: number, bx: number, by: number, bz: number): [number, number, number] {
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

/** Largest distance in millimetres between the same corner voxel of both grids; `Infinity` when dims differ. */
export function gridDistanceMm(a: Grid, b: Grid): number {
  if (a.dimsIjk.some((n, axis) => n !== b.dimsIjk[axis])) return Infinity;
  let largest = 0;
  for (let corner = 0; corner < 8; corner++) {
    const ijk = [0, 1, 2].map((axis) => (corner & (1 << axis) ? a.dimsIjk[axis]! - 1 : 0)) as unknown as Ijk;
    const [p, q] = [ijkToLps(a, ijk), ijkToLps(b, ijk)];
    largest = Math.max(largest, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return largest;
}

/** True when every voxel of `a` lies within `toleranceMm` of the same voxel of `b`. */
export function gridsMatch(a: Grid, b: Grid, toleranceMm = 0.01): boolean {
  return gridDistanceMm(a, b) <= toleranceMm;
}
