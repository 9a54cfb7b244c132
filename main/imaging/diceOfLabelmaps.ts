/**
 * Dice of each label: twice the common voxels over the sum of both; `null` where neither map has the label.
 * Both maps lie on the same grid; throws a RangeError when their sizes differ.
 */
export function diceOfLabelmaps(
  predicted: Uint8Array,
  truth: Uint8Array,
  labelValues: readonly number[],
): (number | null)[] {
  if (predicted.length !== truth.length) {
    throw new RangeError(`label maps of ${predicted.length} and ${truth.length} voxels cannot be compared`);
  }
  const predictedCount = new Float64Array(256);
  const truthCount = new Float64Array(256);
  const commonCount = new Float64Array(256);
  for (let n = 0; n < truth.length; n++) {
    const a = predicted[n]!;
    const b = truth[n]!;
    predictedCount[a]!++;
    truthCount[b]!++;
    if (a === b) commonCount[a]!++;
  }
  return labelValues.map((label) => {
    const sum = predictedCount[label]! + truthCount[label]!;
    return sum === 0 ? null : (2 * commonCount[label]!) / sum;
  });
}
