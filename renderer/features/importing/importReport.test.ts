import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../main/contract/errors.ts';
import { groupProblems, importedInWords } from './importReport.ts';

const path = '/data/x';

describe('groupProblems', () => {
  it('puts what is missing first and what is only known last', () => {
    const problems: AppError[] = [
      { code: 'import/doubtful', path, detail: 'a' },
      { code: 'import/label-without-image', path },
      { code: 'import/unreadable', path, detail: 'b' },
      { code: 'disk/full', path },
    ];
    const groups = groupProblems(problems);
    expect(groups.map(({ title, sentences }) => [title, sentences.length])).toEqual([
      ['Not imported', 2],
      ['Segmentations not used', 1],
      ['Imported, but look at it', 1],
    ]);
    expect(groupProblems([])).toEqual([]);
  });
});

describe('importedInWords', () => {
  it('counts in words', () => {
    expect(importedInWords({ importedCount: 1, alreadyImportedCount: 0, attachedCount: 0 })).toBe('1 case imported');
    expect(importedInWords({ importedCount: 0, alreadyImportedCount: 2, attachedCount: 1 })).toBe(
      '0 cases imported, 2 were there before, 1 segmentation added as a further revision',
    );
    expect(importedInWords(undefined)).toBe('0 cases imported');
  });
});
