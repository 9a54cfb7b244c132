import type { LabelArray } from './connectedComponents.ts';

/**
 * Dice of each label: twice the common voxels over the sum of both; `null` where neither map has the label.
 * Both maps lie on the same grid; throws a RangeError when their sizes differ.
 */
export function diceOfLabelmaps(predicted: LabelArray, truth: LabelArray, labelValues: readonly number[]): (number | null)[] {
  if (predicted.length !== truth.length) {
    throw new RangeError(`label maps of ${predicted.length} and ${truth.length} voxels cannot be compared`);
  }
  const count = predicted instanceof Uint8Array && truth instanceof Uint8Array ? 2 ** 8 : 2 ** 16;
  const predictedCount = new Float64Array(count);
  const truthCount = new Float64Array(count);
  const commonCount = new Float64Array(count);
  for (let n = 0; n < truth.length; n++) {
    const a = predicted[n]!;
    const b = truth[n]!;
    predictedCount[a]!++;
    truthCount[b]!++;
    if (a === b) commonCount[a]!++;
  }
  return labelValues.map((label) => {
    const sum = (predictedCount[label] ?? 0) + (truthCount[label] ?? 0);
    return sum === 0 ? null : (2 * commonCount[label]!) / sum;
  });
}
