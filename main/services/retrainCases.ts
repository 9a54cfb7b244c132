/** What a retraining knows of its cases: which are new to the parent, and who vouches for those that are replayed. */
import type { TrainCase } from '../contract/tasks.ts';
import type { CaseId, RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { RunCase } from '../dataset/runTable.ts';

/** Replayed: a mask that a person drew or corrected is drawn so much more often than a prediction accepted as it was. */
const EXPERT_WEIGHT = 3;

/**
 * Without a parent the cases are as they were. Otherwise a case is new when neither the parent nor a run it descends from
 * learnt from the voxels of this label map; one that they were only validated on is no training case anyway.
 */
export function retrainCases(store: ProjectStore, parentRunId: RunId | null, cases: readonly TrainCase[], chosen: readonly RunCase[]): TrainCase[] {
  if (parentRunId === null) return [...cases];
  const known = learntLabels(store, parentRunId);
  const revisionOf = new Map(chosen.map(({ caseId, revision }) => [caseId, revision]));
  return cases.map((one) => {
    const revision = store.revisions.find(one.caseId, revisionOf.get(one.caseId)!);
    const isNew = !revision || !known.has(keyOf(one.caseId, revision.sha256));
    if (isNew) return { ...one, isNew };
    return { ...one, isNew, weight: revision.source.startsWith('model:') ? 1 : EXPERT_WEIGHT };
  });
}

/** Accepted cases that no run of the project has been given yet as they are now, whatever became of the run. */
export function newlyAcceptedCount(store: ProjectStore): number {
  const given = new Set(store.runs.list().flatMap(({ runId }) => labelKeys(store, store.runs.cases(runId))));
  const excluded = store.exclusions.all();
  let count = 0;
  for (const [caseId, revisions] of store.revisions.byCase()) {
    const accepted = revisions.find((one) => one.accepted);
    if (accepted && !excluded.has(caseId) && !given.has(keyOf(caseId, accepted.sha256))) count++;
  }
  return count;
}

function learntLabels(store: ProjectStore, parentRunId: RunId): Set<string> {
  const known = new Set<string>();
  for (let runId: RunId | null = parentRunId; runId !== null; runId = store.runs.find(runId)?.parentRunId ?? null)
    for (const key of labelKeys(
      store,
      store.runs.cases(runId).filter(({ role }) => role === 'train'),
    ))
      known.add(key);
  return known;
}

const labelKeys = (store: ProjectStore, cases: readonly RunCase[]): string[] =>
  cases.flatMap(({ caseId, revision }) => {
    const found = store.revisions.find(caseId, revision);
    return found ? [keyOf(caseId, found.sha256)] : [];
  });

/** Restored label maps have the voxels of an older one. */
const keyOf = (caseId: CaseId, sha256: string): string => `${caseId} ${sha256}`;
