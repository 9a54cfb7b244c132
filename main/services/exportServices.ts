import { dirname, resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { ExportCase, ExportDatasetTask, ExportTask } from '../contract/tasks.ts';
import { isSameMaskName } from '../contract/maskNames.ts';
import type { CaseId, MaskNumber } from '../contract/vocabulary.ts';
import type { StoredCase } from '../dataset/caseTable.ts';
import { ONLY_FIRST_MASK, type StoredMask } from '../dataset/maskTable.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { fileNamesOf } from '../export/fileNames.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import { deidentifyKeyOf } from './deidentifyKey.ts';
import { submitOutside } from './outsideJob.ts';
import type { ProjectSession } from './projectSession.ts';
import { modelsBehind, provenanceFactsOf } from './provenanceFacts.ts';
import { unknownOf } from './trainingCases.ts';

export function exportServices(session: ProjectSession, softwareVersion: string, actor: string): Pick<Handlers, 'export.start' | 'export.dataset'> {
  return {
    'export.start': ({ format, outputFolder, caseIds, includeUnaccepted, maskNames, labelValues, deidentify }) =>
      answer(() =>
        session.during(async ({ store, queue }) => {
          const { legend } = store.project;
          refuseUnknownLabels(labelValues, new Set(legend.map(({ labelValue }) => labelValue)));
          const cases = exportCases(store, caseIds, includeUnaccepted, maskNames);
          if (cases.length === 0) throw new AppException({ code: 'export/nothing-to-export' });
          const folder = resolve(outputFolder);
          const deidentifyKey = deidentify ? await deidentifyKeyOf(store) : null;
          const models = modelsBehind(
            store,
            cases.map(({ provenance }) => provenance),
          );
          // On record before anything leaves the project.
          const masks = cases.map(({ caseId, revision, labelSha256 }) => [caseId, revision, labelSha256]);
          store.note({ actor, action: 'export', facts: { format, outputFolder: folder, deidentify, masks } });
          const task: ExportTask = {
            task: 'export',
            format,
            outputFolder: folder,
            deidentifyKey,
            softwareVersion,
            auditHead: store.audit.head(),
            legend,
            labelValues,
            models,
            cases,
          };
          const title = `Export ${cases.length} mask${cases.length === 1 ? '' : 's'}`;
          return { jobId: submitOutside(queue, { kind: 'export', title, subject: folder, writesInto: [folder], tasks: [() => task], onItem() {} }) };
        }),
      ),
    'export.dataset': ({ outputFolder, datasetId, name, caseIds, includeUnaccepted }) =>
      answer(() =>
        session.during(async ({ store, queue }) => {
          const task = datasetTask(
            store,
            { outputFolder: resolve(outputFolder), datasetId, name: name ?? store.project.name, softwareVersion },
            caseIds,
            includeUnaccepted,
          );
          const masks = task.cases.map(({ caseId, revision, labelSha256 }) => [caseId, revision, labelSha256]);
          const images = task.images.map(({ caseId }) => caseId);
          store.note({ actor, action: 'export', facts: { format: 'nnunet-raw', outputFolder: task.outputFolder, deidentify: false, masks, images } });
          return {
            jobId: submitOutside(queue, {
              kind: 'export',
              title: `Export ${task.cases.length} cases for nnU-Net`,
              subject: task.outputFolder,
              writesInto: [task.outputFolder, dirname(task.outputFolder)],
              tasks: [() => task],
              onItem() {},
            }),
          };
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

/**
 * The accepted labelmap of each case, or its newest where unaccepted ones are wanted too: of the mask that trainings learn from,
 * or of those with the wanted names. Throws AppException not-found, export/no-such-mask.
 */
function exportCases(store: ProjectStore, caseIds: readonly CaseId[] | undefined, includeUnaccepted: boolean, maskNames?: readonly string[]): ExportCase[] {
  const wanted = caseIds ? [...new Set(caseIds)].map((caseId) => requireCase(store, caseId)) : partaking(store);
  const masks = masksToExport(store, wanted, maskNames);
  const byCase = store.revisions.byCaseOfAllMasks();
  return wanted.flatMap(({ caseId, sourceKind, subject, image: { grid, sourceGrid } }) => {
    const revisions = byCase.get(caseId) ?? [];
    return (masks.get(caseId) ?? []).flatMap(({ mask, maskName, ending }) => {
      const ofMask = revisions.filter((one) => one.mask === mask);
      const exported = includeUnaccepted ? ofMask.at(-1) : ofMask.find((one) => one.accepted);
      if (!exported) return [];
      const { revision, sha256: labelSha256 } = exported;
      return {
        caseId,
        baseName: `${caseId}${ending}`,
        maskName,
        labelFile: store.folder.revision(caseId, revision),
        revision,
        labelSha256,
        grid,
        sourceGrid,
        sourceKind,
        subject,
        dicomFile: store.folder.dicomReference(caseId),
        provenance: provenanceFactsOf(store, caseId, exported, revisions),
      };
    });
  });
}

interface MaskToFile {
  readonly mask: MaskNumber;
  /** For the inside of the file. */
  readonly maskName: string | null;
  /** Of the file's name. */
  readonly ending: string;
}

/** Throws AppException export/no-such-mask. */
function masksToExport(store: ProjectStore, cases: readonly StoredCase[], names: readonly string[] | undefined): Map<CaseId, MaskToFile[]> {
  const stored = store.masks.byCase();
  const there = new Map(cases.map(({ caseId }) => [caseId, (stored.get(caseId) ?? ONLY_FIRST_MASK).filter(({ isDeleted }) => !isDeleted)]));
  const known = [...new Set([...there.values()].flatMap((masks) => masks.map(({ name }) => name)))];
  const missing = names?.find((wanted) => !known.some((name) => isSameMaskName(name, wanted)));
  if (missing !== undefined) throw new AppException({ code: 'export/no-such-mask', name: missing, known });
  const isWanted = ({ name, isTraining }: StoredMask): boolean => (names ? names.some((wanted) => isSameMaskName(name, wanted)) : isTraining);
  return new Map(
    [...there].map(([caseId, masks]) => {
      const endings = fileNamesOf(masks.map(({ mask, name }) => ({ name, labelValue: mask })));
      return [
        caseId,
        masks.map((one, index) => ({ ...one, maskName: stored.has(caseId) ? one.name : null, ending: names ? `_${endings[index]}` : '' })).filter(isWanted),
      ];
    }),
  );
}

type DatasetWishes = Pick<ExportDatasetTask, 'outputFolder' | 'datasetId' | 'name' | 'softwareVersion'>;

/** Cases without a mask to export go as images. Throws AppException export/nothing-to-export, not-found. */
function datasetTask(store: ProjectStore, wishes: DatasetWishes, caseIds: readonly CaseId[] | undefined, includeUnaccepted: boolean): ExportDatasetTask {
  const labelled = exportCases(store, caseIds, includeUnaccepted);
  if (labelled.length === 0) throw new AppException({ code: 'export/nothing-to-export' });
  const images = new Map(store.cases.list().map(({ caseId, image }) => [caseId, image]));
  const withMask = new Set(labelled.map(({ caseId }) => caseId));
  const wanted = caseIds ?? partaking(store).map(({ caseId }) => caseId);
  const cases = labelled.map((one) => ({ ...one, image: images.get(one.caseId)!, ...unknownOf(store, one.caseId, one.revision) }));
  const heldOutIn = Object.fromEntries([...store.folds.all()].filter(([caseId]) => withMask.has(caseId)));
  const { legend, labelRules } = store.project;
  return {
    ...wishes,
    task: 'exportDataset',
    auditHead: store.audit.head(),
    legend,
    labelRules,
    models: modelsBehind(
      store,
      cases.map(({ provenance }) => provenance),
    ),
    cases,
    images: wanted.filter((caseId) => !withMask.has(caseId)).map((caseId) => ({ caseId, image: images.get(caseId)! })),
    heldOutIn,
  };
}
