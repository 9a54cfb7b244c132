import { describe, expect, it } from 'vitest';
import { CaseSummary } from '../../../main/contract/api.ts';
import { suggestCodes } from '../../../main/contract/suggestCodes.ts';
import { CaseId, type Segment } from '../../../main/contract/vocabulary.ts';
import { countMasks, exportRequest, maskNamesIn, uncodedSegments, type ExportChoices } from './exportChoices.ts';

const legend: Segment[] = [
  { labelValue: 1, name: 'liver', colorRgb: [1, 2, 3] },
  { labelValue: 2, name: 'thing', colorRgb: [1, 2, 3] },
  { labelValue: 3, name: 'spleen', colorRgb: [1, 2, 3], codes: suggestCodes('spleen')! },
];
const choices: ExportChoices = { format: 'dicom-seg', cases: 'accepted', leftOut: [], maskNames: null, deidentify: true, folder: '/out' };
const caseId = CaseId.parse('a');
const summary = (id: string, latestRevision: number | null, acceptedRevision: number | null) =>
  ({ ...CaseSummary.pick({ caseId: true }).parse({ caseId: id }), latestRevision, acceptedRevision, exclusion: null }) as CaseSummary;

describe('what the export dialog asks for', () => {
  it('leaves out what was not ticked, and de-identifies DICOM only', () => {
    expect(exportRequest(choices, legend, null)).toEqual({
      call: 'export.start',
      input: { format: 'dicom-seg', outputFolder: '/out', includeUnaccepted: false, deidentify: true },
    });
    expect(exportRequest({ ...choices, format: 'stl', leftOut: [2] }, legend, null).input).toMatchObject({ labelValues: [1, 3], deidentify: false });
    expect(exportRequest({ ...choices, cases: 'open' }, legend, caseId).input).toMatchObject({ caseIds: ['a'], includeUnaccepted: true });
    expect(exportRequest({ ...choices, format: 'nnunet-raw', leftOut: [2] }, legend, null)).toEqual({
      call: 'export.dataset',
      input: { outputFolder: '/out', includeUnaccepted: false },
    });
  });

  it('names masks where several are wanted, never for a data set', () => {
    const named: ExportChoices = { ...choices, maskNames: ['Main', 'Reader B'] };
    expect(exportRequest(named, legend, null).input).toMatchObject({ maskNames: ['Main', 'Reader B'] });
    expect(exportRequest({ ...named, format: 'nnunet-raw' }, legend, null).input).not.toHaveProperty('maskNames');
    const masked = (...masks: [string, boolean][]) => ({ masks: masks.map(([name, isDeleted]) => ({ name, isDeleted })) }) as unknown as CaseSummary;
    expect(maskNamesIn([masked(['Main', false]), masked(['main', false], ['draft', true], ['Reader B', false])])).toEqual(['main', 'Reader B']);
  });

  it('counts the masks of each choice', () => {
    const cases = [summary('a', 2, 1), summary('b', 1, null), summary('c', null, null)];
    expect(countMasks(cases, caseId)).toEqual({ accepted: 1, latest: 2, open: 'a' });
    expect(countMasks(cases, CaseId.parse('c')).open).toBeNull();
  });

  it('names the segments without a code where the format has codes', () => {
    const uncoded = uncodedSegments(choices, legend);
    expect(uncoded.map(({ segment, suggestion }) => [segment.name, suggestion?.type.value])).toEqual([
      ['liver', '10200004'],
      ['thing', undefined],
    ]);
    expect(uncodedSegments({ ...choices, leftOut: [1, 2] }, legend)).toEqual([]);
    expect(uncodedSegments({ ...choices, format: 'nifti' }, legend)).toEqual([]);
  });
});
