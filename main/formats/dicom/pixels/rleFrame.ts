/** One RLE frame (PS3.5 annex G) to cells. */
import { AppException } from '../../../contract/errors.ts';

const HEADER_BYTES = 64;

/**
 * Little-endian cells of `cellBytes` bytes each. Throws `import/unreadable` when the frame has another number of segments or
 * a segment ends before the last pixel.
 */
export function decodeRleFrame(frame: Uint8Array, pixelCount: number, cellBytes: number, path: string): Uint8Array {
  const fail = (what: string): never => {
    throw new AppException({ code: 'import/unreadable', path, detail: `damaged pixels (RLE: ${what})` });
  };
  if (frame.length < HEADER_BYTES) return fail(`${frame.length} bytes, no header`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const segmentCount = view.getUint32(0, true);
  if (segmentCount !== cellBytes) return fail(`${segmentCount} segments for pixels of ${cellBytes} bytes`);
  // two bytes stand for at most 128
  if (pixelCount * cellBytes > 64 * frame.length) return fail(`${frame.length} bytes for ${pixelCount} pixels`);
  const starts = Array.from({ length: segmentCount }, (_, segment) => view.getUint32(4 + 4 * segment, true));
  const cells = new Uint8Array(pixelCount * cellBytes);
  for (const [segment, start] of starts.entries()) {
    const end = starts[segment + 1] ?? frame.length;
    if (start < HEADER_BYTES || end < start || end > frame.length) return fail(`segment ${segment + 1} lies outside the frame`);
    // the first segment holds the most significant bytes
    const done = unpackSegment(frame, start, end, cells, cellBytes - 1 - segment, cellBytes);
    if (done < pixelCount) return fail(`segment ${segment + 1} ends after ${done} of ${pixelCount} pixels`);
  }
  return cells;
}

/** PackBits of one byte plane; returns how many bytes came out. Bytes beyond the last pixel are padding. */
function unpackSegment(from: Uint8Array, start: number, end: number, to: Uint8Array, firstByte: number, stride: number): number {
  const last = to.length;
  let at = start;
  let out = firstByte;
  while (at < end && out < last) {
    const control = from[at++]!;
    if (control < 128) {
      const stop = Math.min(at + control + 1, end);
      for (; at < stop && out < last; out += stride) to[out] = from[at++]!;
    } else if (control > 128 && at < end) {
      const value = from[at++]!;
      for (let repeat = 257 - control; repeat > 0 && out < last; repeat--, out += stride) to[out] = value;
    }
  }
  return (out - firstByte) / stride;
}
