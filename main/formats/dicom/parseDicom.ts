/** Bytes to a data set, up to the pixel data; with or without preamble and meta header. */
import dicomParser, { type DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';
import { DEFLATED } from './transferSyntax.ts';

/** Raw DEFLATE (no zlib header) to bytes; injected because this folder imports no node module. */
export type Inflate = (deflated: Uint8Array) => Uint8Array;

export interface ParsedDicom {
  readonly dataSet: DataSet;
  readonly transferSyntaxUid: string;
}

const PIXEL_DATA = 'x7fe00010';
const PREAMBLE_BYTES = 128;
const EXPLICIT_VRS = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(' '),
);

/** How a byte array could be DICOM: with preamble, meta header alone, bare data set; `null` for anything else. */
type Wrapping = 'part10' | 'metaOnly' | 'explicit' | 'implicit' | null;

function wrappingOf(bytes: Uint8Array): Wrapping {
  if (isDicmAt(bytes, PREAMBLE_BYTES)) return 'part10';
  if (bytes.length < 16) return null;
  const group = bytes[0]! | (bytes[1]! << 8);
  const element = bytes[2]! | (bytes[3]! << 8);
  const isExplicit = EXPLICIT_VRS.has(String.fromCharCode(bytes[4]!, bytes[5]!));
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
  const part10 = wrapping === 'metaOnly' ? withPreamble(bytes) : bytes;
  const bareSyntax = wrapping === 'explicit' ? '1.2.840.10008.1.2.1' : '1.2.840.10008.1.2';
  try {
    const dataSet = dicomParser.parseDicom(part10, {
      untilTag: PIXEL_DATA,
      inflater: (whole, position) => inflated(whole, position, path, inflate),
      ...(wrapping === 'explicit' || wrapping === 'implicit' ? { TransferSyntaxUID: bareSyntax } : {}),
    });
    const declared = wrapping === 'part10' || wrapping === 'metaOnly' ? dataSet.string('x00020010') : undefined;
    return { dataSet, transferSyntaxUid: declared?.trim() || bareSyntax };
  } catch (thrown) {
    if (thrown instanceof AppException) throw thrown;
    throw new AppException({ code: 'import/unreadable', path, detail: `damaged DICOM file (${reasonOf(thrown)})` });
  }
}

function withPreamble(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(PREAMBLE_BYTES + 4 + bytes.length);
  whole.set([0x44, 0x49, 0x43, 0x4d], PREAMBLE_BYTES);
  whole.set(bytes, PREAMBLE_BYTES + 4);
  return whole;
}

function inflated(whole: Uint8Array, position: number, path: string, inflate?: Inflate): Uint8Array {
  if (!inflate) throw new AppException({ code: 'import/unsupported', path, detail: `deflated data set (${DEFLATED})` });
  const rest = inflate(whole.subarray(position));
  const bytes = new Uint8Array(position + rest.length);
  bytes.set(whole.subarray(0, position));
  bytes.set(rest, position);
  return bytes;
}

/** dicom-parser throws strings, Errors, and objects that wrap either together with the partial data set. */
function reasonOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown.replace(/^dicomParser\./, '');
  if (thrown instanceof Error) return thrown.message;
  if (typeof thrown === 'object' && thrown !== null && 'exception' in thrown) return reasonOf(thrown.exception);
  return String(thrown);
}

/** Backslash-separated decimal strings; a part that is no number becomes NaN. `undefined` when the element is missing or empty. */
export function decimals(dataSet: DataSet, tag: string): number[] | undefined {
  const text = dataSet.string(tag);
  if (!text) return undefined;
  return text.split('\\').map((part) => (part.trim() === '' ? NaN : Number(part)));
}
