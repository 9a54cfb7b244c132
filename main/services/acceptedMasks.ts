/** Accepted masks and the predictions they descend from. */
import type { RevisionInfo } from '../contract/api.ts';
import type { CaseId, Revision } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';

export interface AcceptedMask {
  readonly caseId: CaseId;
  readonly revision: Revision;
  readonly acceptedAtMs: number;
  /** `null`: drawn or imported without one. */
  readonly predicted: RevisionInfo | null;
}

/** Oldest acceptance first. */
export function acceptedMasks(store: ProjectStore): AcceptedMask[] {
  const accepting = store.revisions.byCase();
  const masks = [...store.revisions.byCaseOfAllMasks()].flatMap(([caseId, revisions]) => {
    const accepted = accepting.get(caseId)?.find((one) => one.accepted);
    const acceptance = accepted && store.revisions.acceptance(caseId, accepted.revision);
    return accepted && acceptance
      ? [{ caseId, revision: accepted.revision, acceptedAtMs: acceptance.atMs, predicted: predictionBehind(revisions, accepted) }]
      : [];
  });
  return masks.sort((a, b) => a.acceptedAtMs - b.acceptedAtMs || (a.caseId < b.caseId ? -1 : 1));
}

/** Pure: the nearest prediction in the line of parents, which may be the mask itself. */
export function predictionBehind(revisions: readonly RevisionInfo[], mask: RevisionInfo): RevisionInfo | null {
  const byNumber = new Map(revisions.map((one) => [one.revision, one]));
  for (let one: RevisionInfo | undefined = mask; one; one = one.parent === null ? undefined : byNumber.get(one.parent)) {
    if (one.source.startsWith('model:')) return one;
    if (one.source === 'manual') return null; // drawn anew, whatever lies before it
  }
  return null;
}

/** Models (or ensembles, as they predicted together) by the time of their first prediction. */
export function predictionRounds(store: ProjectStore): string[] {
  const first = new Map<string, number>();
  for (const revisions of store.revisions.byCaseOfAllMasks().values()) {
    for (const { source, createdAtMs } of revisions) {
      if (source.startsWith('model:')) first.set(source, Math.min(createdAtMs, first.get(source) ?? Infinity));
    }
  }
  return [...first].sort(([, a], [, b]) => a - b).map(([source]) => source);
}
