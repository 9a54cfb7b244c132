import { basename } from 'node:path';
import type { ImportedCase, ImportTask, TaskInput } from '../contract/tasks.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { JobSpec } from '../jobs/jobQueue.ts';
import type { EventHub } from './eventHub.ts';

/** The author of labelmaps that came with their images. */
const IMPORT_AUTHOR = 'import';

/** A job whose `importedCase` items become cases of the project. */
export function importJob(store: ProjectStore, events: EventHub, title: string, tasks: JobSpec['tasks']): JobSpec {
  return {
    kind: 'import',
    title,
    tasks,
    onItem(item) {
      if (item.kind !== 'importedCase') return;
      storeImportedCase(store, item);
      events.casesChanged(item.caseId);
    },
    async onEnded(end) {
      // A process that died between a case folder and its item leaves a folder without a row.
      if (end.state !== 'succeeded') await store.sweepCases(Date.now());
      events.emit({ type: 'project' });
    },
  };
}

export function importTask(store: ProjectStore, paths: string[], subjectsFile?: string): TaskInput {
  const existing: ImportTask['existing'] = store.cases.list().map(({ caseId, sourceKey }) => ({ caseId, sourceKey }));
  const { legend } = store.project;
  return { task: 'import', paths, subjectsFile, casesFolder: store.folder.cases, memoryFile: store.folder.scanMemory, existing, legend };
}

export function importTitle(paths: readonly string[]): string {
  const [first = ''] = paths;
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
  return `Import ${basename(first) || first}${more}`;
}

/** The case, its segments and its first revision, or nothing of them. */
function storeImportedCase(store: ProjectStore, item: ImportedCase): void {
  const nowMs = Date.now();
  store.transaction(() => {
    store.cases.insert(item, nowMs);
    if (item.segments) store.project.extendLegend(item.segments);
    store.project.adopt(item);
    if (!item.labelFile || !item.labelSha256) return;
    const imported = {
      caseId: item.caseId,
      pendingFile: item.labelFile,
      sha256: item.labelSha256,
      author: IMPORT_AUTHOR,
    };
    store.revisions.commit({ ...imported, parent: null, source: 'manual', isAccepted: true }, nowMs);
  });
}
