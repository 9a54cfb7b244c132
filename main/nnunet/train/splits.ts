/** Cross-validation folds as nnU-Net (scikit-learn KFold 5, shuffled, seed 12345), but whole subjects at a time. */
import { numpyShuffledIndices } from './numpyShuffle.ts';

export interface SplitCase {
  readonly caseId: string;
  /** Cases of one subject stay on one side. */
  readonly subject: string;
}

/** One entry of nnU-Net's `splits_final.json`; ids ascending. */
export interface Split {
  readonly train: readonly string[];
  readonly val: readonly string[];
}

export const FOLD_COUNT = 5;
const NNUNET_SEED = 12345;

/**
 * One split per fold. With all subjects different (and subject order = case order) these are scikit-learn's. Fewer than
 * five subjects give as many folds as subjects; a single one gives one fold that validates on its own training cases,
 * which the caller must tell the user.
 */
export function crossValidationSplits(cases: readonly SplitCase[]): Split[] {
  const subjects = [...new Set(cases.map(({ subject }) => subject))].sort(byCodeUnits);
  const allIds = cases.map(({ caseId }) => caseId).sort(byCodeUnits);
  if (subjects.length < 2) return subjects.map(() => ({ train: allIds, val: allIds }));
  const foldCount = Math.min(FOLD_COUNT, subjects.length);
  const order = numpyShuffledIndices(subjects.length, NNUNET_SEED);
  const foldOf = new Map<string, number>();
  let begin = 0;
  for (let fold = 0; fold < foldCount; fold++) {
    const count = Math.floor(subjects.length / foldCount) + (fold < subjects.length % foldCount ? 1 : 0);
    for (const index of order.slice(begin, begin + count)) foldOf.set(subjects[index]!, fold);
    begin += count;
  }
  const subjectOf = new Map(cases.map(({ caseId, subject }) => [caseId, subject]));
  const isIn = (fold: number) => (caseId: string) => foldOf.get(subjectOf.get(caseId)!) === fold;
  return Array.from({ length: foldCount }, (_, fold) => ({ train: allIds.filter((id) => !isIn(fold)(id)), val: allIds.filter(isIn(fold)) }));
}

/** Python's order of strings (for those without characters beyond U+FFFF), not the user's locale. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
