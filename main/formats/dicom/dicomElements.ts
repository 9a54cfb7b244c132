/**
 * The elements of a data set (PS3.5 chapter 7), nested sequences included. Values are not touched; every length is held
 * against the bytes that are there, and depth and number of elements are bounded, so that damaged or hostile bytes end in
 * an error. The data sets are dicom-parser's, whose own walk takes 16-bit lengths for OV, SV and UV and bounds nothing.
 */
import dicomParser, { type ByteArrayParser, type DataSet, type Element } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';

export interface ElementEncoding {
  readonly isExplicit: boolean;
  readonly isBigEndian: boolean;
}

export const PIXEL_DATA = 'x7fe00010';
/** With a length of 16 bits; every other representation has one of 32 bits (PS3.5 7.1.2). */
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
const VRS = new Set([...SHORT_VRS, ...'OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' ')]);
const UNDEFINED_LENGTH = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const MAX_DEPTH = 64;
/** An enhanced object has some hundred elements for each frame; each takes about 200 bytes of memory here. */
const MAX_ELEMENTS = 3_000_000;
const IMPLICIT_LITTLE: ElementEncoding = { isExplicit: false, isBigEndian: false };

// dicom-parser exports it, its types do not
const { DataSet: ParsedDataSet } = dicomParser as unknown as { DataSet: new (parser: ByteArrayParser, bytes: Uint8Array, elements: Elements) => DataSet };

type Elements = Record<string, Element>;

interface Walk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly path: string;
  elementsLeft: number;
}

/** Two letters that are a value representation of the standard. */
export function isKnownVr(bytes: Uint8Array, at: number): boolean {
  return VRS.has(String.fromCharCode(bytes[at]!, bytes[at + 1]!));
}

/** The file meta group from `at`, and the position behind it. Always little-endian; explicit unless it is visibly not. */
export function readMetaElements(bytes: Uint8Array, at: number, path: string): { elements: Elements; end: number } {
  const walk = walkOf(bytes, path);
  const elements: Elements = {};
  let position = at;
  while (position + 8 <= bytes.length && walk.view.getUint16(position, true) === 2) {
    const encoding = { isExplicit: isKnownVr(bytes, position + 4), isBigEndian: false };
    const element = readElement(walk, position, bytes.length, encoding, 0);
    element.parser = dicomParser.littleEndianByteArrayParser;
    elements[element.tag] = element;
    position = element.dataOffset + element.length;
  }
  return { elements, end: position };
}

/**
 * The data set from `at` up to and including the head of the pixel data, whose value may be cut off or missing.
 * `before` are elements of the same data set read so far. Throws `import/unreadable`.
 */
export function readDataSet(bytes: Uint8Array, at: number, encoding: ElementEncoding, before: Elements, path: string): DataSet {
  const walk = walkOf(bytes, path);
  const { elements } = readElements(walk, at, bytes.length, encoding, 0, null);
  return dataSetOf(walk, { ...before, ...elements }, encoding);
}

function walkOf(bytes: Uint8Array, path: string): Walk {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), path, elementsLeft: MAX_ELEMENTS };
}

function dataSetOf({ bytes }: Walk, elements: Elements, { isBigEndian }: ElementEncoding): DataSet {
  return new ParsedDataSet(isBigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser, bytes, elements);
}

/** Up to `end`, or up to the delimiter when one is expected; `next` is the position behind it. */
function readElements(
  walk: Walk,
  at: number,
  end: number,
  encoding: ElementEncoding,
  depth: number,
  delimiter: number | null,
): { elements: Elements; next: number } {
  const elements: Elements = {};
  let position = at;
  while (position + 8 <= end) {
    const tag = tagAt(walk, position, encoding);
    if (tag === delimiter) return { elements, next: position + 8 };
    const element = readElement(walk, position, end, encoding, depth);
    elements[element.tag] = element;
    if (depth === 0 && element.tag === PIXEL_DATA) return { elements, next: end };
    position = element.dataOffset + element.length;
  }
  if (delimiter !== null) return damaged(walk, position, 'an item has no end');
  if (walk.bytes.subarray(position, end).some((byte) => byte !== 0)) return damaged(walk, position, `${end - position} bytes that are no element`);
  return { elements, next: end };
}

/** `length` of the result counts the bytes up to the next element, delimiters included. */
function readElement(walk: Walk, at: number, end: number, encoding: ElementEncoding, depth: number): Element {
  if (--walk.elementsLeft < 0) return damaged(walk, at, `more than ${MAX_ELEMENTS} elements`);
  const { view, bytes } = walk;
  const isLittle = !encoding.isBigEndian;
  const tag = `x${tagAt(walk, at, encoding).toString(16).padStart(8, '0')}`;
  let vr: string | undefined;
  let dataOffset = at + 8;
  let length: number;
  // an element whose representation is no two capital letters was written as in implicit data sets
  if (encoding.isExplicit && isCapital(bytes[at + 4]!) && isCapital(bytes[at + 5]!)) {
    vr = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!);
    if (SHORT_VRS.has(vr)) length = view.getUint16(at + 6, isLittle);
    else {
      dataOffset = at + 12;
      if (dataOffset > end) return damaged(walk, at, `element ${named(tag)} is cut off`);
      length = view.getUint32(at + 8, isLittle);
    }
  } else length = view.getUint32(at + 4, isLittle);
  const element: Element = { tag, length, dataOffset, ...(vr ? { vr } : {}) };
  if (tag === PIXEL_DATA && depth === 0) return length === UNDEFINED_LENGTH ? { ...element, hadUndefinedLength: true } : element;
  if (length === UNDEFINED_LENGTH) return readUndefined(walk, element, end, encoding, depth);
  if (dataOffset + length > end) return damaged(walk, at, `element ${named(tag)} declares ${length} bytes where ${end - dataOffset} are left`);
  if (vr === 'SQ') return readSequence(walk, element, dataOffset + length, encoding, depth);
  // without a dictionary, a sequence is known by its first item
  if ((vr === undefined || vr === 'UN') && length >= 8) {
    const inner = vr === 'UN' ? IMPLICIT_LITTLE : { ...encoding, isExplicit: false };
    if (tagAt(walk, dataOffset, inner) === ITEM) return asSequenceIfItIs(walk, element, inner, depth);
  }
  return element;
}

function readUndefined(walk: Walk, element: Element, end: number, encoding: ElementEncoding, depth: number): Element {
  const isFragments = element.tag === PIXEL_DATA || element.vr === 'OB' || element.vr === 'OW';
  const inner = element.vr === 'UN' ? IMPLICIT_LITTLE : element.vr === undefined ? { ...encoding, isExplicit: false } : encoding;
  if (!isFragments) return { ...readSequence(walk, element, end, inner, depth), hadUndefinedLength: true };
  let position = element.dataOffset;
  while (position + 8 <= end && tagAt(walk, position, encoding) === ITEM) position += 8 + walk.view.getUint32(position + 4, !encoding.isBigEndian);
  if (position + 8 > end || tagAt(walk, position, encoding) !== SEQUENCE_END)
    return damaged(walk, element.dataOffset, `element ${named(element.tag)} has no end`);
  return { ...element, hadUndefinedLength: true, length: position + 8 - element.dataOffset };
}

/** Private values may look like a sequence and be none: then they stay bytes. */
function asSequenceIfItIs(walk: Walk, element: Element, encoding: ElementEncoding, depth: number): Element {
  try {
    return readSequence(walk, element, element.dataOffset + element.length, encoding, depth);
  } catch (thrown) {
    if (thrown instanceof AppException && walk.elementsLeft >= 0) return element;
    throw thrown;
  }
}

function readSequence(walk: Walk, element: Element, end: number, encoding: ElementEncoding, depth: number): Element {
  if (depth >= MAX_DEPTH) return damaged(walk, element.dataOffset, `sequences nested deeper than ${MAX_DEPTH}`);
  const hasEnd = element.length !== UNDEFINED_LENGTH;
  const items: Element[] = [];
  let position = element.dataOffset;
  while (position + 8 <= end) {
    const tag = tagAt(walk, position, encoding);
    if (tag === SEQUENCE_END) {
      position += 8;
      return { ...element, items, length: hasEnd ? element.length : position - element.dataOffset };
    }
    if (tag !== ITEM) return damaged(walk, position, `element ${named(element.tag)} is a sequence with something between its items`);
    const item = readItem(walk, position, end, encoding, depth + 1);
    items.push(item);
    position = item.dataOffset + item.length;
  }
  if (!hasEnd || position !== end) return damaged(walk, position, `sequence ${named(element.tag)} has no end`);
  return { ...element, items };
}

function readItem(walk: Walk, at: number, end: number, encoding: ElementEncoding, depth: number): Element {
  if (--walk.elementsLeft < 0) return damaged(walk, at, `more than ${MAX_ELEMENTS} elements`);
  const declared = walk.view.getUint32(at + 4, !encoding.isBigEndian);
  const dataOffset = at + 8;
  const isOpen = declared === UNDEFINED_LENGTH;
  if (!isOpen && dataOffset + declared > end) return damaged(walk, at, `an item declares ${declared} bytes where ${end - dataOffset} are left`);
  const { elements, next } = readElements(walk, dataOffset, isOpen ? end : dataOffset + declared, encoding, depth, isOpen ? ITEM_END : null);
  return {
    tag: 'xfffee000',
    dataOffset,
    length: next - dataOffset,
    dataSet: dataSetOf(walk, elements, encoding),
    ...(isOpen ? { hadUndefinedLength: true } : {}),
  };
}

function tagAt({ view }: Walk, at: number, { isBigEndian }: ElementEncoding): number {
  return view.getUint16(at, !isBigEndian) * 0x10000 + view.getUint16(at + 2, !isBigEndian);
}

const isCapital = (byte: number) => byte >= 0x41 && byte <= 0x5a;
/** `x00280010` as `(0028,0010)`. */
const named = (tag: string) => `(${tag.slice(1, 5)},${tag.slice(5)})`;

function damaged({ path }: Walk, at: number, what: string): never {
  throw new AppException({ code: 'import/unreadable', path, detail: `damaged DICOM file (${what}; byte ${at})` });
}
