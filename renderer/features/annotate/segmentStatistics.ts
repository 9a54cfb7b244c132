/** What can be said of each label of a mask in numbers. One pass over the voxels, then one over the slices that a label is in. */
import { hullCorners, largestDistance } from './largestDiameter.ts';

export interface StatisticsInput {
  readonly labels: ArrayLike<number>;
  /** Image values on the same grid. */
  readonly values: ArrayLike<number>;
  readonly dimsIjk: readonly [number, number, number];
  readonly spacingMm: readonly [number, number, number];
}

export interface SegmentStatistics {
  readonly labelValue: number;
  readonly voxelCount: number;
  readonly volumeMl: number;
  readonly mean: number;
  /** Of the voxels of the label, not of a sample. */
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Between voxel centres. */
  readonly largestDiameterMm: number;
  /** Within one axial slice. */
  readonly largestAxialDiameterMm: number;
}

/** Sums are taken about the first value of the label, so that large values keep their digits. */
interface Tally {
  readonly origin: number;
  count: number;
  sum: number;
  squares: number;
  minimum: number;
  maximum: number;
  firstSlice: number;
  lastSlice: number;
}

/** Of the labels that occur, in ascending order. */
export function segmentStatistics(input: StatisticsInput): SegmentStatistics[] {
  const voxelMl = (input.spacingMm[0] * input.spacingMm[1] * input.spacingMm[2]) / 1000;
  return [...tallyLabels(input)]
    .sort(([a], [b]) => a - b)
    .map(([labelValue, { origin, count, sum, squares, minimum, maximum, firstSlice, lastSlice }]) => ({
      labelValue,
      voxelCount: count,
      volumeMl: count * voxelMl,
      mean: origin + sum / count,
      standardDeviation: Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)),
      minimum,
      maximum,
      ...diameters(input, labelValue, firstSlice, lastSlice),
    }));
}

function tallyLabels({ labels, values, dimsIjk: [ni, nj, nk] }: StatisticsInput): Map<number, Tally> {
  const tallies = new Map<number, Tally>();
  let current = 0;
  let tally: Tally | undefined;
  for (let k = 0, n = 0; k < nk; k++) {
    for (const end = n + ni * nj; n < end; n++) {
      const label = labels[n]!;
      if (label === 0) continue;
      const value = values[n]!;
      if (label !== current || !tally) {
        current = label;
        tally = tallies.get(label);
        if (!tally) tallies.set(label, (tally = { origin: value, count: 0, sum: 0, squares: 0, minimum: value, maximum: value, firstSlice: k, lastSlice: k }));
      }
      const offset = value - tally.origin;
      tally.count++;
      tally.sum += offset;
      tally.squares += offset * offset;
      if (value < tally.minimum) tally.minimum = value;
      if (value > tally.maximum) tally.maximum = value;
      tally.lastSlice = k;
    }
  }
  return tallies;
}

function diameters({ labels, dimsIjk: [ni, nj], spacingMm: [si, sj, sk] }: StatisticsInput, labelValue: number, firstSlice: number, lastSlice: number) {
  const corners: number[] = [];
  let largestAxialDiameterMm = 0;
  for (let k = firstSlice; k <= lastSlice; k++) {
    const ends: (readonly [number, number])[] = [];
    for (let j = 0; j < nj; j++) {
      const row = ni * (j + nj * k);
      let [first, last] = [-1, -1];
      for (let i = 0; i < ni; i++) {
        if (labels[row + i] !== labelValue) continue;
        if (first < 0) first = i;
        last = i;
      }
      // rows go along y, so that points come in the order of y, then x
      if (first >= 0) ends.push([j * sj, first * si]);
      if (last > first) ends.push([j * sj, last * si]);
    }
    const slice = hullCorners(ends).flatMap(([y, x]) => [x, y, k * sk]);
    largestAxialDiameterMm = Math.max(largestAxialDiameterMm, largestDistance(slice));
    for (const value of slice) corners.push(value);
  }
  return { largestDiameterMm: largestDistance(corners), largestAxialDiameterMm };
}
