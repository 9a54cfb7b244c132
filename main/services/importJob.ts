import { basename } from 'node:path';
import type { ImportedCase, ImportedLabels, ImportTask, TaskInput } from '../contract/tasks.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { JobSpec } from '../jobs/jobQueue.ts';
import type { EventHub } from './eventHub.ts';
import { IMPORT_AUTHOR } from '../contract/provenance.ts';

/** A cancelled import ends within a second, also inside a large file: a case is there whole or not at all. */
const CANCEL_MS = 800;

/** A job whose `importedCase` items become cases of the project; `actor` asked for it. */
export function importJob(store: ProjectStore, events: EventHub, actor: string, title: string, tasks: JobSpec['tasks']): JobSpec {
  return {
    kind: 'import',
    title,
    tasks,
    killAfterMs: CANCEL_MS,
    onItem(item) {
      if (item.kind === 'importedCase') storeImportedCase(store, item, actor);
      else if (item.kind === 'importedLabels') storeImportedLabels(store, item, actor);
      else return;
      events.casesChanged(item.caseId);
    },
    async onEnded(end) {
      // A process that died between a case folder and its item leaves a folder without a row.
      if (end.state !== 'succeeded') await store.sweepCases(Date.now());
      events.emit({ type: 'project', isOpen: true });
    },
  };
}

export type ImportOptions = Pick<ImportTask, 'subjectsFile' | 'overlaps' | 'pet'>;
const PLAIN_IMPORT: ImportOptions = { overlaps: 'order', pet: 'suv' };

export function importTask(store: ProjectStore, paths: string[], options: ImportOptions = PLAIN_IMPORT): TaskInput {
  const revisions = store.revisions.byCaseOfAllMasks();
  const existing: ImportTask['existing'] = store.cases.list().map(({ caseId, sourceKey, image }) => {
    const ofCase = revisions.get(caseId) ?? [];
    return {
      caseId,
      sourceKey,
      sourceGrid: image.sourceGrid,
      labelSha256s: ofCase.map(({ sha256 }) => sha256),
      hasImportedLabels: ofCase.some(({ author }) => author === IMPORT_AUTHOR),
    };
  });
  const { legend, labelRules } = store.project;
  const { cases: casesFolder, scanMemory: memoryFile } = store.folder;
  return { task: 'import', paths, ...options, casesFolder, memoryFile, existing, legend, labelRules };
}

export function importTitle(paths: readonly string[]): string {
  const [first = ''] = paths;
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
  return `Import ${basename(first) || first}${more}`;
}

/** A revision beside those that are there; it counts as accepted only where nothing was drawn or predicted before. */
function storeImportedLabels(store: ProjectStore, { caseId, labelFile, labelSha256, isDraft, segments, labelRules }: ImportedLabels, actor: string): void {
  const latest = store.revisions.latest(caseId)?.revision ?? null;
  store.transaction(() => {
    store.project.extendLegend(segments);
    store.project.adopt(labelRules ? { labelRules } : {});
    const facts = { caseId, pendingFile: labelFile, parent: latest, source: 'manual', author: IMPORT_AUTHOR, actor, sha256: labelSha256 } as const;
    store.revisions.commit({ ...facts, isAccepted: latest === null && !isDraft }, Date.now());
  });
}

/** The case, its segments and its first revision, or nothing of them. */
function storeImportedCase(store: ProjectStore, item: ImportedCase, actor: string): void {
  const nowMs = Date.now();
  store.transaction(() => {
    store.cases.insert(item, nowMs, actor);
    if (item.segments) store.project.extendLegend(item.segments);
    store.project.adopt(item);
    if (item.heldOutIn !== undefined) store.folds.place(new Map([[item.caseId, { fold: item.heldOutIn, reason: 'splitsFile' }]]), nowMs);
    if (!item.labelFile || !item.labelSha256) return;
    const imported = { caseId: item.caseId, pendingFile: item.labelFile, sha256: item.labelSha256, author: IMPORT_AUTHOR, actor };
    store.revisions.commit({ ...imported, parent: null, source: 'manual', isAccepted: !item.isDraft }, nowMs);
  });
}
