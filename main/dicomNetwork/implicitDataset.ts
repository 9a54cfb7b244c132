/**
 * A data set of explicit little endian in implicit little endian, the syntax that every node must take (PS3.5 section 10.1). Only
 * the heads of elements change; values are copied. Sequences and items get undefined lengths, because their heads shrink.
 */

const UNDEFINED_LENGTH = 0xffffffff;
const [ITEM, ITEM_END, SEQUENCE_END] = [0xfffee000, 0xfffee00d, 0xfffee0dd];
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const MAX_DEPTH = 64;

/** `null` for a data set that is damaged, or not explicit little endian. */
export function implicitDataset(explicit: Buffer): Buffer | null {
  const writer = new ImplicitWriter(explicit);
  return writer.copyElements(explicit.length, 0) ? Buffer.concat(writer.parts) : null;
}

class ImplicitWriter {
  readonly parts: Buffer[] = [];
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Up to `end`, or with an `end` of infinity up to an item's delimiter. */
  copyElements(end: number, depth: number): boolean {
    while (this.#at < end) {
      if (this.#at + 8 > this.bytes.length) return false;
      const tag = this.#tag();
      if (tag === ITEM_END) {
        this.#at += 8;
        return end === Infinity;
      }
      if (!this.#copyElement(tag, depth)) return false;
    }
    return this.#at === end;
  }

  #copyElement(tag: number, depth: number): boolean {
    const vr = this.bytes.toString('latin1', this.#at + 4, this.#at + 6);
    if (!/^[A-Z]{2}$/.test(vr)) return false;
    const isLong = LONG_VRS.has(vr);
    if (isLong && this.#at + 12 > this.bytes.length) return false;
    const length = isLong ? this.bytes.readUInt32LE(this.#at + 8) : this.bytes.readUInt16LE(this.#at + 6);
    this.#at += isLong ? 12 : 8;
    if (vr === 'SQ') return this.#copySequence(tag, length, depth + 1);
    if (length === UNDEFINED_LENGTH) return vr === 'UN' && this.#copyUnknownSequence(tag);
    if (length > this.bytes.length - this.#at) return false;
    // Group lengths count bytes of heads that change; they are retired (PS3.5 section 7.2).
    if (tag % 0x10000 !== 0) this.parts.push(head(tag, length), this.bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return true;
  }

  #copySequence(tag: number, length: number, depth: number): boolean {
    if (depth > MAX_DEPTH || (length !== UNDEFINED_LENGTH && length > this.bytes.length - this.#at)) return false;
    const end = length === UNDEFINED_LENGTH ? Infinity : this.#at + length;
    this.parts.push(head(tag, UNDEFINED_LENGTH));
    while (this.#at < end) {
      if (this.#at + 8 > this.bytes.length) return false;
      const itemTag = this.#tag();
      const itemLength = this.bytes.readUInt32LE(this.#at + 4);
      this.#at += 8;
      if (itemTag === SEQUENCE_END && end === Infinity) break;
      if (itemTag !== ITEM || (itemLength !== UNDEFINED_LENGTH && itemLength > this.bytes.length - this.#at)) return false;
      this.parts.push(head(ITEM, UNDEFINED_LENGTH));
      if (!this.copyElements(itemLength === UNDEFINED_LENGTH ? Infinity : this.#at + itemLength, depth)) return false;
      this.parts.push(head(ITEM_END, 0));
    }
    this.parts.push(head(SEQUENCE_END, 0));
    return end === Infinity || this.#at === end;
  }

  /** UN of undefined length is a sequence in implicit little endian already (PS3.5 section 6.2.2). */
  #copyUnknownSequence(tag: number): boolean {
    const start = this.#at;
    if (!this.#skipImplicit(SEQUENCE_END, 0)) return false;
    this.parts.push(head(tag, UNDEFINED_LENGTH), this.bytes.subarray(start, this.#at));
    return true;
  }

  /** Over elements or items up to this delimiter. */
  #skipImplicit(delimiter: number, depth: number): boolean {
    while (depth <= MAX_DEPTH && this.#at + 8 <= this.bytes.length) {
      const tag = this.#tag();
      const length = this.bytes.readUInt32LE(this.#at + 4);
      this.#at += 8;
      if (tag === delimiter) return true;
      if (length !== UNDEFINED_LENGTH) this.#at += length;
      else if (!this.#skipImplicit(tag === ITEM ? ITEM_END : SEQUENCE_END, depth + 1)) return false;
    }
    return false;
  }

  #tag(): number {
    return this.bytes.readUInt16LE(this.#at) * 0x10000 + this.bytes.readUInt16LE(this.#at + 2);
  }
}

function head(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(Math.floor(tag / 0x10000), 0);
  bytes.writeUInt16LE(tag % 0x10000, 2);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}
