import { resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { ExportTask } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import type { ProjectSession } from './projectSession.ts';

export function exportServices(session: ProjectSession): Pick<Handlers, 'export.start'> {
  return {
    'export.start': ({ format, outputFolder, caseIds, includeUnaccepted }) =>
      answer(() => {
        const { store, queue } = session.current();
        const cases = exportCases(store, caseIds, includeUnaccepted);
        if (cases.length === 0) throw new AppException({ code: 'export/nothing-to-export' });
        const folder = resolve(outputFolder);
        const task = { task: 'export', format, outputFolder: folder, cases } as const;
        const title = `Export ${cases.length} label map${cases.length === 1 ? '' : 's'}`;
        return { jobId: queue.submit({ kind: 'export', title, subject: folder, tasks: [() => task], onItem() {} }) };
      }),
  };
}

/** The accepted labelmap of each case, or its newest where unaccepted ones are wanted too. Throws AppException not-found. */
function exportCases(
  store: ProjectStore,
  caseIds: readonly CaseId[] | undefined,
  includeUnaccepted: boolean,
): ExportTask['cases'] {
  const wanted = caseIds?.map((caseId) => requireCase(store, caseId)) ?? store.cases.list();
  const revisions = store.revisions.byCase();
  return wanted.flatMap(({ caseId, image: { grid, sourceGrid } }) => {
    const ofCase = revisions.get(caseId) ?? [];
    const revision = (includeUnaccepted ? ofCase.at(-1) : ofCase.find((one) => one.accepted))?.revision;
    if (revision === undefined) return [];
    return [{ caseId, baseName: caseId, labelFile: store.folder.revision(caseId, revision), grid, sourceGrid }];
  });
}
