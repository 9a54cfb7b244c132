/** One number per case and per class from an entropy map: how unsure a model was about what it found and its surroundings. */
import { BYTES_PER_BIT } from '../../contract/uncertainty.ts';
import type { CaseUncertainty } from '../../contract/uncertainty.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { boundingBox, boxShape, cropVolume, type BoxDhw } from '../../imaging/crop.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { labelsNearby } from './labelsNearby.ts';

/** What lies so close to a structure is judged with it. */
export const BAND_MM = 3;
/** Of all voxels, where nothing was found. */
const MOST_UNCERTAIN_PART = 0.01;

/**
 * `entropies` as `EntropyMap` makes them and `labels` (label values, 0 background), both [D, H, W] of `shape`. Far from every
 * structure a voxel counts for nothing: there are so many of them, and all are sure. Classes count alike, whatever their size.
 */
export function caseUncertainty(entropies: Uint8Array, labels: LabelArray, shape: ShapeDhw, spacingDhwMm: ShapeDhw): CaseUncertainty {
  const found = Uint8Array.from(labels, (label) => (label === 0 ? 0 : 1));
  if (!found.includes(1)) return { bits: meanOfMostUncertain(entropies), labels: [] };
  const box = grown(boundingBox(found, shape), shape, spacingDhwMm);
  const inBox = cropVolume(labels, shape, box);
  const sums = sumPerLabel(cropVolume(entropies, shape, box), labelsNearby(inBox, boxShape(box), spacingDhwMm, BAND_MM));
  const voxelCounts = new Map<number, number>();
  for (const label of inBox) if (label !== 0) voxelCounts.set(label, (voxelCounts.get(label) ?? 0) + 1);
  const perLabel = [...voxelCounts].sort(([a], [b]) => a - b).map(([labelValue, voxelCount]) => ({ labelValue, voxelCount, bits: sums.meanBits(labelValue) }));
  return { bits: perLabel.reduce((sum, { bits }) => sum + bits, 0) / perLabel.length, labels: perLabel };
}

function grown({ begin, end }: BoxDhw, shape: ShapeDhw, spacingDhwMm: ShapeDhw): BoxDhw {
  const reach = spacingDhwMm.map((spacing) => Math.floor(BAND_MM / spacing));
  const low = (axis: number): number => Math.max(0, begin[axis]! - reach[axis]!);
  const high = (axis: number): number => Math.min(shape[axis]!, end[axis]! + reach[axis]!);
  return { begin: [low(0), low(1), low(2)], end: [high(0), high(1), high(2)] };
}

function sumPerLabel(entropies: Uint8Array, nearby: LabelArray) {
  const sums = new Map<number, { total: number; count: number }>();
  for (let n = 0; n < nearby.length; n++) {
    const label = nearby[n]!;
    if (label === 0) continue;
    let sum = sums.get(label);
    if (!sum) sums.set(label, (sum = { total: 0, count: 0 }));
    sum.total += entropies[n]!;
    sum.count++;
  }
  const meanBits = (label: number): number => {
    const { total, count } = sums.get(label)!;
    return total / count / BYTES_PER_BIT;
  };
  return { meanBits };
}

function meanOfMostUncertain(entropies: Uint8Array): number {
  const histogram = new Float64Array(256);
  for (const value of entropies) histogram[value]!++;
  const wanted = Math.max(1, Math.round(MOST_UNCERTAIN_PART * entropies.length));
  let left = wanted;
  let total = 0;
  for (let value = 255; value > 0 && left > 0; value--) {
    const taken = Math.min(left, histogram[value]!);
    total += taken * value;
    left -= taken;
  }
  return total / wanted / BYTES_PER_BIT;
}
