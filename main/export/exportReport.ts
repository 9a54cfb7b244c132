/**
 * `export-report.json` beside the exported files: what each of them is, which mask of which case it holds, by whom and by
 * which model it was made. It describes the files that lie there; a file that a later export replaces is described anew.
 */
import { z } from 'zod';
import { AuditHead } from '../contract/audit.ts';
import { Provenance } from '../contract/provenance.ts';
import { CaseId, ExportFormat, Revision, Segment } from '../contract/vocabulary.ts';
import { mentions } from '../formats/dicom/deidentify/identifyingWords.ts';

export const REPORT_NAME = 'export-report.json';

/** Provenance without people and times, for files that shall not identify anybody. */
const AnonymousProvenance = Provenance.pick({ softwareVersion: true, origin: true, models: true });

const Deidentification = z.object({
  profile: z.string(),
  options: z.array(z.object({ value: z.string(), meaning: z.string() })).readonly(),
  attributes: z.array(z.object({ tag: z.string(), keyword: z.string(), deed: z.string(), count: z.int() })).readonly(),
  removedPrivateCount: z.int(),
  warnings: z.array(z.string()).readonly(),
});

export const ExportedFile = z.object({
  name: z.string(),
  sha256: z.string(),
  format: ExportFormat,
  caseId: CaseId,
  revision: Revision,
  /** Absent: the only mask of its case, which nobody gave a name; or the file was de-identified. */
  maskName: z.string().optional(),
  /** Of the raw voxels as the project keeps them. */
  labelSha256: z.string(),
  /** What is in the file. */
  segments: z.array(Segment),
  /** What was done to which attribute; `null` for a file that was not de-identified. */
  deidentification: Deidentification.nullable(),
  exportedAt: z.string().optional(),
  provenance: z.union([Provenance, AnonymousProvenance]),
  /** Sentences. */
  warnings: z.array(z.string()),
});
export type ExportedFile = z.infer<typeof ExportedFile>;

export const ExportReport = z.object({
  version: z.literal(1),
  files: z.array(ExportedFile),
  /** The newest entry of the project's audit trail when the last export began (`maskloop audit verify --head`). */
  auditHead: AuditHead.nullable().default(null),
  /** Cases of the last export that failed, with the reason as a sentence. */
  notWritten: z.array(z.object({ caseId: CaseId, reason: z.string() })),
});
export type ExportReport = z.infer<typeof ExportReport>;

/** `fresh` describes files written now; entries of the same name go. Sorted by name. */
export function mergedReport(before: ExportReport | null, fresh: Omit<ExportReport, 'version'>): ExportReport {
  const written = new Set(fresh.files.map(({ name }) => name));
  const files = [...(before?.files ?? []).filter(({ name }) => !written.has(name)), ...fresh.files];
  return { ...fresh, version: 1, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/**
 * What the report says of a file that was de-identified: no people, no times, no segment whose name mentions one of
 * `words`, the names and identifiers of the patient.
 */
export function withoutPeople(
  { exportedAt: _when, maskName: _mask, provenance, segments, warnings, ...file }: ExportedFile,
  words: readonly string[],
): ExportedFile {
  const cleaned = segments.map((segment) => (mentions(segment.name, words) ? { ...segment, name: 'REMOVED' } : segment));
  const kept = warnings.filter((sentence) => !mentions(sentence, words));
  return { ...file, segments: cleaned, provenance: AnonymousProvenance.parse(provenance), warnings: kept };
}
