/** How the pixels of an image lie in its cells (PS3.5 chapter 8), and cells to stored values. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../../contract/errors.ts';

export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/** Plain data: it goes to decoding threads. */
export interface PixelLayout {
  readonly rows: number;
  readonly columns: number;
  /** 8, 16 or 32. */
  readonly allocatedBits: number;
  readonly storedBits: number;
  /** The highest stored bit within the cell. */
  readonly highBit: number;
  readonly isSigned: boolean;
}

/** Of a single-sample image. Throws `import/unsupported` for colour and odd cells, `import/unreadable` when rows or columns are missing. */
export function pixelLayout(dataSet: DataSet, path: string): PixelLayout {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/unsupported', path, detail });
  };
  const photometric = dataSet.string('x00280004')?.trim() || 'MONOCHROME2';
  const samples = dataSet.uint16('x00280002') ?? 1;
  if (samples !== 1 || !photometric.startsWith('MONOCHROME')) {
    return refuse(`colour image (${photometric}), where a volume needs one intensity for each voxel`);
  }
  const rows = dataSet.uint16('x00280010') ?? 0;
  const columns = dataSet.uint16('x00280011') ?? 0;
  if (rows === 0 || columns === 0) throw new AppException({ code: 'import/unreadable', path, detail: 'Rows or Columns is missing' });
  const allocatedBits = dataSet.uint16('x00280100') ?? 0;
  const storedBits = dataSet.uint16('x00280101') || allocatedBits;
  const highBit = dataSet.uint16('x00280102') ?? storedBits - 1;
  if (allocatedBits === 1) return refuse('a bitmap of 1 bit per pixel, no image to segment');
  if (![8, 16, 32].includes(allocatedBits)) return refuse(`${allocatedBits} bits allocated per pixel`);
  if (highBit >= allocatedBits || highBit + 1 < storedBits) return refuse(`${storedBits} bits stored, high bit ${highBit} of ${allocatedBits}`);
  return { rows, columns, allocatedBits, storedBits, highBit, isSigned: dataSet.uint16('x00280103') === 1 };
}

/** Little-endian cells to stored values. Shares memory with `cells` where it can; `cells` stay as they are. */
export function storedPixels(cells: Uint8Array, layout: PixelLayout): StoredPixels {
  const cellBytes = layout.allocatedBits / 8;
  // not `slice`: that of a Buffer copies nothing
  const aligned = cells.byteOffset % cellBytes === 0 ? cells : new Uint8Array(cells);
  const pixels = viewPixels(aligned, layout.allocatedBits, layout.isSigned);
  return hasSpareBits(layout) ? cutSpareBits(pixels.slice(), layout) : pixels;
}

export function viewPixels({ buffer, byteOffset, length }: Uint8Array, cellBits: number, isSigned: boolean): StoredPixels {
  if (cellBits === 8) return isSigned ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
  if (cellBits === 16) return isSigned ? new Int16Array(buffer, byteOffset, length / 2) : new Uint16Array(buffer, byteOffset, length / 2);
  return isSigned ? new Int32Array(buffer, byteOffset, length / 4) : new Uint32Array(buffer, byteOffset, length / 4);
}

function hasSpareBits({ storedBits, allocatedBits }: PixelLayout): boolean {
  return storedBits !== allocatedBits;
}

/** Bits beside the stored ones may hold overlays or anything else (PS3.5 8.1.1): cut off, or filled with the sign. In place. */
export function cutSpareBits(pixels: StoredPixels, { storedBits, highBit, isSigned }: Pick<PixelLayout, 'storedBits' | 'highBit' | 'isSigned'>): StoredPixels {
  const up = 31 - highBit;
  const down = 32 - storedBits;
  for (let n = 0; n < pixels.length; n++) {
    const raised = pixels[n]! << up;
    pixels[n] = isSigned ? raised >> down : raised >>> down;
  }
  return pixels;
}
