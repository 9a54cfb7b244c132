import { expect, it } from 'vitest';
import { wantedStudies } from './networkDesk.svelte.ts';

it('asks for whole studies, or for single series of others', () => {
  expect(wantedStudies(['1', '2/2.1', '2/2.2', '1/1.1'])).toEqual([
    { studyUid: '1', seriesUids: undefined },
    { studyUid: '2', seriesUids: ['2.1', '2.2'] },
  ]);
  expect(wantedStudies([])).toEqual([]);
});
