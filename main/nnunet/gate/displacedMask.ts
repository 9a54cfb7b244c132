/** Does a corrected mask lie beside the structures, as by a wrong series or a moved table? Pure. */
import type { GateRules } from '../../contract/gate.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';

export interface MaskOffset {
  /** By which the mask lies from the prediction, along the axes of the grid. */
  readonly offsetIjk: readonly [number, number, number];
  readonly offsetMm: number;
  /** Of all foreground voxels together, each with its own label. */
  readonly diceInPlace: number;
  /** The same once the prediction is moved by the offset. */
  readonly diceMoved: number;
}

/** Less than that is the work of a brush. */
const LEAST_OFFSET_VOXELS = 2;
/** A prediction that agrees less even when moved knows too little to accuse a mask. */
const LEAST_DICE_MOVED = 0.5;

/** Moved as a whole: on the prediction's structures it would agree much better with them. */
export const isDisplaced = ({ offsetIjk, diceInPlace, diceMoved }: MaskOffset, { displacedGain }: Pick<GateRules, 'displacedGain'>): boolean =>
  offsetIjk.some((voxels) => Math.abs(voxels) >= LEAST_OFFSET_VOXELS) && diceMoved >= LEAST_DICE_MOVED && diceMoved - diceInPlace >= displacedGain;

/**
 * Between the centroids of the labels that both maps have, weighted by their size, in whole voxels. Both arrays lie on `grid`, i
 * fastest; voxels that are `ignoreLabel` in the mask count nowhere. `null`: no label in common.
 */
export function maskOffset(
  predicted: LabelArray,
  mask: LabelArray,
  { dimsIjk, spacingMm }: Pick<Grid, 'dimsIjk' | 'spacingMm'>,
  ignoreLabel: number | null,
): MaskOffset | null {
  const isIgnored = (n: number): boolean => mask[n] === ignoreLabel;
  const [centroidsPredicted, centroidsMask] = [centroids(predicted, dimsIjk, isIgnored), centroids(mask, dimsIjk, isIgnored)];
  const sum = [0, 0, 0];
  let weights = 0;
  for (const [label, to] of centroidsMask) {
    const from = centroidsPredicted.get(label);
    if (!from) continue;
    const weight = Math.min(from.voxelCount, to.voxelCount);
    weights += weight;
    for (const axis of [0, 1, 2] as const) sum[axis]! += weight * (to.centroidIjk[axis] - from.centroidIjk[axis]);
  }
  if (weights === 0) return null;
  const along = (axis: 0 | 1 | 2): number => Math.round(sum[axis]! / weights);
  const offsetIjk = [along(0), along(1), along(2)] as const;
  const offsetMm = Math.hypot(offsetIjk[0] * spacingMm[0], offsetIjk[1] * spacingMm[1], offsetIjk[2] * spacingMm[2]);
  const diceAt = (offset: MaskOffset['offsetIjk']): number => foregroundDice(predicted, mask, dimsIjk, offset, ignoreLabel);
  return { offsetIjk, offsetMm, diceInPlace: diceAt([0, 0, 0]), diceMoved: diceAt(offsetIjk) };
}

interface Centroid {
  readonly voxelCount: number;
  readonly centroidIjk: readonly [number, number, number];
}

function centroids(labels: LabelArray, [ni, nj]: Grid['dimsIjk'], isIgnored: (n: number) => boolean): Map<number, Centroid> {
  const sums = new Map<number, [count: number, i: number, j: number, k: number]>();
  for (let n = 0; n < labels.length; n++) {
    const label = labels[n]!;
    if (label === 0 || isIgnored(n)) continue;
    let sum = sums.get(label);
    if (!sum) sums.set(label, (sum = [0, 0, 0, 0]));
    sum[0]++;
    sum[1] += n % ni;
    sum[2] += Math.floor(n / ni) % nj;
    sum[3] += Math.floor(n / (ni * nj));
  }
  return new Map([...sums].map(([label, [voxelCount, i, j, k]]) => [label, { voxelCount, centroidIjk: [i / voxelCount, j / voxelCount, k / voxelCount] }]));
}

/** Twice the voxels of equal label over the foreground of both; what moves out of the grid agrees with nothing. */
function foregroundDice(
  predicted: LabelArray,
  mask: LabelArray,
  [ni, nj, nk]: Grid['dimsIjk'],
  [di, dj, dk]: MaskOffset['offsetIjk'],
  ignoreLabel: number | null,
): number {
  let [common, total] = [0, 0];
  for (let n = 0; n < mask.length; n++) {
    const inMask = mask[n] !== 0 && mask[n] !== ignoreLabel;
    if (inMask) total++;
    const label = predicted[n]!;
    if (label === 0 || mask[n] === ignoreLabel) continue;
    total++;
    const [i, j, k] = [(n % ni) + di, (Math.floor(n / ni) % nj) + dj, Math.floor(n / (ni * nj)) + dk];
    const isInside = i >= 0 && i < ni && j >= 0 && j < nj && k >= 0 && k < nk;
    if (isInside && mask[i + ni * (j + nj * k)] === label) common++;
  }
  return (2 * common) / total;
}
