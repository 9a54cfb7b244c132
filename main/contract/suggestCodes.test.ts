import { describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../test/reference/dicomPython.ts';
import { LEFT, RIGHT, SEGMENT_CATEGORIES, SEGMENT_CODES } from './segmentCodeTable.ts';
import { describeCodes, searchCodes, suggestCodes } from './suggestCodes.ts';
import { SegmentCodes } from './vocabulary.ts';

describe('suggested codes', () => {
  it('knows a name however it is written, and its side', () => {
    expect(suggestCodes('Liver')?.type.value).toBe('10200004');
    expect(suggestCodes('left_kidney')).toMatchObject({ type: { value: '64033007' }, modifier: LEFT });
    expect(suggestCodes('Kidney.R')).toMatchObject({ type: { value: '64033007' }, modifier: RIGHT });
    expect(suggestCodes('leftVentricle')).toMatchObject({ type: { meaning: 'Left ventricle' } });
    expect(suggestCodes('leftVentricle')?.modifier).toBeUndefined();
    expect(suggestCodes('TUMOUR')).toMatchObject({ category: { value: '49755003' }, type: { value: '108369006' } });
    expect(describeCodes(suggestCodes('kidney left')!)).toBe('Kidney, Left (SCT 64033007)');
  });

  it('suggests nothing where it would guess', () => {
    for (const name of ['', 'label 1', 'left', 'liver tumor', 'kidney left right', 'posterior']) expect(suggestCodes(name), name).toBeNull();
  });

  it('finds entries by the beginnings of words', () => {
    expect(searchCodes('caud')).toMatchObject([{ type: { meaning: 'Caudate nucleus' } }]);
    expect(searchCodes('vena sup')).toMatchObject([{ type: { meaning: 'Superior vena cava' } }]);
    expect(searchCodes('')).toHaveLength(SEGMENT_CODES.length);
  });

  it('names every concept once and within the limits of DICOM', () => {
    expect(SEGMENT_CODES.length).toBeGreaterThan(60);
    expect(new Set(SEGMENT_CODES.map(({ type }) => type.value)).size).toBe(SEGMENT_CODES.length);
    for (const { category, type } of SEGMENT_CODES) SegmentCodes.parse({ category, type });
  });

  it.skipIf(!hasDicomPython)(`has the codes and meanings of pydicom's SNOMED CT${dicomPythonNotice}`, () => {
    const meanings = askPython<Record<string, string[]>>(MEANINGS);
    const codes = [...SEGMENT_CODES.map(({ type }) => type), ...Object.values(SEGMENT_CATEGORIES), LEFT, RIGHT];
    for (const { value, meaning } of codes) expect(meanings[value], `${value} ${meaning}`).toContain(meaning.toLowerCase());
  });
});

const MEANINGS = `
import json
from pydicom.sr._concepts_dict import concepts
found = {}
for entry in concepts['SCT'].values():
    for value, facts in entry.items():
        found.setdefault(value, []).append(facts[0].lower())
print(json.dumps(found))
`;
