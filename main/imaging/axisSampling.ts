/**
 * Where the samples of a resized axis lie on the old one. Voxels keep the physical extent, so centres are half a voxel
 * in (scipy's `grid_mode`); outside the first and last centre the edge value goes on. Rounding is scipy's to the last bit: ties of votes hang on it.
 */

/** Output n = source[lower[n]]·(1 − upperWeight[n]) + source[upper[n]]·upperWeight[n]. */
export interface AxisSampling {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly upperWeight: Float64Array;
}

export type AxisRule = 'cubic' | 'linear' | 'nearest';

/** Continuous source index of output `n`. */
export function sourcePosition(n: number, fromCount: number, toCount: number): number {
  return (n + 0.5) * (fromCount / toCount) - 0.5;
}

/** Samples of one axis by linear interpolation or nearest neighbour; the identity when the counts agree. */
export function axisSampling(fromCount: number, toCount: number, rule: 'linear' | 'nearest'): AxisSampling {
  const lower = new Int32Array(toCount);
  const upper = new Int32Array(toCount);
  const upperWeight = new Float64Array(toCount);
  for (let n = 0; n < toCount; n++) {
    const position = Math.min(fromCount - 1, Math.max(0, sourcePosition(n, fromCount, toCount)));
    if (rule === 'nearest') {
      lower[n] = upper[n] = Math.min(fromCount - 1, Math.floor(position + 0.5));
    } else {
      lower[n] = Math.floor(position);
      upper[n] = Math.min(fromCount - 1, lower[n]! + 1);
      upperWeight[n] = 1 - (1 - (position - lower[n]!)); // what the lower one leaves
    }
  }
  return { lower, upper, upperWeight };
}
