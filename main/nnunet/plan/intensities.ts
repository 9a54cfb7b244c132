/**
 * Intensities of one channel over the foreground of one case, without a list of its voxels: how often each value
 * occurs. Whole numbers of 16 bits (CT, and MR as scanners write it) are counted exactly; of other values as many are
 * kept as the caller allows. Mean, deviation and range are exact either way.
 */
import type { VoxelArray } from '../../imaging/volume.ts';
import type { Random } from '../random.ts';

const LOWEST_COUNTED = -32768;
const HIGHEST_COUNTED = 65535;

export interface CaseIntensities {
  readonly voxelCount: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
  readonly min: number;
  readonly max: number;
  /** Ascending, each once. */
  readonly values: Float64Array;
  /** How often; the sum is `voxelCount`, or the number of values kept. */
  readonly counts: Uint32Array;
}

const NOTHING: CaseIntensities = { voxelCount: 0, mean: 0, squares: 0, min: 0, max: 0, values: new Float64Array(0), counts: new Uint32Array(0) };

/** `foreground` (1 = inside) has one entry per voxel. At most `largestSample` values are kept where they cannot be counted. */
export function caseIntensities(voxels: VoxelArray, foreground: Uint8Array, largestSample: number, random: Random): CaseIntensities {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  let isWhole = true;
  for (let n = 0; n < voxels.length; n++) {
    if (foreground[n] === 0) continue;
    const value = voxels[n]!;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
    isWhole &&= Number.isInteger(value);
  }
  if (count === 0) return NOTHING;
  const mean = sum / count;
  // a second pass: the sum of squares of millions of CT values would lose the deviation
  let squares = 0;
  for (let n = 0; n < voxels.length; n++) if (foreground[n] !== 0) squares += (voxels[n]! - mean) ** 2;
  const isCountable = isWhole && min >= LOWEST_COUNTED && max <= HIGHEST_COUNTED;
  const kept = isCountable
    ? countedValues(voxels, foreground, min, max)
    : runLengths(sampledValues(voxels, foreground, count, Math.min(count, largestSample), random));
  return { voxelCount: count, mean, squares, min, max, ...kept };
}

function countedValues(voxels: VoxelArray, foreground: Uint8Array, min: number, max: number) {
  const histogram = new Uint32Array(max - min + 1);
  for (let n = 0; n < voxels.length; n++) if (foreground[n] !== 0) histogram[voxels[n]! - min]!++;
  const distinct = histogram.reduce((found, count) => found + (count > 0 ? 1 : 0), 0);
  const values = new Float64Array(distinct);
  const counts = new Uint32Array(distinct);
  let at = 0;
  histogram.forEach((count, bin) => {
    if (count === 0) return;
    values[at] = bin + min;
    counts[at++] = count;
  });
  return { values, counts };
}

/** `wanted` of the `count` foreground values, without replacement, in one pass (Knuth, algorithm S); sorted. */
function sampledValues(voxels: VoxelArray, foreground: Uint8Array, count: number, wanted: number, random: Random): Float64Array {
  const sample = new Float64Array(wanted);
  let [seen, taken] = [0, 0];
  for (let n = 0; taken < wanted; n++) {
    if (foreground[n] === 0) continue;
    const left = count - seen++;
    const open = wanted - taken;
    if (open === left || random.next() * left < open) sample[taken++] = voxels[n]!;
  }
  return sample.sort();
}

function runLengths(sorted: Float64Array) {
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (value === values[values.length - 1]) counts[counts.length - 1]!++;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values: Float64Array.from(values), counts: Uint32Array.from(counts) };
}

export interface PooledIntensities {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly median: number;
  readonly percentile005: number;
  readonly percentile995: number;
}

/**
 * `perCase`: each case weighs the same whatever its size, as v2 has it by drawing from every case equally often with
 * replacement; this is what such draws tend to. `perVoxel`: all foreground voxels of the data set together, as the seed.
 * `null` without any foreground.
 */
export function pooledIntensities(cases: readonly CaseIntensities[], weighting: 'perCase' | 'perVoxel'): PooledIntensities | null {
  const present = cases.filter(({ voxelCount }) => voxelCount > 0);
  if (present.length === 0) return null;
  const totalVoxels = present.reduce((sum, { voxelCount }) => sum + voxelCount, 0);
  const parts = present.map((one) => ({ one, part: weighting === 'perCase' ? 1 / present.length : one.voxelCount / totalVoxels }));
  const mean = parts.reduce((sum, { one, part }) => sum + part * one.mean, 0);
  const variance = parts.reduce((sum, { one, part }) => sum + part * (one.squares / one.voxelCount + (one.mean - mean) ** 2), 0);
  // v2 draws 1e8 values in all; only the place of ranks between two values depends on it
  const ranks = weighting === 'perCase' ? V2_SAMPLES : totalVoxels;
  const merged = mergedDistribution(parts);
  const at = (percent: number): number => weightedPercentile(merged, ranks, percent);
  return {
    mean,
    std: Math.sqrt(variance),
    min: Math.min(...present.map(({ min }) => min)),
    max: Math.max(...present.map(({ max }) => max)),
    median: at(50),
    percentile005: at(0.5),
    percentile995: at(99.5),
  };
}

const V2_SAMPLES = 1e8;

interface Distribution {
  readonly values: Float64Array;
  /** Share of the distribution at or below each value; the last is 1. */
  readonly cumulative: Float64Array;
}

function mergedDistribution(parts: readonly { readonly one: CaseIntensities; readonly part: number }[]): Distribution {
  const length = parts.reduce((sum, { one }) => sum + one.values.length, 0);
  const values = new Float64Array(length);
  const shares = new Float64Array(length);
  let offset = 0;
  for (const { one, part } of parts) {
    const kept = one.counts.reduce((sum, count) => sum + count, 0);
    values.set(one.values, offset);
    one.counts.forEach((count, n) => (shares[offset + n] = (part * count) / kept));
    offset += one.values.length;
  }
  const order = Uint32Array.from(values, (_, n) => n).sort((a, b) => values[a]! - values[b]!);
  const cumulative = new Float64Array(length);
  let sum = 0;
  order.forEach((n, rank) => (cumulative[rank] = sum += shares[n]!));
  return { values: Float64Array.from(order, (n) => values[n]!), cumulative: cumulative.map((share) => share / sum) };
}

/** NumPy's linear interpolation between the two ranks around `percent`, as if `ranks` values were listed. */
function weightedPercentile({ values, cumulative }: Distribution, ranks: number, percent: number): number {
  const rank = ((ranks - 1) * percent) / 100;
  const below = Math.floor(rank);
  const valueAt = (index: number): number => {
    // the value whose share of the list covers position `index`: half a position in keeps rounding away from borders
    const position = (index + 0.5) / ranks;
    let [low, high] = [0, values.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return values[low]!;
  };
  const lower = valueAt(below);
  return lower + (valueAt(Math.min(below + 1, ranks - 1)) - lower) * (rank - below);
}
