/** A label map on another grid by its nearest voxels: for masks that were drawn on an image of other spacing or orientation. */
import { emptyLabels, typeOfLabels } from '../contract/labelType.ts';
import { LARGEST_LABEL_VALUE, type Grid } from '../contract/vocabulary.ts';
import type { LabelArray } from './connectedComponents.ts';
import { ijkToLps, lpsToIjk, voxelCountOf } from './grid.ts';
import type { Volume } from './volume.ts';

export interface LabelVolumes {
  readonly labelValue: number;
  readonly sourceMm3: number;
  readonly targetMm3: number;
}

export interface ResampledLabels {
  /** On the target grid, of the type of the source. */
  readonly labels: Volume<LabelArray>;
  /** Labelled voxels of the source whose centre lies outside the target. */
  readonly outsideVoxelCount: number;
  /** Of every label of the source, ascending; a label that vanished has `targetMm3` 0. */
  readonly volumes: readonly LabelVolumes[];
}

/** Centres exactly between two voxels go to the higher index, also after rounding errors of the affine. */
const TIE = 1e-6;
type Triple = readonly [number, number, number];

/** Voxel coordinates of one grid as an affine function of those of another: `start + i*step[0] + j*step[1] + k*step[2]`. */
interface IndexMap {
  readonly start: Triple;
  readonly steps: readonly [Triple, Triple, Triple];
}

/** Lowest and highest index on each axis that hold a label. */
type LabelBox = readonly [Triple, Triple];

/** Grids may differ in everything. A target voxel whose centre lies in no source voxel becomes background. */
export function resampleLabelsOnto(source: Volume<LabelArray>, target: Grid): ResampledLabels {
  const voxels = emptyLabels(typeOfLabels(source.voxels), voxelCountOf(target));
  const sourceCounts = new Float64Array(LARGEST_LABEL_VALUE + 1);
  const box = countLabels(source, sourceCounts);
  if (box) fillNearest(source, target, box, voxels);
  const targetCounts = new Float64Array(LARGEST_LABEL_VALUE + 1);
  for (let n = 0; n < voxels.length; n++) targetCounts[voxels[n]!]!++;
  const [sourceVoxelMm3, targetVoxelMm3] = [voxelMm3(source.grid), voxelMm3(target)];
  const volumes: LabelVolumes[] = [];
  for (let labelValue = 1; labelValue <= LARGEST_LABEL_VALUE; labelValue++) {
    if (sourceCounts[labelValue] === 0) continue;
    const sourceMm3 = sourceCounts[labelValue]! * sourceVoxelMm3;
    volumes.push({ labelValue, sourceMm3, targetMm3: targetCounts[labelValue]! * targetVoxelMm3 });
  }
  return { labels: { grid: target, voxels }, outsideVoxelCount: box ? countOutside(source, target, box) : 0, volumes };
}

function voxelMm3({ spacingMm: [i, j, k] }: Grid): number {
  return i * j * k;
}

function indexMap(from: Grid, to: Grid): IndexMap {
  const at = (ijk: Triple) => lpsToIjk(to, ijkToLps(from, ijk));
  const start = at([0, 0, 0]);
  const step = (ijk: Triple): Triple => {
    const end = at(ijk);
    return [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
  };
  return { start, steps: [step([1, 0, 0]), step([0, 1, 0]), step([0, 0, 1])] };
}

/** Voxels per label into `counts`; the box of all labels, or `null` when there is none. */
function countLabels({ grid, voxels }: Volume<LabelArray>, counts: Float64Array): LabelBox | null {
  const [ni, nj, nk] = grid.dimsIjk;
  const low = [ni, nj, nk];
  const high = [-1, -1, -1];
  for (let k = 0, row = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, row += ni) {
      let first = -1;
      let last = -1;
      for (let i = 0; i < ni; i++) {
        const label = voxels[row + i]!;
        if (label === 0) continue;
        counts[label]!++;
        if (first < 0) first = i;
        last = i;
      }
      if (first < 0) continue;
      [first, j, k].forEach((index, axis) => (low[axis] = Math.min(low[axis]!, index)));
      [last, j, k].forEach((index, axis) => (high[axis] = Math.max(high[axis]!, index)));
    }
  }
  return high[0]! < 0 ? null : [low as unknown as Triple, high as unknown as Triple];
}

function fillNearest(source: Volume<LabelArray>, target: Grid, [low, high]: LabelBox, out: LabelArray): void {
  const { start, steps } = indexMap(target, source.grid);
  const [ni, nj, nk] = target.dimsIjk;
  const [strideJ, strideK] = [source.grid.dimsIjk[0], source.grid.dimsIjk[0] * source.grid.dimsIjk[1]];
  const [stepX, stepY, stepZ] = steps[0];
  const { voxels } = source;
  const half = 0.5 + TIE;
  for (let k = 0, row = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, row += ni) {
      const x = start[0] + j * steps[1][0] + k * steps[2][0] + half;
      const y = start[1] + j * steps[1][1] + k * steps[2][1] + half;
      const z = start[2] + j * steps[1][2] + k * steps[2][2] + half;
      let [begin, end] = clipped(x, stepX, low[0], high[0] + 1, 0, ni);
      [begin, end] = clipped(y, stepY, low[1], high[1] + 1, begin, end);
      [begin, end] = clipped(z, stepZ, low[2], high[2] + 1, begin, end);
      for (let i = begin; i < end; i++) {
        // positive inside the box, so that truncation is the floor
        const at = ((x + i * stepX) | 0) + strideJ * ((y + i * stepY) | 0) + strideK * ((z + i * stepZ) | 0);
        out[row + i] = voxels[at]!;
      }
    }
  }
}

/** The part of `begin ≤ i < end` where `low ≤ start + i*step < high`. */
function clipped(start: number, step: number, low: number, high: number, begin: number, end: number): [number, number] {
  const isInside = (i: number) => start + i * step >= low && start + i * step < high;
  if (step === 0) return isInside(begin) ? [begin, end] : [begin, begin];
  const [a, b] = [(low - start) / step, (high - start) / step];
  let first = Math.min(end, Math.max(begin, Math.ceil(Math.min(a, b)) - 1));
  let last = Math.max(first, Math.min(end, Math.floor(Math.max(a, b)) + 2));
  // the estimate is at most one off
  while (first < last && !isInside(first)) first++;
  while (last > first && !isInside(last - 1)) last--;
  return [first, last];
}

function countOutside(source: Volume<LabelArray>, target: Grid, [low, high]: LabelBox): number {
  const { start, steps } = indexMap(source.grid, target);
  const [ni, nj] = source.grid.dimsIjk;
  const half = 0.5 + TIE;
  let outside = 0;
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const row = ni * (j + nj * k);
      let [begin, end] = [low[0], high[0] + 1];
      for (let axis = 0; axis < 3; axis++) {
        const at = start[axis]! + j * steps[1][axis]! + k * steps[2][axis]! + half;
        [begin, end] = clipped(at, steps[0][axis]!, 0, target.dimsIjk[axis]!, begin, end);
      }
      for (let i = low[0]; i < begin; i++) if (source.voxels[row + i] !== 0) outside++;
      for (let i = Math.max(end, low[0]); i <= high[0]; i++) if (source.voxels[row + i] !== 0) outside++;
    }
  }
  return outside;
}
