/**
 * multipart/related as it comes (RFC 2046 section 5.1), for answers of any length: bytes in, events out, at most one
 * delimiter and one part's headers held back.
 */

export type MultipartEvent =
  /** Names in lower case. */
  { readonly type: 'part'; readonly headers: ReadonlyMap<string, string> } | { readonly type: 'data'; readonly bytes: Buffer } | { readonly type: 'end' };

/** Thrown for an answer that is cut off or no multipart at all. */
export class MultipartError extends Error {}

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_PREAMBLE_BYTES = 64 * 1024;
/** A boundary has at most 70 characters; some servers take more. */
const MAX_BOUNDARY_CHARACTERS = 200;
const LINE_END = Buffer.from('\r\n');
const HEADERS_END = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** Out of `multipart/related; type="application/dicom"; boundary="…"`; throws MultipartError. */
export function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /^multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;"]+))/is.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary || boundary.length > MAX_BOUNDARY_CHARACTERS) throw new MultipartError(`an answer of type '${contentType.slice(0, 100)}'`);
  return boundary;
}

export class MultipartParser {
  readonly #delimiter: Buffer;
  /** As if a line end stood before the first delimiter, which may be the very first bytes. */
  #rest: Buffer = LINE_END;
  #state: 'preamble' | 'headers' | 'body' | 'done' = 'preamble';
  #preambleBytes = 0;
  /** The line end in front of a body is not of it. */
  #isBodyStart = false;

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Throws MultipartError. */
  push(chunk: Buffer): MultipartEvent[] {
    const events: MultipartEvent[] = [];
    if (this.#state === 'done') return events; // an epilogue means nothing
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#step(events));
    return events;
  }

  /** Throws MultipartError when the last delimiter has not come. */
  end(): void {
    if (this.#state !== 'done') throw new MultipartError('the answer is cut off');
  }

  /** False: more bytes are needed. */
  #step(events: MultipartEvent[]): boolean {
    if (this.#state === 'done') return false;
    return this.#state === 'headers' ? this.#readHeaders(events) : this.#readBody(events);
  }

  #readHeaders(events: MultipartEvent[]): boolean {
    // The delimiter's own line end is still there: a part without headers goes on with an empty line.
    const end = this.#rest.indexOf(HEADERS_END);
    if (end < 0 ? this.#rest.length > MAX_HEADER_BYTES : end > MAX_HEADER_BYTES) throw new MultipartError('headers without end');
    if (end < 0) return false;
    const lines = this.#rest.toString('latin1', 0, end).split('\r\n').filter(Boolean);
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, Math.max(colon, 0)).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    this.#rest = this.#rest.subarray(end + HEADERS_END.length);
    // A part may be empty, and its delimiter then follows the empty line at once.
    this.#rest = Buffer.concat([LINE_END, this.#rest]);
    this.#isBodyStart = true;
    this.#state = 'body';
    events.push({ type: 'part', headers });
    return true;
  }

  #readBody(events: MultipartEvent[]): boolean {
    let from = 0;
    for (;;) {
      const found = this.#rest.indexOf(this.#delimiter, from);
      if (found < 0) {
        // The end may be the beginning of a delimiter.
        this.#emitUpTo(Math.max(0, this.#rest.length - this.#delimiter.length + 1), events);
        return false;
      }
      const kind = this.#delimiterAt(found);
      if (kind === 'unknown') {
        this.#emitUpTo(found, events);
        return false;
      }
      if (kind === 'none') {
        from = found + 1;
        continue;
      }
      this.#emitUpTo(found, events);
      const isPart = this.#state === 'body';
      this.#rest = this.#rest.subarray(this.#rest.indexOf(this.#delimiter) + this.#delimiter.length);
      this.#state = kind === 'last' ? 'done' : 'headers';
      this.#isBodyStart = false;
      if (isPart) events.push({ type: 'end' });
      if (kind === 'next') this.#rest = this.#rest.subarray(this.#rest.indexOf(LINE_END));
      return kind === 'next';
    }
  }

  /** What follows a delimiter decides: `--`, or blanks and a line end; anything else is data that looks alike. */
  #delimiterAt(found: number): 'next' | 'last' | 'none' | 'unknown' {
    let at = found + this.#delimiter.length;
    const { length } = this.#rest;
    if (at + 2 > length) return 'unknown';
    if (this.#rest[at] === DASH && this.#rest[at + 1] === DASH) return 'last';
    while (at < length && (this.#rest[at] === 0x20 || this.#rest[at] === 0x09)) at++;
    if (at + 2 > length) return at - found > MAX_HEADER_BYTES ? 'none' : 'unknown';
    return this.#rest[at] === 0x0d && this.#rest[at + 1] === 0x0a ? 'next' : 'none';
  }

  #emitUpTo(end: number, events: MultipartEvent[]): void {
    if (this.#state === 'preamble') {
      this.#preambleBytes += end;
      if (this.#preambleBytes > MAX_PREAMBLE_BYTES) throw new MultipartError('no boundary');
      this.#rest = this.#rest.subarray(end);
      return;
    }
    const skipped = this.#isBodyStart ? LINE_END.length : 0;
    if (end === 0 || end < skipped) return;
    this.#isBodyStart = false;
    if (end > skipped) events.push({ type: 'data', bytes: this.#rest.subarray(skipped, end) });
    this.#rest = this.#rest.subarray(end);
  }
}
