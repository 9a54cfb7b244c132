import { describe, expect, it } from 'vitest';
import { dealStudies } from './demoStudies.ts';
import { formatTable } from './textTable.ts';
import { formatDuration } from './duration.ts';

const studies = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `s${n}`, imageFiles: [`/i/s${n}.nii`], labelFile: `/l/s${n}.nii` }));

describe('dealStudies', () => {
  it.each([
    [20, 20, [10, 5, 5]],
    [4, 20, [2, 1, 1]],
    [100, 8, [4, 2, 2]],
    [7, 7, [3, 2, 2]],
  ])('%i studies, %i asked for', (available, wanted, sizes) => {
    const { known, corrected, heldOut } = dealStudies(studies(available), wanted);
    expect([known.length, corrected.length, heldOut.length]).toEqual(sizes);
    const names = [...known, ...corrected, ...heldOut].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('texts of the command line', () => {
  it('formats durations', () => {
    expect([0.4, 59.6, 75, 3600, 7325].map(formatDuration)).toEqual(['0 s', '1 min 0 s', '1 min 15 s', '1 h 0 min', '2 h 2 min']);
  });

  it('aligns tables', () => {
    expect(
      formatTable([
        ['a', 'long head'],
        ['wider', '1'],
      ]),
    ).toEqual(['a      long head', '-----  ---------', 'wider  1']);
  });
});
