import { expect, it } from 'vitest';
import { fileNamesOf } from './fileNames.ts';

it('file names of segments are safe on every system and never equal', () => {
  const names = (...all: string[]) => fileNamesOf(all.map((name, index) => ({ labelValue: index + 1, name, colorRgb: [0, 0, 0] })));
  expect(names('left kidney', 'Leber/Gefäße', '../../etc')).toEqual(['left_kidney', 'Leber_Gefäße', 'etc']);
  expect(names('Liver', 'liver', '***')).toEqual(['Liver_1', 'liver_2', 'label_3']);
});
