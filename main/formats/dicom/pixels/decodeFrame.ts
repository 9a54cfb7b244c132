/** One frame as it lies in the file to stored values. */
import { AppException } from '../../../contract/errors.ts';
import { readJpeg2000Header, readJpegHeader, type CodestreamHeader } from './codestreamHeader.ts';
import type { CodecName, PixelCodecs } from './pixelCodecs.ts';
import { cutSpareBits, storedPixels, viewPixels, type PixelLayout, type StoredPixels } from './pixelLayout.ts';
import { decodeRleFrame } from './rleFrame.ts';
import type { PixelEncoding } from './transferSyntax.ts';

/** Plain data: it goes to decoding threads. */
export interface EncodedFrame {
  readonly encoding: PixelEncoding;
  readonly isBigEndian: boolean;
  readonly layout: PixelLayout;
  /** May share memory with the file. */
  readonly bytes: Uint8Array;
  /** Of the file, and the frame where there are several, for errors. */
  readonly path: string;
  readonly frameNumber?: number;
}

/** A codec is slow enough for a thread of its own to pay. */
export function needsCodec(frame: EncodedFrame): boolean {
  return frame.encoding !== 'native' && frame.encoding !== 'rle';
}

/**
 * Values row by row, `rows * columns` of them; they may share memory with the frame. `codecs` may be absent for frames that
 * need none. Throws `import/unreadable` for damaged bytes and for a codestream that contradicts the header, and
 * `import/unsupported` for more bits than the codecs give.
 */
export function decodeFrame(frame: EncodedFrame, codecs?: PixelCodecs): StoredPixels {
  const { layout, bytes, path } = frame;
  const pixelCount = layout.rows * layout.columns;
  const cellBytes = layout.allocatedBits / 8;
  if (frame.encoding === 'native') return storedPixels(frame.isBigEndian ? littleEndian(bytes, cellBytes) : bytes, layout);
  if (frame.encoding === 'rle') return storedPixels(decodeRleFrame(bytes, pixelCount, cellBytes, place(frame)), layout);
  const header = headerOf(frame, frame.encoding);
  if (!codecs) throw new AppException({ code: 'import/unsupported', path, detail: 'compressed pixels, and no codec is here' });
  let samples: Uint8Array;
  try {
    samples = codecs.decode(frame.encoding, bytes, header);
  } catch (thrown) {
    return refuse(frame, 'import/unreadable', `damaged pixels (${thrown instanceof Error ? thrown.message : String(thrown)})`);
  }
  const sampleBits = header.bitsPerSample <= 8 ? 8 : 16;
  if (samples.length !== (pixelCount * sampleBits) / 8)
    return refuse(frame, 'import/unreadable', `damaged pixels (${samples.length} bytes decoded, ${(pixelCount * sampleBits) / 8} needed)`);
  return asStored(viewPixels(samples, sampleBits, header.isSigned), header, layout);
}

/** 8192 × 8192: beyond the largest detectors, and a codec's working memory stays below 1 GB. */
const MAX_CODED_PIXELS = 2 ** 26;

function headerOf(frame: EncodedFrame, codec: CodecName): CodestreamHeader {
  const { layout } = frame;
  const header = codec === 'jpeg' || codec === 'jpegLs' ? readJpegHeader(frame.bytes) : readJpeg2000Header(frame.bytes);
  if (typeof header === 'string') return refuse(frame, 'import/unreadable', `damaged pixels (codestream: ${header})`);
  if (header.rows !== layout.rows || header.columns !== layout.columns) {
    return refuse(frame, 'import/unreadable', `the codestream has ${header.columns} × ${header.rows} pixels, the header ${layout.columns} × ${layout.rows}`);
  }
  if (layout.rows * layout.columns > MAX_CODED_PIXELS)
    return refuse(frame, 'import/unsupported', `a compressed frame of ${layout.columns} × ${layout.rows} pixels`);
  if (header.components !== 1) return refuse(frame, 'import/unreadable', `the codestream has ${header.components} components, the header one`);
  if (header.bitsPerSample > layout.allocatedBits) {
    return refuse(frame, 'import/unreadable', `the codestream has ${header.bitsPerSample} bits for each pixel, the header allocates ${layout.allocatedBits}`);
  }
  if (header.bitsPerSample > 16 || header.bitsPerSample < 2)
    return refuse(frame, 'import/unsupported', `${header.bitsPerSample} bits for each pixel in a codestream`);
  return header;
}

/**
 * Samples of a codestream in the type that the header asks for. A codestream that knows signs is right about them (PS3.5
 * 8.2.4: it takes precedence); from one that does not, signed values are bit patterns as long as its samples.
 */
function asStored(samples: StoredPixels, header: CodestreamHeader, layout: PixelLayout): StoredPixels {
  const isSigned = layout.isSigned || header.isSigned;
  const target = viewPixels(new Uint8Array(0), layout.allocatedBits, isSigned);
  const pixels = samples.constructor === target.constructor ? samples : widened(samples, layout.allocatedBits, isSigned);
  if (header.isSigned) return pixels;
  const usesHighBit = header.bitsPerSample > layout.storedBits;
  const storedBits = Math.min(header.bitsPerSample, layout.storedBits);
  if (storedBits === layout.allocatedBits || (!isSigned && !usesHighBit)) return pixels;
  return cutSpareBits(pixels, { storedBits, highBit: usesHighBit ? layout.highBit : storedBits - 1, isSigned });
}

function widened(samples: StoredPixels, cellBits: number, isSigned: boolean): StoredPixels {
  const pixels = viewPixels(new Uint8Array((samples.length * cellBits) / 8), cellBits, isSigned);
  pixels.set(samples);
  return pixels;
}

function littleEndian(bytes: Uint8Array, cellBytes: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let at = 0; at < copy.length; at += cellBytes) copy.subarray(at, at + cellBytes).reverse();
  return copy;
}

const place = ({ path, frameNumber }: EncodedFrame) => (frameNumber === undefined ? path : `${path} (frame ${frameNumber})`);

function refuse(frame: EncodedFrame, code: 'import/unreadable' | 'import/unsupported', detail: string): never {
  throw new AppException({ code, path: place(frame), detail });
}
