import { roundHalfEven } from './roundHalfEven.ts';

type Triple = readonly [number, number, number];

/** Voxel counts after resampling from one spacing to another; the physical extent is kept, ties round to even. */
export function resizedShape(shape: Triple, fromMm: Triple, toMm: Triple): [number, number, number] {
  const along = (axis: 0 | 1 | 2) => Math.max(1, roundHalfEven((fromMm[axis] / toMm[axis]) * shape[axis]));
  return [along(0), along(1), along(2)];
}
