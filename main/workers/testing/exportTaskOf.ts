import { dirname, join } from 'node:path';
import type { ExportCase, ExportTask, ImportedCase } from '../../contract/tasks.ts';

/** For tests: exports imported label maps without a project, as an import would have recorded them. */
export function exportTaskOf(cases: readonly ImportedCase[], outputFolder: string, changes: Partial<ExportTask> = {}): ExportTask {
  return {
    task: 'export',
    format: 'nifti',
    outputFolder,
    deidentifyKey: null,
    softwareVersion: '0',
    auditHead: null,
    legend: cases.flatMap(({ segments = [] }) => segments),
    models: [],
    cases: cases.map(exportCaseOf),
    ...changes,
  };
}

export function exportCaseOf({ caseId, image, sourceKind, subject, labelFile, labelSha256 }: ImportedCase): ExportCase {
  return {
    caseId,
    baseName: caseId,
    maskName: null,
    labelFile: labelFile ?? '',
    revision: 1,
    labelSha256: labelSha256 ?? '',
    grid: image.grid,
    sourceGrid: image.sourceGrid,
    sourceKind,
    subject,
    dicomFile: join(dirname(image.files[0]!), 'dicom.json'),
    provenance: { origin: 'manual', author: 'import', savedAtMs: 0, accepted: null, runIds: [], predictedAtMs: null },
  };
}
