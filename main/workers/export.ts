/** Writes label maps in a format of the user's choice, in source geometry, into a folder of the user's. */
import { describeError } from '../contract/describeError.ts';
import { err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { ExportCase, ExportSummary, ExportTask } from '../contract/tasks.ts';
import { defaultSegment } from '../dataset/defaultColors.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import { deidentifyUnder } from '../export/deidentifiedIfAsked.ts';
import { withoutPeople, type ExportedFile, type ExportReport } from '../export/exportReport.ts';
import { MASK_FORMATS } from '../export/formats/maskFormats.ts';
import type { MaskToExport } from '../export/maskToExport.ts';
import { selectSegments } from '../export/selectSegments.ts';
import { labelmapInSourceGeometry } from '../export/sourceLabelmap.ts';
import { datasetOf } from '../formats/dicom/write/datasetOf.ts';
import { identifyingWords } from '../formats/dicom/deidentify/identifyingWords.ts';
import { DicomReference } from '../formats/dicom/dicomReference.ts';
import { ExportFolder } from './exportFolder.ts';
import { ProvenanceReader } from './exportProvenance.ts';
import { isMissingFile, readIfThere } from '../dataset/readIfThere.ts';
import { parseStoredJson } from '../dataset/storedJson.ts';

/**
 * Tells a `writtenFile` item per file; a case that fails becomes a problem and the rest is written. Fails when nothing was
 * written, and at once when the disk is full or refuses. The report is written in any case that left files.
 */
export async function runExport(input: ExportTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const folder = await ExportFolder.open(input.outputFolder);
    const provenance = new ProvenanceReader(input);
    const report: Omit<ExportReport, 'version'> = { files: [], auditHead: input.auditHead, notWritten: [] };
    const files: string[] = [];
    let writtenCount = 0;
    let failure: AppError | null = null;
    const total = input.cases.length;
    try {
      for (const [index, one] of input.cases.entries()) {
        if (port.stop.aborted) break;
        port.tell({ type: 'progress', progress: { phase: 'writing', done: index, total } });
        try {
          for (const { path, described } of await exportCase(input, one, folder, provenance, port)) {
            files.push(path);
            report.files.push(described);
          }
          writtenCount++;
        } catch (thrown) {
          const error = ofThisCaseOnly(thrown, one.labelFile);
          failure ??= error;
          report.notWritten.push({ caseId: one.caseId, reason: describeError(error) });
          port.tell({ type: 'problem', error });
        }
      }
    } finally {
      if (files.length > 0) await folder.writeReport(report);
    }
    port.tell({ type: 'progress', progress: { phase: 'writing', done: writtenCount, total } });
    if (files.length === 0 && failure) return err(failure);
    const summary: ExportSummary = { writtenCount, failedCount: report.notWritten.length, files, reportFile: folder.reportFile };
    return ok(summary);
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFolder));
  }
}

interface WrittenPart {
  readonly path: string;
  readonly described: ExportedFile;
}

async function exportCase(input: ExportTask, one: ExportCase, folder: ExportFolder, reader: ProvenanceReader, port: JobPort): Promise<WrittenPart[]> {
  const { format } = input;
  const { provenance, warnings: doubts } = await reader.of(one);
  const mask = await maskOf(input, one, provenance);
  const { files, warnings } = await MASK_FORMATS[format](mask);
  const written: WrittenPart[] = [];
  const told = [...doubts, ...warnings];
  for (const file of files) {
    const { name, path, sha256, warning } = await folder.write(file);
    if (warning) told.push(warning);
    port.tell({ type: 'item', item: { kind: 'writtenFile', path, sourcePath: one.labelFile } });
    const described: ExportedFile = {
      name,
      sha256,
      format,
      caseId: one.caseId,
      revision: one.revision,
      ...(one.maskName !== null && { maskName: one.maskName }),
      labelSha256: one.labelSha256,
      segments: [...(file.segments ?? mask.segments)],
      deidentification: file.deidentified ?? null,
      exportedAt: new Date(mask.writtenAtMs).toISOString(),
      provenance,
      warnings: [...doubts, ...warnings, ...(warning ? [warning] : [])].map(describeError),
    };
    const words = identifyingWords({ ...mask.reference?.attributes, ...datasetOf({ PatientName: mask.subject }) });
    written.push({ path, described: file.deidentified ? withoutPeople(described, words) : described });
  }
  for (const error of told) port.tell({ type: 'problem', error });
  return written;
}

async function maskOf(input: ExportTask, one: ExportCase, provenance: MaskToExport['provenance']): Promise<MaskToExport> {
  const { caseId, baseName, labelFile, sourceGrid, subject } = one;
  const { grid, voxels: all } = labelmapInSourceGeometry(await readLabelmap(labelFile), sourceGrid, labelFile);
  const { voxels, segments, painted } = selectSegments(all, input.legend, input.labelValues, defaultSegment);
  const reference = await readReference(one.dicomFile);
  const deidentify = input.deidentifyKey === null ? null : deidentifyUnder(input.deidentifyKey, input.softwareVersion);
  const maskName = deidentify ? null : one.maskName;
  return { caseId, baseName, maskName, mask: { grid, voxels }, segments, painted, provenance, reference, subject, deidentify, writtenAtMs: Date.now() };
}

/** `null` where the import left none. */
async function readReference(file: string): Promise<DicomReference | null> {
  const bytes = await readIfThere(file);
  return bytes && parseStoredJson(DicomReference, bytes.toString('utf8'), file);
}

/** As data. Throws it again when it concerns the folder, and with it every case: the disk is full, or refuses. */
function ofThisCaseOnly(thrown: unknown, labelFile: string): AppError {
  if (isMissingFile(thrown)) return { code: 'disk/corrupt', path: labelFile, detail: 'the file is missing' };
  const error = toAppError(thrown, labelFile);
  if (error.code === 'disk/full' || error.code === 'disk/denied') throw thrown;
  return error;
}
