/** The pixel data element to stored values, frame by frame. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';

export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

interface PixelLayout {
  readonly allocatedBits: number;
  readonly storedBits: number;
  readonly isSigned: boolean;
}

function pixelLayout(dataSet: DataSet, path: string): PixelLayout {
  const allocatedBits = dataSet.uint16('x00280100') ?? 0;
  const storedBits = dataSet.uint16('x00280101') || allocatedBits;
  const highBit = dataSet.uint16('x00280102') ?? storedBits - 1;
  if (![8, 16, 32].includes(allocatedBits)) {
    throw new AppException({ code: 'import/unsupported', path, detail: `${allocatedBits} bits allocated per pixel` });
  }
  if (storedBits > allocatedBits || highBit !== storedBits - 1) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: `${storedBits} bits stored, high bit ${highBit} of ${allocatedBits}`,
    });
  }
  return { allocatedBits, storedBits, isSigned: dataSet.uint16('x00280103') === 1 };
}

export function storedFrames(
  dataSet: DataSet,
  pixelsPerFrame: number,
  frameCount: number,
  isBigEndian: boolean,
  path: string,
): StoredPixels[] {
  const element = dataSet.elements['x7fe00010'];
  if (!element) throw new AppException({ code: 'import/unreadable', path, detail: 'no pixel data' });
  if (element.hadUndefinedLength) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: 'encapsulated pixels in an uncompressed transfer syntax',
    });
  }
  const layout = pixelLayout(dataSet, path);
  const frameBytes = pixelsPerFrame * (layout.allocatedBits / 8);
  const { byteArray } = dataSet;
  const expectedBytes = element.dataOffset + frameBytes * frameCount;
  if (byteArray.length < expectedBytes)
    throw new AppException({ code: 'import/truncated', path, expectedBytes, actualBytes: byteArray.length });
  if (element.length < frameBytes * frameCount) {
    throw new AppException({
      code: 'import/unreadable',
      path,
      detail: `${element.length} bytes of pixel data, ${frameBytes * frameCount} needed`,
    });
  }
  return Array.from({ length: frameCount }, (_, frame) => {
    const start = element.dataOffset + frame * frameBytes;
    const bytes = aligned(byteArray.subarray(start, start + frameBytes), layout.allocatedBits / 8, isBigEndian);
    return withoutSpareBits(typedPixels(bytes, layout), layout);
  });
}

/** Little-endian bytes at an offset a typed array can view; copies only when it must. */
function aligned(bytes: Uint8Array, pixelBytes: number, isBigEndian: boolean): Uint8Array {
  if (pixelBytes === 1 || (!isBigEndian && bytes.byteOffset % pixelBytes === 0)) return bytes;
  const copy = Uint8Array.from(bytes);
  if (isBigEndian) {
    for (let at = 0; at < copy.length; at += pixelBytes) copy.subarray(at, at + pixelBytes).reverse();
  }
  return copy;
}

function typedPixels(bytes: Uint8Array, { allocatedBits, isSigned }: PixelLayout): StoredPixels {
  const { buffer, byteOffset, length } = bytes;
  if (allocatedBits === 8)
    return isSigned ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
  if (allocatedBits === 16)
    return isSigned ? new Int16Array(buffer, byteOffset, length / 2) : new Uint16Array(buffer, byteOffset, length / 2);
  return isSigned ? new Int32Array(buffer, byteOffset, length / 4) : new Uint32Array(buffer, byteOffset, length / 4);
}

/** Bits above BitsStored may hold overlays or anything else (PS3.5 8.1.1): cut off, or filled with the sign. */
function withoutSpareBits(pixels: StoredPixels, { allocatedBits, storedBits, isSigned }: PixelLayout): StoredPixels {
  if (storedBits === allocatedBits) return pixels;
  const shift = 32 - storedBits;
  const clean = pixels.slice();
  for (let n = 0; n < clean.length; n++) {
    const raised = clean[n]! << shift;
    clean[n] = isSigned ? raised >> shift : raised >>> shift;
  }
  return clean;
}
