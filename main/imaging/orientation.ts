/**
 * Permutes and flips voxel axes so that i, j, k point as nearly as possible to Left, Posterior, Superior, and back.
 * No value is interpolated: every voxel keeps its place in the world.
 */
import type { Direction, Grid } from '../contract/vocabulary.ts';
import { DimsIjk, PointLpsMm, SpacingMm } from '../contract/vocabulary.ts';
import { axisDirection, ijkToLps, voxelCountOf } from './grid.ts';
import type { Volume, VoxelArray } from './volume.ts';

/** Canonical axis `a` runs along source axis `sourceAxis[a]`, backwards when `isFlipped[a]`. */
interface AxisMap {
  readonly sourceAxis: readonly [number, number, number];
  readonly isFlipped: readonly [boolean, boolean, boolean];
}

const PERMUTATIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Of the 48 axis orders and signs the one nearest to LPS; ties (exactly 45°) go to the first in the list. */
function axesToCanonical(sourceGrid: Grid): AxisMap {
  const { direction } = sourceGrid;
  let best: readonly [number, number, number] = PERMUTATIONS[0];
  let bestScore = -Infinity;
  for (const sourceAxis of PERMUTATIONS) {
    const score = sourceAxis.reduce<number>((sum, source, world) => sum + Math.abs(direction[3 * source + world]!), 0);
    if (score > bestScore + 1e-9) [best, bestScore] = [sourceAxis, score];
  }
  const flipped = (world: number) => direction[3 * best[world]! + world]! < 0;
  return { sourceAxis: best, isFlipped: [flipped(0), flipped(1), flipped(2)] };
}

/** The same voxels with their axes in the order and sense closest to LPS. */
export function canonicalGrid(sourceGrid: Grid): Grid {
  const { sourceAxis, isFlipped } = axesToCanonical(sourceGrid);
  const firstIjk: [number, number, number] = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    if (isFlipped[axis]) firstIjk[sourceAxis[axis]!] = sourceGrid.dimsIjk[sourceAxis[axis]!]! - 1;
  }
  // `0 - x` and not `-x`: a negative zero would be written to files and break equality of grids
  const direction = [0, 1, 2].flatMap((axis) => axisDirection(sourceGrid, sourceAxis[axis]!).map((cosine) => (isFlipped[axis] ? 0 - cosine : cosine)));
  return {
    dimsIjk: DimsIjk.parse(sourceAxis.map((axis) => sourceGrid.dimsIjk[axis]!)),
    spacingMm: SpacingMm.parse(sourceAxis.map((axis) => sourceGrid.spacingMm[axis]!)),
    originLpsMm: PointLpsMm.parse(ijkToLps(sourceGrid, firstIjk)),
    direction: direction as unknown as Direction,
  };
}

/** Voxels of the source file order in canonical order. Returns `voxels` itself when nothing moves. */
export function toCanonical<A extends VoxelArray>(voxels: A, sourceGrid: Grid): Volume<A> {
  const map = axesToCanonical(sourceGrid);
  const grid = canonicalGrid(sourceGrid);
  checkCount(voxels, sourceGrid);
  if (isIdentity(map)) return { grid, voxels };
  const { start, steps } = sourceSteps(map, sourceGrid);
  const out = emptyLike(voxels, voxels.length);
  const [ni, nj, nk] = grid.dimsIjk;
  const [stepI, stepJ, stepK] = steps;
  let target = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      let source = start + k * stepK + j * stepJ;
      for (let i = 0; i < ni; i++, source += stepI) out[target++] = voxels[source]!;
    }
  }
  return { grid, voxels: out };
}

/** Exact inverse of `toCanonical`: voxels in canonical order back in the order of the source file. */
export function fromCanonical<A extends VoxelArray>(voxels: A, sourceGrid: Grid): A {
  const map = axesToCanonical(sourceGrid);
  checkCount(voxels, sourceGrid);
  if (isIdentity(map)) return voxels;
  const { start, steps } = sourceSteps(map, sourceGrid);
  const out = emptyLike(voxels, voxels.length);
  const [ni, nj, nk] = map.sourceAxis.map((axis) => sourceGrid.dimsIjk[axis]!) as [number, number, number];
  const [stepI, stepJ, stepK] = steps;
  let source = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      let target = start + k * stepK + j * stepJ;
      for (let i = 0; i < ni; i++, target += stepI) out[target] = voxels[source++]!;
    }
  }
  return out;
}

/** Letters towards which i, j, k grow, e.g. `LPS` or `RAS`. */
export function orientationCode(grid: Grid): string {
  const { sourceAxis } = axesToCanonical(grid);
  const letters = ['', '', ''];
  sourceAxis.forEach((source, world) => {
    letters[source] = (grid.direction[3 * source + world]! < 0 ? 'RAI' : 'LPS')[world]!;
  });
  return letters.join('');
}

/** Flat index in the source of canonical voxel (0,0,0), and the flat step in the source per canonical axis. */
function sourceSteps(map: AxisMap, sourceGrid: Grid): { start: number; steps: readonly [number, number, number] } {
  const [ni, nj] = sourceGrid.dimsIjk;
  const strides = [1, ni, ni * nj];
  let start = 0;
  const steps = [0, 1, 2].map((axis) => {
    const source = map.sourceAxis[axis]!;
    if (!map.isFlipped[axis]) return strides[source]!;
    start += (sourceGrid.dimsIjk[source]! - 1) * strides[source]!;
    return -strides[source]!;
  });
  return { start, steps: [steps[0]!, steps[1]!, steps[2]!] };
}

function isIdentity(map: AxisMap): boolean {
  return map.sourceAxis.every((source, axis) => source === axis && !map.isFlipped[axis]);
}

function checkCount(voxels: VoxelArray, grid: Grid): void {
  if (voxels.length !== voxelCountOf(grid)) throw new Error(`${voxels.length} voxels do not fill ${grid.dimsIjk.join(' × ')}`);
}

/** A zeroed array of the same element type; never a Buffer, which calls itself a Uint8Array. */
function emptyLike<A extends VoxelArray>(voxels: A, count: number): A {
  const Constructor = voxels instanceof Uint8Array ? Uint8Array : voxels.constructor;
  return new (Constructor as new (count: number) => A)(count);
}
