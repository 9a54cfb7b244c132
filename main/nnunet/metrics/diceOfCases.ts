/** Dice of label maps; a class that is absent from both maps of a case says nothing about it. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { diceOfLabelmaps } from '../../imaging/diceOfLabelmaps.ts';

/** Dice per class 1 … classCount − 1; NaN where the class is in neither map. */
export function dicePerClass(predicted: LabelArray, truth: LabelArray, classCount: number): number[] {
  const classes = Array.from({ length: classCount - 1 }, (_, n) => n + 1);
  return diceOfLabelmaps(predicted, truth, classes).map((dice) => dice ?? NaN);
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
