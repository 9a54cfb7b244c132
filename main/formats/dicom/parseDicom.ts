/** Bytes to a data set, up to the pixel data; with or without preamble and meta header. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';
import { isKnownVr, readDataSet, readMetaElements, type ElementEncoding } from './dicomElements.ts';
import { DEFLATED, EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, isUncompressed } from './pixels/transferSyntax.ts';

/** Raw DEFLATE (no zlib header) to bytes; injected because this folder imports no node module. */
export type Inflate = (deflated: Uint8Array) => Uint8Array;

export interface ParsedDicom {
  readonly dataSet: DataSet;
  /** As declared; of an uncompressed file whose bytes say otherwise, or that declares none, as they are. */
  readonly transferSyntaxUid: string;
}

const PREAMBLE_BYTES = 128;

/** How a byte array could be DICOM: with preamble, meta header alone, bare data set; `null` for anything else. */
type Wrapping = 'part10' | 'metaOnly' | 'explicit' | 'implicit' | null;

function wrappingOf(bytes: Uint8Array): Wrapping {
  if (isDicmAt(bytes, PREAMBLE_BYTES)) return 'part10';
  if (bytes.length < 16) return null;
  const group = bytes[0]! | (bytes[1]! << 8);
  const element = bytes[2]! | (bytes[3]! << 8);
  const isExplicit = isKnownVr(bytes, 4);
  if (group === 0x0002 && isExplicit) return 'metaOnly';
  // a bare data set begins with its identifying group; its first value is short
  if (group !== 0x0008 || element > 0x0020) return null;
  if (isExplicit) return 'explicit';
  const valueBytes = bytes[4]! | (bytes[5]! << 8) | (bytes[6]! << 16) | (bytes[7]! << 24);
  return valueBytes >= 0 && valueBytes <= 128 ? 'implicit' : null;
}

function isDicmAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x44 && bytes[at + 1] === 0x49 && bytes[at + 2] === 0x43 && bytes[at + 3] === 0x4d;
}

/** True when the first bytes (132 suffice) can be the beginning of a DICOM file. */
export function looksLikeDicom(head: Uint8Array): boolean {
  return wrappingOf(head) !== null;
}

/**
 * Parses up to and including the head of the pixel data element; its value is not touched, so a truncated or compressed
 * file parses too. Throws `import/unreadable`, and `import/unsupported` for deflated files when `inflate` is absent.
 */
export function parseDicom(bytes: Uint8Array, path: string, inflate?: Inflate): ParsedDicom {
  const wrapping = wrappingOf(bytes);
  if (!wrapping) throw new AppException({ code: 'import/unreadable', path, detail: 'not a DICOM file' });
  const metaAt = wrapping === 'part10' ? PREAMBLE_BYTES + 4 : 0;
  const meta = readMetaElements(bytes, metaAt, path);
  const declared = meta.elements['x00020010'];
  const declaredUid = declared ? latin1(bytes, declared.dataOffset, declared.length) : '';
  const whole = declaredUid === DEFLATED ? withInflated(bytes, meta.end, path, inflate) : bytes;
  const encoding = encodingAt(whole, meta.end, declaredUid);
  const dataSet = readDataSet(whole, meta.end, encoding, meta.elements, path);
  const isConsistent = declaredUid !== '' && (!isUncompressed(declaredUid) || declaredUid === DEFLATED);
  return { dataSet, transferSyntaxUid: isConsistent ? declaredUid : uncompressedUid(encoding) };
}

/** What the first element looks like decides where it contradicts the declared transfer syntax, as other readers do. */
function encodingAt(bytes: Uint8Array, at: number, declaredUid: string): ElementEncoding {
  // the first group is small: its second byte is zero in little-endian files, its first one in big-endian files
  const isBigEndian = declaredUid === EXPLICIT_BIG_ENDIAN && bytes[at] === 0;
  return { isExplicit: isBigEndian || isKnownVr(bytes, at + 4), isBigEndian };
}

function uncompressedUid({ isExplicit, isBigEndian }: ElementEncoding): string {
  if (isBigEndian) return EXPLICIT_BIG_ENDIAN;
  return isExplicit ? EXPLICIT_LITTLE_ENDIAN : IMPLICIT_LITTLE_ENDIAN;
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + Math.min(length, 64))).replace(/[\0 ]+$/, '');
}

function withInflated(bytes: Uint8Array, at: number, path: string, inflate?: Inflate): Uint8Array {
  if (!inflate) throw new AppException({ code: 'import/unsupported', path, detail: `deflated data set (${DEFLATED})` });
  let rest: Uint8Array;
  try {
    rest = inflate(bytes.subarray(at));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppException({ code: 'import/unreadable', path, detail: `damaged DICOM file (deflated data set: ${reason})` });
  }
  const whole = new Uint8Array(at + rest.length);
  whole.set(bytes.subarray(0, at));
  whole.set(rest, at);
  return whole;
}

/** Backslash-separated decimal strings; a part that is no number becomes NaN. `undefined` when the element is missing or empty. */
export function decimals(dataSet: DataSet, tag: string): number[] | undefined {
  const text = dataSet.string(tag);
  if (!text) return undefined;
  return text.split('\\').map((part) => (part.trim() === '' ? NaN : Number(part)));
}
