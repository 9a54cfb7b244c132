/** World points and directions in the millimetres of a grid's own axes, measured from the centre of voxel (0,0,0). */
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { Triple } from './maskEditor.ts';

export function toGridAxes({ direction }: Pick<Grid, 'direction'>, vectorLps: readonly number[]): Triple {
  const along = (axis: number): number => [0, 1, 2].reduce((sum, c) => sum + vectorLps[c]! * direction[3 * axis + c]!, 0);
  return [along(0), along(1), along(2)];
}

export const toGridMm = (grid: Pick<Grid, 'direction' | 'originLpsMm'>, pointLpsMm: readonly number[]): Triple =>
  toGridAxes(
    grid,
    pointLpsMm.map((value, axis) => value - grid.originLpsMm[axis]!),
  );

/** Back from `toGridMm`. */
export const toLpsMm = ({ direction, originLpsMm }: Pick<Grid, 'direction' | 'originLpsMm'>, gridMm: Triple): [number, number, number] => {
  const along = (c: number): number => originLpsMm[c]! + gridMm.reduce((sum, mm, axis) => sum + mm * direction[3 * axis + c]!, 0);
  return [along(0), along(1), along(2)];
};

/** Null outside of the volume. */
export function voxelAt(gridMm: Triple, dims: Triple, spacing: Triple): Triple | null {
  const [i, j, k] = gridMm.map((value, axis) => Math.round(value / spacing[axis]!)) as [number, number, number];
  return i >= 0 && j >= 0 && k >= 0 && i < dims[0] && j < dims[1] && k < dims[2] ? [i, j, k] : null;
}
