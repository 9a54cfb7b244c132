import type { DataSet } from 'dicom-parser';
import { decodeText } from './characterSet.ts';

/**
 * The text of an element, without padding; `''` when it is missing or empty. `characterSet`: the values of
 * SpecificCharacterSet (0008,0005) of the outermost data set, which items of sequences inherit.
 */
export function dicomText(dataSet: DataSet, tag: string, characterSet: readonly string[]): string {
  const element = dataSet.elements[tag];
  if (!element || element.length <= 0) return '';
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  return decodeText(bytes, characterSet)
    .replace(/\0[^]*$/, '')
    .trim();
}

/** For `dicomText`. */
export function characterSetOf(dataSet: DataSet): readonly string[] {
  return dataSet.string('x00080005')?.split('\\') ?? ['ISO_IR 6'];
}
