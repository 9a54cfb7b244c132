/** Text of a data set in the character set it declares (PS3.3 section C.12.1.1.2); dicom-parser alone reads Latin-1. */
import type { DataSet } from 'dicom-parser';

/** Defined terms of SpecificCharacterSet to labels of the Encoding Standard; with or without code extensions. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 100': 'windows-1252',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  'ISO_IR 203': 'iso-8859-15',
  'ISO 2022 IR 13': 'shift_jis',
  'ISO 2022 IR 58': 'gb18030',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  'ISO 2022 IR 159': 'iso-2022-jp',
  GB18030: 'gb18030',
  GBK: 'gb18030',
};
/** Announces G1 sets (Korean, Chinese); the encodings above imply them. */
// eslint-disable-next-line no-control-regex
const G1_ESCAPES = /\u001b(\$\)[AC]|\([BJ]|-[A-Z])/g;

/**
 * The text of an element, without padding; `''` when it is missing or empty. `characterSets` is the value of
 * SpecificCharacterSet (0008,0005) of the outermost data set; items of sequences inherit it.
 */
export function dicomText(dataSet: DataSet, tag: string, characterSets: string): string {
  const element = dataSet.elements[tag];
  if (!element || element.length <= 0) return '';
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  return decoded(bytes, characterSets)
    .replace(/\0[^]*$/, '')
    .trim();
}

/** For `dicomText`. */
export function characterSetsOf(dataSet: DataSet): string {
  return dataSet.string('x00080005') ?? '';
}

function decoded(bytes: Uint8Array, characterSets: string): string {
  if (!bytes.some((byte) => byte >= 0x80 || byte === 0x1b)) return new TextDecoder('windows-1252').decode(bytes);
  const terms = characterSets.split('\\').map((term) => term.trim());
  // the multi-byte set is the one that matters; the single-byte ones besides it are mostly ASCII
  const encodings = terms.map((term) => ENCODINGS[term] ?? ENCODINGS[term.replace('ISO 2022 IR', 'ISO_IR')]);
  const encoding = encodings.filter((name) => name !== undefined).at(-1);
  if (encoding) return new TextDecoder(encoding).decode(bytes).replace(G1_ESCAPES, '');
  return undeclared(bytes);
}

/** Bytes above 127 without a declared set: UTF-8 where it is valid, else Latin-1. */
function undeclared(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
