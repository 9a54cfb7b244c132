import type { RevisionInfo } from '../contract/api.ts';
import { MODEL_AUTHOR } from '../contract/provenance.ts';
import type { ExportTask, ProvenanceFacts } from '../contract/tasks.ts';
import { RunId, type CaseId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { modelName } from './modelName.ts';

/** What the project has on record about a labelmap: who, when, which models. `revisions`: all of the case. */
export function provenanceFactsOf(
  store: ProjectStore,
  caseId: CaseId,
  { revision, source, author, createdAtMs }: RevisionInfo,
  revisions: readonly RevisionInfo[],
): ProvenanceFacts {
  const [origin, runs] = source.split(':') as [ProvenanceFacts['origin'], string?];
  return {
    origin,
    runIds: (runs?.split('+') ?? []).map((id) => RunId.parse(id)),
    predictedAtMs: runs === undefined ? null : predictedAtMs(revision, revisions),
    author,
    savedAtMs: createdAtMs,
    accepted: store.revisions.acceptance(caseId, revision),
  };
}

/** Of the prediction that a labelmap descends from: saved edits and restored revisions are later. */
function predictedAtMs(revision: number, revisions: readonly RevisionInfo[]): number | null {
  let at: RevisionInfo | undefined = revisions.find((one) => one.revision === revision);
  while (at && at.author !== MODEL_AUTHOR) {
    const parent: number | null = at.parent;
    at = revisions.find((one) => one.revision === parent);
  }
  return at?.createdAtMs ?? null;
}

/** Runs that the project does not know are left out. */
export function modelsBehind(store: ProjectStore, facts: readonly ProvenanceFacts[]): ExportTask['models'] {
  const runIds = new Set(facts.flatMap((one) => one.runIds));
  return [...runIds].flatMap((runId) => {
    const run = store.runs.find(runId);
    if (!run) return [];
    return [{ ...modelName(run), runFolder: store.folder.run(runId), trainedUntilMs: store.runs.trainedUntilMs(runId) }];
  });
}
