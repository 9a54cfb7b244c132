import { describe, expect, it } from 'vitest';
import { CaseSummary, type CaseStatus } from '../../../main/contract/api.ts';
import { CaseFigures, type WorklistOrder } from '../../../main/contract/worklistOrder.ts';
import { clockText, countStatuses, filterCases, placeOf, sortCases, type CaseFilter } from './caseFilter.ts';

const grid = { dimsIjk: [1, 1, 1], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
const completeness = { unpainted: 'background', knownLabels: null, completeSlices: [], completeBoxes: [], backgroundVoxelCount: 0 };
const entry = (caseId: string, status: CaseStatus, more: object = {}): CaseSummary =>
  CaseSummary.parse({
    caseId,
    status,
    modality: 'CT',
    subject: 'anna',
    sourcePath: `/data/${caseId}.nii`,
    grid,
    channelNames: ['CT'],
    fold: null,
    latestRevision: null,
    acceptedRevision: null,
    completeness,
    warnings: [],
    importedAtMs: 1,
    exclusion: status === 'excluded' ? { reason: 'metal artefact', author: 'x', atMs: 1 } : null,
    ...more,
  });
const placed = (fold: number) => ({ fold, placement: { fold, reason: 'firstSplit', placedAtMs: 1 } });
const cases = [
  entry('a', 'new'),
  entry('b', 'predicted', { ...placed(0), latestSource: 'model:run-7' }),
  entry('c', 'accepted', { ...placed(2), importedAtMs: 9, subject: 'bert' }),
  entry('d', 'excluded'),
];
const everything: CaseFilter = { search: '', statuses: new Set(), place: 'any' };
const ids = (found: readonly CaseSummary[]): string => found.map(({ caseId }) => caseId).join('');
const found = (part: Partial<CaseFilter>): string => ids(filterCases(cases, { ...everything, ...part }));

describe('filterCases', () => {
  it('hides excluded cases until they are asked for', () => {
    expect(found({})).toBe('abc');
    expect(found({ statuses: new Set(['excluded']) })).toBe('d');
    expect(found({ statuses: new Set(['new', 'accepted']) })).toBe('ac');
  });
  it('finds every word, in id, subject, model, path and reason', () => {
    expect(found({ search: 'Anna ct' })).toBe('ab');
    expect(found({ search: 'run-7' })).toBe('b');
    expect(found({ search: 'c.nii' })).toBe('c');
    expect(found({ search: 'metal', statuses: new Set(['excluded']) })).toBe('d');
    expect(found({ search: 'anna bert' })).toBe('');
  });
  it('goes by place', () => {
    expect(cases.map(placeOf)).toEqual(['unplaced', 'validation', 'training', 'unplaced']);
    expect([found({ place: 'validation' }), found({ place: 'training' }), found({ place: 'unplaced' })]).toEqual(['b', 'c', 'a']);
  });
});

describe('sortCases', () => {
  const figures = new Map(
    [
      ['b', { uncertainty: 0.2, activeSeconds: null }],
      ['c', { uncertainty: 0.4, activeSeconds: 60 }],
    ].map(([caseId, rest]) => [caseId, CaseFigures.parse({ caseId, ...(rest as object) })] as const),
  ) as never;
  const order = { cases: [{ caseId: 'b' }, { caseId: 'a' }] } as WorklistOrder;
  it.each([
    ['name', 'abcd'],
    ['next', 'bacd'],
    ['uncertainty', 'cbad'],
    ['time', 'cabd'],
    ['imported', 'cabd'],
    ['status', 'abcd'],
  ] as const)('by %s', (key, expected) => {
    expect(ids(sortCases(cases, key, figures, order))).toBe(expected);
  });
});

it('counts and clocks', () => {
  expect([...countStatuses(cases)]).toEqual([
    ['new', 1],
    ['predicted', 1],
    ['accepted', 1],
    ['excluded', 1],
  ]);
  expect([clockText(5), clockText(725), clockText(3750)]).toEqual(['0:05', '12:05', '1:02:30']);
});
