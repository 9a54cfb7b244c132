/** Every figure of one case: two label maps on one grid, compared structure by structure. */
import type { EvaluatedStructure, StructureMetrics } from '../../contract/evaluation.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { surfaceDistances } from './surfaceDistances.ts';
import type { SurfaceDistances } from './surfaceDistances.ts';
import { boxShapeDhw, surfaceVoxels } from './surfaceVoxels.ts';
import type { BoxDhw } from './surfaceVoxels.ts';

export interface LabelmapPair {
  /** Both [D, H, W] of `shapeDhw`. */
  readonly predicted: LabelArray;
  readonly truth: LabelArray;
  readonly shapeDhw: ShapeDhw;
  readonly spacingDhwMm: ShapeDhw;
}

export interface EvaluateOptions {
  readonly structures: readonly Pick<EvaluatedStructure, 'labelValues'>[];
  /** The seed's rule: Dice and IoU are 1 where neither map has the structure (nnU-Net v2: undefined). */
  readonly absentScoresOne: boolean;
  /** Voxels whose truth is this label count for nothing; surfaces near them are unknown, so distances are undefined then. */
  readonly ignoreLabel: number | null;
  /** Absent: distances are measured, which takes most of the time. */
  readonly withoutDistances?: boolean;
}

const LABEL_LIMIT = 65536;

/** One entry per structure. Throws a RangeError when the arrays do not have the voxels of the shape. */
export function evaluateCase(pair: LabelmapPair, options: EvaluateOptions): StructureMetrics[] {
  const { predicted, truth, shapeDhw } = pair;
  const voxels = shapeDhw[0] * shapeDhw[1] * shapeDhw[2];
  if (predicted.length !== voxels || truth.length !== voxels) {
    throw new RangeError(`label maps of ${predicted.length} and ${truth.length} voxels, ${voxels} expected`);
  }
  const table = tallyLabels(pair, options);
  return options.structures.map(({ labelValues }) => structureMetrics(pair, labelValues, table, options));
}

/** Label values above 0 that occur, ascending. */
export function labelValuesIn(...maps: readonly LabelArray[]): number[] {
  const occurs = new Uint8Array(LABEL_LIMIT);
  for (const map of maps) for (let n = 0; n < map.length; n++) occurs[map[n]!] = 1;
  const values: number[] = [];
  for (let value = 1; value < LABEL_LIMIT; value++) if (occurs[value] === 1) values.push(value);
  return values;
}

interface LabelTally {
  /** Rank of a label among those evaluated, from 1; 0 for every other. */
  readonly rankOf: Uint16Array;
  readonly ranks: number;
  /** Voxels by rank predicted × rank in truth. */
  readonly joint: Float64Array;
  readonly voxelCount: number;
  readonly ignoredCount: number;
  /** Six numbers per rank: begin and inclusive end of D, H, W over both maps. */
  readonly bounds: Int32Array;
}

/** One walk over the voxels for all structures. */
function tallyLabels({ predicted, truth, shapeDhw }: LabelmapPair, { structures, ignoreLabel }: EvaluateOptions): LabelTally {
  const labels = [...new Set(structures.flatMap(({ labelValues }) => labelValues))];
  const rankOf = new Uint16Array(LABEL_LIMIT);
  labels.forEach((label, n) => (rankOf[label] = n + 1));
  const ranks = labels.length + 1;
  const joint = new Float64Array(ranks * ranks);
  const bounds = new Int32Array(ranks * 6);
  for (let rank = 0; rank < ranks; rank++) bounds.set([2 ** 30, 2 ** 30, 2 ** 30, -1, -1, -1], rank * 6);
  const ignored = ignoreLabel ?? -1;
  let ignoredCount = 0;
  for (let d = 0, n = 0; d < shapeDhw[0]; d++) {
    for (let h = 0; h < shapeDhw[1]; h++) {
      for (let w = 0; w < shapeDhw[2]; w++, n++) {
        if (truth[n] === ignored) {
          ignoredCount++;
          continue;
        }
        const a = rankOf[predicted[n]!]!;
        const b = rankOf[truth[n]!]!;
        joint[a * ranks + b]!++;
        if (a !== 0) extend(bounds, a * 6, d, h, w);
        if (b !== 0 && b !== a) extend(bounds, b * 6, d, h, w);
      }
    }
  }
  return { rankOf, ranks, joint, bounds, ignoredCount, voxelCount: predicted.length - ignoredCount };
}

function extend(bounds: Int32Array, at: number, d: number, h: number, w: number): void {
  if (d < bounds[at]!) bounds[at] = d;
  if (h < bounds[at + 1]!) bounds[at + 1] = h;
  if (w < bounds[at + 2]!) bounds[at + 2] = w;
  if (d > bounds[at + 3]!) bounds[at + 3] = d;
  if (h > bounds[at + 4]!) bounds[at + 4] = h;
  if (w > bounds[at + 5]!) bounds[at + 5] = w;
}

function structureMetrics(pair: LabelmapPair, labelValues: readonly number[], tally: LabelTally, options: EvaluateOptions): StructureMetrics {
  const ranks = [...new Set(labelValues.map((label) => tally.rankOf[label]!))];
  const { both, inPredicted, inTruth } = countsOf(tally, ranks);
  const presence = inPredicted > 0 ? (inTruth > 0 ? 'both' : 'predictionOnly') : inTruth > 0 ? 'truthOnly' : 'neither';
  const falsePositives = inPredicted - both;
  const falseNegatives = inTruth - both;
  const whenAbsent = options.absentScoresOne ? 1 : null;
  const hasDistances = presence === 'both' && tally.ignoredCount === 0 && !options.withoutDistances;
  const distances = hasDistances ? distancesOf(pair, labelValues, ranks, tally, falsePositives + falseNegatives) : null;
  const voxelMl = (pair.spacingDhwMm[0] * pair.spacingDhwMm[1] * pair.spacingDhwMm[2]) / 1000;
  return {
    presence,
    dice: presence === 'neither' ? whenAbsent : (2 * both) / (inPredicted + inTruth),
    iou: presence === 'neither' ? whenAbsent : both / (inPredicted + inTruth - both),
    hd95Mm: distances?.hd95Mm ?? null,
    assdMm: distances?.assdMm ?? null,
    predictedMl: inPredicted * voxelMl,
    truthMl: inTruth * voxelMl,
    volumeErrorMl: (inPredicted - inTruth) * voxelMl,
    volumeErrorPercent: inTruth > 0 ? (100 * (inPredicted - inTruth)) / inTruth : null,
    truePositives: both,
    falsePositives,
    falseNegatives,
    trueNegatives: tally.voxelCount - both - falsePositives - falseNegatives,
  };
}

function countsOf({ joint, ranks: all }: LabelTally, ranks: readonly number[]) {
  let both = 0;
  let inPredicted = 0;
  let inTruth = 0;
  for (const rank of ranks) {
    for (let other = 0; other < all; other++) {
      inPredicted += joint[rank * all + other]!;
      inTruth += joint[other * all + rank]!;
    }
    for (const other of ranks) both += joint[rank * all + other]!;
  }
  return { both, inPredicted, inTruth };
}

function distancesOf(
  { predicted, truth, shapeDhw, spacingDhwMm }: LabelmapPair,
  labelValues: readonly number[],
  ranks: readonly number[],
  tally: LabelTally,
  differingVoxels: number,
): SurfaceDistances {
  if (differingVoxels === 0) return { hd95Mm: 0, assdMm: 0 };
  const isMember = new Uint8Array(LABEL_LIMIT);
  for (const label of labelValues) isMember[label] = 1;
  const box = boxOf(tally.bounds, ranks);
  const a = surfaceVoxels(predicted, shapeDhw, isMember, box);
  const b = surfaceVoxels(truth, shapeDhw, isMember, box);
  return surfaceDistances(a, b, boxShapeDhw(box), spacingDhwMm);
}

/** Around both maps' voxels of all the ranks. */
function boxOf(bounds: Int32Array, ranks: readonly number[]): BoxDhw {
  const least = (axis: number): number => Math.min(...ranks.map((rank) => bounds[rank * 6 + axis]!));
  const most = (axis: number): number => Math.max(...ranks.map((rank) => bounds[rank * 6 + 3 + axis]!));
  return { begin: [least(0), least(1), least(2)], end: [most(0) + 1, most(1) + 1, most(2) + 1] };
}
