import type { CallInput, CaseSummary } from '../../../main/contract/api.ts';
import { EXPORT_FORMATS } from '../../../main/contract/exportFormats.ts';
import { suggestCodes } from '../../../main/contract/suggestCodes.ts';
import type { CaseId, ExportFormat, Segment, SegmentCodes } from '../../../main/contract/vocabulary.ts';

/** Which masks: those accepted, the latest of every case, or that of the case that is open. */
export type CaseChoice = 'accepted' | 'latest' | 'open';

export interface ExportChoices {
  readonly format: ExportFormat;
  readonly cases: CaseChoice;
  /** Label values that stay in the project. */
  readonly leftOut: readonly number[];
  readonly deidentify: boolean;
  readonly folder: string;
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

/** Pure: what `export.start` is asked. */
export function exportInput(choices: ExportChoices, legend: readonly Segment[], openCaseId: CaseId | null): CallInput<'export.start'> {
  const { format, cases, leftOut, folder } = choices;
  const kept = legend.map(({ labelValue }) => labelValue).filter((value) => !leftOut.includes(value));
  return {
    format,
    outputFolder: folder,
    includeUnaccepted: cases !== 'accepted',
    ...(cases === 'open' && openCaseId && { caseIds: [openCaseId] }),
    ...(leftOut.length > 0 && { labelValues: kept }),
    deidentify: choices.deidentify && EXPORT_FORMATS[format].isDicom,
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
