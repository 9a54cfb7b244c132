/** Which study, series and object a data set is: the few bytes that decide where a received object belongs. */
import { constants, inflateRawSync } from 'node:zlib';

export interface ObjectIdentity {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopInstanceUid: string;
}

const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const UNDEFINED_LENGTH = 0xffffffff;
const [SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_UID, SERIES_UID] = [0x00080016, 0x00080018, 0x0020000d, 0x0020000e];
const WANTED_TAGS = new Set([SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_UID, SERIES_UID]);
const [ITEM, ITEM_END, SEQUENCE_END] = [0xfffee000, 0xfffee00d, 0xfffee0dd];
/** VRs with four bytes of length (PS3.5 section 7.1.2). */
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** Deeper nesting is no honest data set. */
const MAX_DEPTH = 64;

/** The beginning of a data set; `null` when one of the three is missing in it. */
export function identifyObject(beginning: Buffer, transferSyntaxUid: string): ObjectIdentity | null {
  const texts = leadingTexts(beginning, transferSyntaxUid);
  const [sopInstanceUid, studyUid, seriesUid] = [texts.get(SOP_INSTANCE_UID), texts.get(STUDY_UID), texts.get(SERIES_UID)];
  return studyUid && seriesUid && sopInstanceUid ? { studyUid, seriesUid, sopInstanceUid } : null;
}

/** SOP class and instance as the data set says it; `null` where it does not. */
export function sopUidsOf(beginning: Buffer, transferSyntaxUid: string): { sopClassUid: string; sopInstanceUid: string } | null {
  const texts = leadingTexts(beginning, transferSyntaxUid);
  const [sopClassUid, sopInstanceUid] = [texts.get(SOP_CLASS_UID), texts.get(SOP_INSTANCE_UID)];
  return sopClassUid && sopInstanceUid ? { sopClassUid, sopInstanceUid } : null;
}

/**
 * Values by tag up to the series UID; elements come in the order of their tags (PS3.5 section 7.1), so nothing behind it is
 * looked at. Ends where the bytes end.
 */
function leadingTexts(beginning: Buffer, transferSyntaxUid: string): Map<number, string> {
  const bytes = transferSyntaxUid === DEFLATED ? inflateBeginning(beginning) : beginning;
  const found = new Map<number, string>();
  const reader = new ElementReader(bytes, transferSyntaxUid !== IMPLICIT_LITTLE_ENDIAN, transferSyntaxUid === EXPLICIT_BIG_ENDIAN);
  for (let one = reader.next(); one !== null && one.tag <= SERIES_UID; one = reader.next()) {
    if (one.length === UNDEFINED_LENGTH) {
      if (!reader.skipSequence(0)) break;
      continue;
    }
    const value = reader.take(one.length);
    if (value === null) break;
    if (WANTED_TAGS.has(one.tag)) found.set(one.tag, value.toString('latin1').replace(/[\0 ]+$/, ''));
  }
  return found;
}

class ElementReader {
  #at = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly isExplicit: boolean,
    private readonly isBigEndian: boolean,
  ) {}

  /** Tag and length of the next element; its value follows. `null` at the end of the bytes. */
  next(): { readonly tag: number; readonly length: number } | null {
    if (this.#at + 8 > this.bytes.length) return null;
    const tag = this.#uint16(this.#at) * 0x10000 + this.#uint16(this.#at + 2);
    const isItem = tag >= ITEM && tag <= SEQUENCE_END;
    if (!this.isExplicit || isItem) {
      this.#at += 8;
      return { tag, length: this.#uint32(this.#at - 4) };
    }
    if (!LONG_VRS.has(this.bytes.toString('latin1', this.#at + 4, this.#at + 6))) {
      this.#at += 8;
      return { tag, length: this.#uint16(this.#at - 2) };
    }
    if (this.#at + 12 > this.bytes.length) return null;
    this.#at += 12;
    return { tag, length: this.#uint32(this.#at - 4) };
  }

  take(length: number): Buffer | null {
    if (length > this.bytes.length - this.#at) return null;
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** Over the items of an undefined-length sequence; false when it does not end within the bytes. */
  skipSequence(depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    for (let one = this.next(); one !== null; one = this.next()) {
      if (one.tag === SEQUENCE_END) return true;
      const isSkipped = one.length === UNDEFINED_LENGTH ? this.#skipItem(depth + 1) : this.take(one.length) !== null;
      if (!isSkipped) return false;
    }
    return false;
  }

  #skipItem(depth: number): boolean {
    for (let one = this.next(); one !== null; one = this.next()) {
      if (one.tag === ITEM_END) return true;
      const isSkipped = one.length === UNDEFINED_LENGTH ? this.skipSequence(depth + 1) : this.take(one.length) !== null;
      if (!isSkipped) return false;
    }
    return false;
  }

  #uint16(at: number): number {
    return this.isBigEndian ? this.bytes.readUInt16BE(at) : this.bytes.readUInt16LE(at);
  }

  #uint32(at: number): number {
    return this.isBigEndian ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }
}

const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** What the beginning of a deflated stream already tells; empty when it is damaged or swells beyond measure. */
function inflateBeginning(deflated: Buffer): Buffer {
  try {
    return inflateRawSync(deflated, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES });
  } catch {
    return Buffer.alloc(0); // the caller refuses an object that it cannot identify
  }
}
