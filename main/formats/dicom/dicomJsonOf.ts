/** A parsed data set to the DICOM JSON model (PS3.18 annex F), text decoded; what `writeDicom` writes. */
import type { DataSet, Element } from 'dicom-parser';
import { decodeText } from './characterSet.ts';
import { vrOfTag } from './write/dicomDictionary.ts';
import type { DicomJson } from './dicomReference.ts';

const CHARACTER_SET = 'x00080005';
const DEEPEST_SEQUENCE = 8;
const TEXT_OF_ONE_VALUE = new Set(['LT', 'ST', 'UT', 'UR']);
const BYTES_PER_NUMBER: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, AT: 4 };
const STRINGS = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT'.split(' '));

/**
 * Attributes for which `isKept` says so, by tag as eight hexadecimal digits; those in sequences come with theirs. Binary
 * values, private attributes and unknown ones are left out. Numbers of decimal and integer strings stay strings, tags
 * (AT) are numbers.
 */
export function dicomJsonOf(dataSet: DataSet, isKept: (tag: string) => boolean = () => true): DicomJson {
  return jsonOf(dataSet, isKept, ['ISO_IR 6'], 0);
}

function jsonOf(dataSet: DataSet, isKept: (tag: string) => boolean, inherited: readonly string[], depth: number): DicomJson {
  const characterSet = dataSet.string(CHARACTER_SET)?.split('\\') ?? inherited;
  const json: DicomJson = {};
  for (const [key, element] of Object.entries(dataSet.elements)) {
    const tag = key.slice(1).toUpperCase();
    if (!isKept(tag) || key === CHARACTER_SET) continue;
    const vr = element.vr && element.vr !== 'UN' ? element.vr : vrOfTag(tag);
    if (vr === 'SQ' && depth < DEEPEST_SEQUENCE) {
      const items = (element.items ?? []).flatMap(({ dataSet: item }) => (item ? [item] : []));
      json[tag] = { vr, Value: items.map((item) => jsonOf(item, () => true, characterSet, depth + 1)) };
    } else if (vr !== undefined && STRINGS.has(vr)) {
      json[tag] = { vr, Value: textsOf(dataSet.byteArray, element, vr, characterSet) };
    } else if (vr !== undefined && BYTES_PER_NUMBER[vr] !== undefined) {
      json[tag] = { vr, Value: numbersOf(dataSet, key, element, vr) };
    }
  }
  return json;
}

function textsOf(file: Uint8Array, element: Element, vr: string, characterSet: readonly string[]): unknown[] {
  const bytes = file.subarray(element.dataOffset, Math.min(file.length, element.dataOffset + element.length));
  const text = decodeText(bytes, characterSet).replace(/[\0 ]+$/, '');
  if (text === '') return [];
  if (TEXT_OF_ONE_VALUE.has(vr)) return [text];
  return text.split('\\').map((part) => (vr === 'PN' ? personName(part) : part.trim()));
}

function personName(text: string): Record<string, string> {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=').map((part) => part.trim());
  return { Alphabetic: alphabetic, ...(ideographic ? { Ideographic: ideographic } : {}), ...(phonetic ? { Phonetic: phonetic } : {}) };
}

function numbersOf(dataSet: DataSet, key: string, element: Element, vr: string): unknown[] {
  const byteCount = Math.min(element.length, dataSet.byteArray.length - element.dataOffset);
  const count = Math.max(0, Math.floor(byteCount / BYTES_PER_NUMBER[vr]!));
  return Array.from({ length: count }, (_, index) => numberAt(dataSet, key, vr, index));
}

function numberAt(dataSet: DataSet, key: string, vr: string, index: number): number | undefined {
  if (vr === 'US') return dataSet.uint16(key, index);
  if (vr === 'SS') return dataSet.int16(key, index);
  if (vr === 'UL') return dataSet.uint32(key, index);
  if (vr === 'SL') return dataSet.int32(key, index);
  if (vr === 'FL') return dataSet.float(key, index);
  if (vr === 'FD') return dataSet.double(key, index);
  const [group = 0, element = 0] = [dataSet.uint16(key, 2 * index), dataSet.uint16(key, 2 * index + 1)];
  return group * 0x10000 + element;
}
