import { resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { ExportCase, ExportTask } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { StoredCase } from '../dataset/caseTable.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import { deidentifyKeyOf } from './deidentifyKey.ts';
import type { ProjectSession } from './projectSession.ts';
import { modelsBehind, provenanceFactsOf } from './provenanceFacts.ts';

export function exportServices(session: ProjectSession, softwareVersion: string, actor: string): Pick<Handlers, 'export.start'> {
  return {
    'export.start': ({ format, outputFolder, caseIds, includeUnaccepted, labelValues, deidentify }) =>
      answer(() =>
        session.during(async ({ store, queue }) => {
          const { legend } = store.project;
          refuseUnknownLabels(labelValues, new Set(legend.map(({ labelValue }) => labelValue)));
          const cases = exportCases(store, caseIds, includeUnaccepted);
          if (cases.length === 0) throw new AppException({ code: 'export/nothing-to-export' });
          const folder = resolve(outputFolder);
          const deidentifyKey = deidentify ? await deidentifyKeyOf(store) : null;
          const models = modelsBehind(store, cases.map(({ provenance }) => provenance));
          // On record before anything leaves the project.
          const masks = cases.map(({ caseId, revision, labelSha256 }) => [caseId, revision, labelSha256]);
          store.note({ actor, action: 'export', facts: { format, outputFolder: folder, deidentify, masks } });
          const task: ExportTask = { task: 'export', format, outputFolder: folder, deidentifyKey, softwareVersion, auditHead: store.audit.head(), legend, labelValues, models, cases };
          const title = `Export ${cases.length} mask${cases.length === 1 ? '' : 's'}`;
          return { jobId: queue.submit({ kind: 'export', title, subject: folder, tasks: [() => task], onItem() {} }) };
        }),
      ),
  };
}

function refuseUnknownLabels(labelValues: readonly number[] | undefined, known: ReadonlySet<number>): void {
  const issues = (labelValues ?? []).filter((value) => !known.has(value)).map((value) => `labelValues: label ${value} is not in the legend`);
  if (issues.length > 0) throw new AppException({ code: 'contract/bad-input', issues });
}

function partaking(store: ProjectStore): StoredCase[] {
  const excluded = store.exclusions.all();
  return store.cases.list().filter(({ caseId }) => !excluded.has(caseId));
}

/** The accepted labelmap of each case, or its newest where unaccepted ones are wanted too. Throws AppException not-found. */
function exportCases(store: ProjectStore, caseIds: readonly CaseId[] | undefined, includeUnaccepted: boolean): ExportCase[] {
  const wanted = caseIds ? [...new Set(caseIds)].map((caseId) => requireCase(store, caseId)) : partaking(store);
  const byCase = store.revisions.byCase();
  return wanted.flatMap(({ caseId, sourceKind, subject, image: { grid, sourceGrid } }) => {
    const revisions = byCase.get(caseId) ?? [];
    const exported = includeUnaccepted ? revisions.at(-1) : revisions.find((one) => one.accepted);
    if (!exported) return [];
    const { revision, sha256: labelSha256 } = exported;
    return [
      {
        caseId,
        baseName: caseId,
        labelFile: store.folder.revision(caseId, revision),
        revision,
        labelSha256,
        grid,
        sourceGrid,
        sourceKind,
        subject,
        dicomFile: store.folder.dicomReference(caseId),
        provenance: provenanceFactsOf(store, caseId, exported, revisions),
      },
    ];
  });
}
