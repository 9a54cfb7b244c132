/** Pixels of a segmentation object, whatever its type: what one frame sets in a mask, or the labels of all frames. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';
import { decodeFrame } from '../dicom/pixels/decodeFrame.ts';
import { encapsulatedFrames } from '../dicom/pixels/encapsulatedFrames.ts';
import type { PixelCodecs } from '../dicom/pixels/pixelCodecs.ts';
import { decodeRleFrame } from '../dicom/pixels/rleFrame.ts';
import { EXPLICIT_BIG_ENDIAN, TRANSFER_SYNTAXES, transferSyntaxName } from '../dicom/pixels/transferSyntax.ts';
import { unpackBits } from './bitPacking.ts';

export interface SegLayout {
  readonly type: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  readonly rows: number;
  readonly columns: number;
  readonly frameCount: number;
  /** 1, 8 or 16. */
  readonly allocatedBits: number;
}

/** Bytes of one frame: bits for BINARY (their first being `firstBit`), else little-endian pixels. */
export interface FrameBytes {
  readonly bytes: Uint8Array;
  readonly firstBit: number;
  /** 1 when bits are packed, else of a pixel. */
  readonly bitsPerPixel: number;
}

/** Two bytes repeat one up to 128 times (PS3.5 annex G). */
const MOST_RLE_GROWTH = 64;

/**
 * Frames by their index, decoded when asked for. Throws `import/truncated`, `import/unreadable` or `import/unsupported`
 * before anything of the declared size is allocated; so does each frame when its own bytes are damaged.
 */
export async function segFrames(
  dataSet: DataSet,
  layout: SegLayout,
  transferSyntaxUid: string,
  codecs: (() => Promise<PixelCodecs>) | undefined,
  path: string,
): Promise<(frame: number) => FrameBytes> {
  const encoding = TRANSFER_SYNTAXES[transferSyntaxUid]?.encoding;
  const unsupported = (detail: string): never => {
    throw new AppException({ code: 'import/unsupported', path, detail });
  };
  const element = dataSet.elements['x7fe00010'];
  if (!element) throw new AppException({ code: 'import/unreadable', path, detail: 'no pixel data' });
  if (!encoding) return unsupported(transferSyntaxName(transferSyntaxUid));
  if ((encoding !== 'native') !== (element.hadUndefinedLength === true)) {
    throw new AppException({ code: 'import/unreadable', path, detail: `pixels that do not fit the transfer syntax ${transferSyntaxName(transferSyntaxUid)}` });
  }
  if (encoding === 'native') return nativeFrames(dataSet, layout, transferSyntaxUid, path);
  const { rows, columns, allocatedBits, frameCount } = layout;
  const frames = encapsulatedFrames(dataSet, frameCount, path);
  const place = (frame: number) => `${path} (frame ${frame + 1})`;
  if (encoding === 'rle') {
    // of packed bits a frame is a row of whole bytes
    const cells = allocatedBits === 1 ? Math.ceil((rows * columns) / 8) : rows * columns;
    const lacking = frames.findIndex((bytes) => bytes.length * MOST_RLE_GROWTH < cells);
    if (lacking >= 0)
      throw new AppException({ code: 'import/unreadable', path: place(lacking), detail: `${frames[lacking]!.length} bytes cannot be ${cells} pixels` });
    return (frame) => ({ bytes: decodeRleFrame(frames[frame]!, cells, Math.ceil(allocatedBits / 8), place(frame)), firstBit: 0, bitsPerPixel: allocatedBits });
  }
  if (!codecs) return unsupported('compressed pixels, and no codec is here');
  const loaded = await codecs();
  const cellBits = Math.max(8, allocatedBits);
  const cells = { rows, columns, allocatedBits: cellBits, storedBits: cellBits, highBit: cellBits - 1, isSigned: false };
  return (frame) => {
    const { buffer, byteOffset, byteLength } = decodeFrame(
      { encoding, isBigEndian: false, layout: cells, bytes: frames[frame]!, path, frameNumber: frame + 1 },
      loaded,
    );
    return { bytes: new Uint8Array(buffer, byteOffset, byteLength), firstBit: 0, bitsPerPixel: cellBits };
  };
}

export function nativeFrames(dataSet: DataSet, layout: SegLayout, transferSyntaxUid: string, path: string): (frame: number) => FrameBytes {
  const element = dataSet.elements['x7fe00010']!;
  const { rows, columns, frameCount, allocatedBits } = layout;
  const frameBits = rows * columns * allocatedBits;
  const neededBytes = Math.ceil((frameBits * frameCount) / 8);
  const { byteArray } = dataSet;
  const actualBytes = Math.min(element.length, byteArray.length - element.dataOffset);
  if (actualBytes < neededBytes) {
    const before = element.dataOffset;
    throw new AppException({ code: 'import/truncated', path, expectedBytes: before + neededBytes, actualBytes: before + actualBytes });
  }
  const packed = byteArray.subarray(element.dataOffset, element.dataOffset + neededBytes + (neededBytes & 1));
  const isSwapped = transferSyntaxUid === EXPLICIT_BIG_ENDIAN && (allocatedBits === 16 || element.vr === 'OW');
  const bytes = isSwapped ? swapped(packed) : packed;
  if (allocatedBits === 1) return (frame) => ({ bytes, firstBit: frame * frameBits, bitsPerPixel: 1 });
  const frameBytes = frameBits / 8;
  return (frame) => ({ bytes: bytes.subarray(frame * frameBytes, (frame + 1) * frameBytes), firstBit: 0, bitsPerPixel: allocatedBits });
}

/** Pixels in big-endian words are exchanged in pairs, single bits and bytes too (PS3.5 section 7.3). */
function swapped(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + (bytes.length & 1));
  copy.set(bytes);
  for (let at = 0; at < copy.length; at += 2) [copy[at], copy[at + 1]] = [copy[at + 1]!, copy[at]!];
  return copy;
}

/** Sets 1 in `mask` from `at` on for pixels that are set, or at least `threshold` in frames of bytes. */
export function paintFrame({ bytes, firstBit, bitsPerPixel }: FrameBytes, pixels: number, threshold: number, mask: Uint8Array, at: number): void {
  if (bitsPerPixel === 1) {
    unpackBits(bytes, firstBit, pixels, mask, at);
    return;
  }
  for (let n = 0; n < pixels; n++) if (bytes[n]! >= threshold) mask[at + n] = 1;
}

/** Copies the labels of a frame into `labels` from `at` on. */
export function copyLabels({ bytes, bitsPerPixel }: FrameBytes, pixels: number, labels: Uint8Array | Uint16Array, at: number): void {
  if (bitsPerPixel === 8) {
    labels.set(bytes.subarray(0, pixels), at);
    return;
  }
  for (let n = 0; n < pixels; n++) labels[at + n] = bytes[2 * n]! | (bytes[2 * n + 1]! << 8);
}
