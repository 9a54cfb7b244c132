/** Dice of label maps; a class that is absent from both maps of a case says nothing about it. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';

/** Dice per class 1 … classCount − 1; NaN where the class is in neither map. */
export function dicePerClass(predicted: LabelArray, truth: LabelArray, classCount: number): number[] {
  const both = new Float64Array(classCount);
  const inPredicted = new Float64Array(classCount);
  const inTruth = new Float64Array(classCount);
  for (let n = 0; n < truth.length; n++) {
    const p = predicted[n]!;
    const t = truth[n]!;
    inPredicted[p]!++;
    inTruth[t]!++;
    if (p === t) both[t]!++;
  }
  return Array.from({ length: classCount - 1 }, (_, n) => (2 * both[n + 1]!) / (inPredicted[n + 1]! + inTruth[n + 1]!));
}

export interface DiceSummary {
  /** Mean of the classes that occurred; NaN when none did. */
  readonly mean: number;
  /** Mean over cases per class; NaN where no case had the class. */
  readonly perClass: readonly number[];
}

export function summarizeDice(cases: readonly (readonly number[])[]): DiceSummary {
  const classes = cases[0]?.length ?? 0;
  const perClass = Array.from({ length: classes }, (_, c) => meanOfNumbers(cases.map((dice) => dice[c]!)));
  return { mean: meanOfNumbers(perClass), perClass };
}

/** Leaves NaN out; NaN when nothing is left. */
function meanOfNumbers(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}
