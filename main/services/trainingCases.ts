/** Which labelmaps a training learns from and which it is measured on. */
import { AppException } from '../contract/errors.ts';
import { whyIncomplete } from '../contract/completeness.ts';
import type { TrainCase } from '../contract/tasks.ts';
import type { CaseId, Fold, Revision } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { RunCase } from '../dataset/runTable.ts';
import { placeFolds, splitsWith } from './placeFolds.ts';
import { readSplits, writeSplits } from './splitsFile.ts';

/** Corrected cases are those a model got wrong: they are drawn twice as often. */
const CORRECTED_WEIGHT = 2;

/**
 * Every case with an accepted labelmap that is not excluded, those of `fold` for validation. Places new cases in folds for good and writes
 * `splits_final.json`. With `all`, or when all cases lie in the fold asked for, all are trained on and none is held out. A
 * mask that leaves voxels unknown cannot judge a model: where it is held out, its case takes no part.
 * Throws AppException train/no-cases, contract/bad-input (unusable splits_final.json).
 */
export async function gatherRunCases(store: ProjectStore, fold: Fold): Promise<RunCase[]> {
  const accepted = acceptedRevisions(store);
  const folds = await placeInFolds(
    store,
    accepted.map(({ caseId }) => caseId),
    fold,
  );
  const isHeldOut = (caseId: CaseId) => folds.get(caseId) === fold;
  const trainsOnAll = accepted.every(({ caseId }) => isHeldOut(caseId));
  const { legend, labelRules } = store.project;
  const canJudge = (caseId: CaseId, revision: Revision) => whyIncomplete(store.revisions.completeness(caseId, revision), legend, labelRules) === null;
  const isUsable = (caseId: CaseId, revision: Revision) => trainsOnAll || !isHeldOut(caseId) || canJudge(caseId, revision);
  const usable = accepted.filter(({ caseId, revision: { revision } }) => isUsable(caseId, revision));
  return usable.map(({ caseId, revision }) => ({
    caseId,
    revision: revision.revision,
    role: isHeldOut(caseId) && !trainsOnAll ? 'validation' : 'train',
    weight: revision.source.startsWith('corrected:') ? CORRECTED_WEIGHT : 1,
  }));
}

/** The folds that hold accepted cases out, ascending; places new cases in folds for good. Throws as `gatherRunCases`. */
export async function heldOutFolds(store: ProjectStore): Promise<number[]> {
  const accepted = acceptedRevisions(store).map(({ caseId }) => caseId);
  const folds = await placeInFolds(store, accepted, 'all');
  const heldOut = accepted.map((caseId) => folds.get(caseId) ?? null).filter((fold) => fold !== null);
  return [...new Set(heldOut)].sort((a, b) => a - b);
}

/** Throws AppException train/no-cases. */
function acceptedRevisions(store: ProjectStore) {
  const excluded = store.exclusions.all();
  const accepted = [...store.revisions.byCase()].flatMap(([caseId, revisions]) => {
    if (excluded.has(caseId)) return [];
    const revision = revisions.find((one) => one.accepted);
    return revision ? [{ caseId, revision }] : [];
  });
  if (accepted.length === 0) throw new AppException({ code: 'train/no-cases', labelledCaseCount: 0 });
  return accepted;
}

/** All of them to work on, placed in no fold. Throws AppException train/no-cases. */
export const acceptedCases = (store: ProjectStore): RunCase[] =>
  acceptedRevisions(store).map(({ caseId, revision }) => ({ caseId, revision: revision.revision, role: 'train', weight: 1 }));

/** A case is placed once, so two trainings that begin together place theirs one after the other. */
const placing = new WeakMap<ProjectStore, Promise<unknown>>();

function placeInFolds(store: ProjectStore, caseIds: readonly CaseId[], wantedFold: Fold): Promise<Map<CaseId, number | null>> {
  const placed = (placing.get(store) ?? Promise.resolve()).then(() => placeNow(store, caseIds, wantedFold));
  // the next one comes also after a failure, which its own caller is told
  placing.set(
    store,
    placed.catch(() => undefined),
  );
  return placed;
}

async function placeNow(store: ProjectStore, caseIds: readonly CaseId[], wantedFold: Fold): Promise<Map<CaseId, number | null>> {
  const file = await readSplits(store.folder.splits);
  if (file && wantedFold !== 'all' && wantedFold >= file.length) {
    const issues = [`fold: splits_final.json has ${file.length} fold(s), there is no fold ${wantedFold}`];
    throw new AppException({ code: 'contract/bad-input', issues });
  }
  const placed = store.folds.all();
  const subjects = new Map(store.cases.list().map(({ caseId, subject }) => [caseId, subject]));
  // Placed cases keep their subject's fold even if their labelmap is not accepted any more.
  const cases = [...new Set([...caseIds, ...placed.keys()])].map((caseId) => ({ caseId, subject: subjects.get(caseId) ?? caseId }));
  const fresh = placeFolds(cases, placed, file);
  const all = new Map([...placed, ...[...fresh].map(([caseId, { fold }]) => [caseId, fold] as const)]);
  if (fresh.size > 0 || !file) await writeSplits(store.folder.splits, splitsWith(all, file));
  store.folds.place(fresh, Date.now());
  return all;
}

/** `predictedFile` hangs on the label map alone, so that every training shares one preprocessed case. */
export function trainCases(store: ProjectStore, cases: readonly RunCase[]): TrainCase[] {
  const images = new Map(store.cases.list().map(({ caseId, image }) => [caseId, image]));
  return cases.map(({ caseId, revision, role, weight }) => {
    const image = images.get(caseId);
    if (!image) throw new AppException({ code: 'not-found', what: 'case', id: caseId });
    const predicted = predictionBefore(store, caseId, revision);
    return {
      caseId,
      image,
      labelFile: store.folder.revision(caseId, revision),
      role,
      weight,
      ...unknownOf(store, caseId, revision),
      ...(predicted !== null && { predictedFile: store.folder.revision(caseId, predicted) }),
    };
  });
}

/** The newest revision drawn by a model that a corrected one descends from; null where no model drew, or nobody corrected. */
function predictionBefore(store: ProjectStore, caseId: CaseId, revision: Revision): Revision | null {
  let one = store.revisions.find(caseId, revision);
  if (!one?.source.startsWith('corrected:')) return null;
  while (one && !one.source.startsWith('model:')) one = one.parent === null ? undefined : store.revisions.find(caseId, one.parent);
  return one?.revision ?? null;
}

/** Nothing for a mask that says something about every voxel. */
export function unknownOf(store: ProjectStore, caseId: CaseId, revision: Revision): Pick<TrainCase, 'completeness' | 'backgroundFile'> {
  const { backgroundVoxelCount, ...completeness } = store.revisions.completeness(caseId, revision);
  const { legend, labelRules } = store.project;
  if (whyIncomplete(completeness, legend, labelRules) === null) return {};
  return { completeness, ...(backgroundVoxelCount > 0 && { backgroundFile: store.folder.paintedBackground(caseId, revision) }) };
}
