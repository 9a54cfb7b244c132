import type { CallInput, CaseSummary } from '../../../main/contract/api.ts';
import { EXPORT_FORMATS, type OfferedFormat } from '../../../main/contract/exportFormats.ts';
import { suggestCodes } from '../../../main/contract/suggestCodes.ts';
import type { CaseId, Segment, SegmentCodes } from '../../../main/contract/vocabulary.ts';

/** Which masks: those accepted, the latest of every case, or that of the case that is open. */
export type CaseChoice = 'accepted' | 'latest' | 'open';

export interface ExportChoices {
  readonly format: OfferedFormat;
  readonly cases: CaseChoice;
  /** Label values that stay in the project. */
  readonly leftOut: readonly number[];
  /** `null`: of each case the mask that trainings learn from. */
  readonly maskNames: readonly string[] | null;
  readonly deidentify: boolean;
  readonly folder: string;
}

/** Pure: the names of masks in `cases`, each once; only one where no case has several and nobody gave another name. */
export function maskNamesIn(cases: readonly CaseSummary[]): string[] {
  const byLowerCase = new Map(cases.flatMap(({ masks }) => masks.filter(({ isDeleted }) => !isDeleted).map(({ name }) => [name.toLowerCase(), name] as const)));
  return [...byLowerCase.values()];
}

/** Pure: how many masks each choice would write. `open` is `null` when no case is open or it has no mask. */
export function countMasks(cases: readonly CaseSummary[], openCaseId: CaseId | null): Record<'accepted' | 'latest', number> & { readonly open: CaseId | null } {
  const open = cases.find(({ caseId, latestRevision }) => caseId === openCaseId && latestRevision !== null);
  const partaking = cases.filter(({ exclusion }) => exclusion === null);
  return {
    accepted: partaking.filter(({ acceptedRevision }) => acceptedRevision !== null).length,
    latest: partaking.filter(({ latestRevision }) => latestRevision !== null).length,
    open: open?.caseId ?? null,
  };
}

/** Which call exports, and what it is asked. */
export type ExportRequest =
  | { readonly call: 'export.start'; readonly input: CallInput<'export.start'> }
  | { readonly call: 'export.dataset'; readonly input: CallInput<'export.dataset'> };

/** Pure. A data set always has all segments. */
export function exportRequest(choices: ExportChoices, legend: readonly Segment[], openCaseId: CaseId | null): ExportRequest {
  const { format, cases, leftOut, maskNames, folder } = choices;
  const shared = { outputFolder: folder, includeUnaccepted: cases !== 'accepted', ...(cases === 'open' && openCaseId && { caseIds: [openCaseId] }) };
  if (format === 'nnunet-raw') return { call: 'export.dataset', input: shared };
  const kept = legend.map(({ labelValue }) => labelValue).filter((value) => !leftOut.includes(value));
  const deidentify = choices.deidentify && EXPORT_FORMATS[format].isDicom;
  return {
    call: 'export.start',
    input: { ...shared, format, ...(maskNames && { maskNames: [...maskNames] }), ...(leftOut.length > 0 && { labelValues: kept }), deidentify },
  };
}

export interface UncodedSegment {
  readonly segment: Segment;
  readonly suggestion: SegmentCodes | null;
}

/** Pure: segments that the format would call "Tissue", and what their names suggest. */
export function uncodedSegments({ format, leftOut }: ExportChoices, legend: readonly Segment[]): UncodedSegment[] {
  if (!EXPORT_FORMATS[format].needsCodes) return [];
  return legend
    .filter(({ labelValue, codes }) => !codes && !leftOut.includes(labelValue))
    .map((segment) => ({ segment, suggestion: suggestCodes(segment.name) }));
}
