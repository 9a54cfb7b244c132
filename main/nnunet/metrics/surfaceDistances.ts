/** HD95 and ASSD from the distances between two surfaces. */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { distancesToNearest } from './distanceTransform.ts';

export interface SurfaceDistances {
  /** Larger of the two directed 95th percentiles (interpolated linearly, as numpy and MONAI do). */
  readonly hd95Mm: number;
  /** Mean over all surface voxels of both (Heimann et al. 2009; MONAI's symmetric surface distance). */
  readonly assdMm: number;
}

/**
 * Distances between two surfaces given as masks (1 = surface voxel) of one shape; both must have voxels.
 * medpy differs: its HD95 pools both directions before the percentile, its ASSD averages the two directed means.
 */
export function surfaceDistances(a: Uint8Array, b: Uint8Array, shape: ShapeDhw, spacingDhwMm: ShapeDhw): SurfaceDistances {
  const fromA = distancesToNearest(a, b, shape, spacingDhwMm).sort();
  const fromB = distancesToNearest(b, a, shape, spacingDhwMm).sort();
  return {
    hd95Mm: Math.max(percentileOfSorted(fromA, 0.95), percentileOfSorted(fromB, 0.95)),
    assdMm: (sum(fromA) + sum(fromB)) / (fromA.length + fromB.length),
  };
}

/** Linear between the two nearest ranks; `part` 0…1, `sorted` ascending and not empty. */
export function percentileOfSorted(sorted: ArrayLike<number>, part: number): number {
  const rank = part * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (rank - below);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let n = 0; n < values.length; n++) total += values[n]!;
  return total;
}
