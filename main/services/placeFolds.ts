/** In which fold a case is held out. Placed once, a case never moves; cases of one subject share a fold. Pure. */
import { AppException } from '../contract/errors.ts';
import type { NewPlacement } from '../dataset/foldTable.ts';
import { crossValidationSplits, FOLD_COUNT } from '../nnunet/train/splits.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { SplitsFile } from './splitsFile.ts';

/** `null`: held out in no fold, always trained on. */
export type HeldOutIn = number | null;
export type Placement = ReadonlyMap<CaseId, HeldOutIn>;

export interface SubjectOfCase {
  readonly caseId: CaseId;
  readonly subject: string;
}

/**
 * The folds of those `cases` that `placed` does not hold yet, and why. A split file of the user's decides for the cases it names;
 * a file of fewer than five folds is taken as complete, so that further cases are only trained on. Without a file the
 * first placement is nnU-Net's, and later subjects go to the fold with the fewest. A single subject is never held out.
 * Throws AppException contract/bad-input when the file contradicts itself or moves a case.
 */
export function placeFolds(cases: readonly SubjectOfCase[], placed: Placement, file: SplitsFile | null): Map<CaseId, NewPlacement> {
  const fromFile = file ? foldsInFile(file) : new Map<string, HeldOutIn>();
  refuseMoves(placed, fromFile);
  const fresh = cases.filter(({ caseId }) => !placed.has(caseId));
  const folds = new Map<CaseId, NewPlacement>();
  for (const { caseId } of fresh) if (fromFile.has(caseId)) folds.set(caseId, { fold: fromFile.get(caseId) ?? null, reason: 'splitsFile' });
  const unnamed = fresh.filter(({ caseId }) => !folds.has(caseId));
  const decide: Decide =
    file && file.length < FOLD_COUNT
      ? () => ({ fold: null, reason: 'notInSplitsFile' })
      : placed.size === 0 && folds.size === 0
        ? firstFolds(unnamed)
        : laterFolds(cases, placed, folds);
  for (const one of unnamed) folds.set(one.caseId, decide(one));
  return folds;
}

type Decide = (one: SubjectOfCase) => NewPlacement;

/** nnU-Net's own split of all cases at once. */
function firstFolds(cases: readonly SubjectOfCase[]): Decide {
  const splits = crossValidationSplits(cases);
  if (splits.length < 2) return () => ({ fold: null, reason: 'onlySubject' });
  return ({ caseId }) => {
    const fold = splits.findIndex(({ val }) => val.includes(caseId));
    return { fold: fold < 0 ? null : fold, reason: 'firstSplit' };
  };
}

/** Beside a case of the same subject, else where the fewest subjects are. */
function laterFolds(cases: readonly SubjectOfCase[], placed: Placement, named: ReadonlyMap<CaseId, NewPlacement>): Decide {
  const foldOfSubject = new Map<string, HeldOutIn>();
  for (const { caseId, subject } of cases) {
    const fold = placed.has(caseId) ? placed.get(caseId) : named.get(caseId)?.fold;
    if (fold !== undefined) foldOfSubject.set(subject, fold);
  }
  return ({ subject }) => {
    const known = foldOfSubject.get(subject);
    if (known !== undefined) return { fold: known, reason: 'sameSubject' };
    const counts = Array.from({ length: FOLD_COUNT }, () => 0);
    for (const fold of foldOfSubject.values()) if (fold !== null) counts[fold]!++;
    const fold = counts.indexOf(Math.min(...counts));
    foldOfSubject.set(subject, fold);
    return { fold, reason: 'fewestSubjects' };
  };
}

function foldsInFile(file: SplitsFile): Map<string, HeldOutIn> {
  const folds = new Map<string, HeldOutIn>();
  for (const { train } of file) for (const id of train) folds.set(id, null);
  for (const [fold, { train, val }] of file.entries()) {
    const both = val.find((id) => train.includes(id));
    if (both !== undefined) throw badSplits(`fold ${fold} trains on ${both} and validates on it`);
    for (const id of val) {
      const other = folds.get(id);
      if (other !== undefined && other !== null) throw badSplits(`${id} is held out in fold ${other} and in fold ${fold}`);
      folds.set(id, fold);
    }
  }
  return folds;
}

function refuseMoves(placed: Placement, fromFile: ReadonlyMap<string, HeldOutIn>): void {
  for (const [caseId, fold] of placed) {
    const asked = fromFile.get(caseId);
    if (asked !== undefined && asked !== fold)
      throw badSplits(`${caseId} was placed in ${nameOf(fold)} by an earlier training and cannot move to ${nameOf(asked)}`);
  }
}

const nameOf = (fold: HeldOutIn): string => (fold === null ? 'no fold' : `fold ${fold}`);
const badSplits = (issue: string) => new AppException({ code: 'contract/bad-input', issues: [`splits_final.json: ${issue}`] });

/** The file with every placed case in it; ids it names beyond those stay. */
export function splitsWith(placed: Placement, file: SplitsFile | null): SplitsFile {
  const foldCount = file?.length ?? FOLD_COUNT;
  const inFile = file ? foldsInFile(file) : new Map<string, HeldOutIn>();
  const all = new Map<string, HeldOutIn>([...inFile, ...placed]);
  const ids = [...all.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return Array.from({ length: foldCount }, (_, fold) => ({ train: ids.filter((id) => all.get(id) !== fold), val: ids.filter((id) => all.get(id) === fold) }));
}
