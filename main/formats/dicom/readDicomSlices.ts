/** One DICOM file to its slices: one for a classic image, one per frame for an enhanced multi-frame object. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';
import { decimals, parseDicom, type Inflate } from './parseDicom.ts';
import { EXPLICIT_BIG_ENDIAN, isUncompressed, transferSyntaxName } from './transferSyntax.ts';

export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

export interface DicomSlice {
  readonly path: string;
  /** Unique per frame: SOP instance UID, and the frame number for multi-frame objects. */
  readonly key: string;
  readonly rows: number;
  readonly columns: number;
  /** Stored values, row by row; the modality value is `stored * slope + intercept`. May share memory with the file. */
  readonly stored: StoredPixels;
  readonly slope: number;
  readonly intercept: number;
  /** Centre of the first pixel; absent in images without a patient frame. */
  readonly positionLpsMm?: readonly number[];
  /** Six cosines: direction of growing column index, then of growing row index. */
  readonly orientation?: readonly number[];
  /** Distance between rows, then between columns. */
  readonly pixelSpacingMm?: readonly number[];
  readonly sliceThicknessMm?: number;
  readonly isMonochrome1: boolean;
}

/**
 * Throws `import/unsupported` (compressed, colour, multi-frame without geometry per frame), `import/truncated`,
 * `import/unreadable`.
 */
export function readDicomSlices(bytes: Uint8Array, path: string, inflate?: Inflate): DicomSlice[] {
  const { dataSet, transferSyntaxUid } = parseDicom(bytes, path, inflate);
  if (!isUncompressed(transferSyntaxUid)) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: `compressed pixels: ${transferSyntaxName(transferSyntaxUid)}`,
    });
  }
  const photometric = dataSet.string('x00280004')?.trim() || 'MONOCHROME2';
  if ((dataSet.uint16('x00280002') ?? 1) !== 1 || !photometric.startsWith('MONOCHROME')) {
    throw new AppException({ code: 'import/unsupported', path, detail: `colour image (${photometric})` });
  }
  const frameCount = dataSet.intString('x00280008') || 1;
  const hasFrameGroups = 'x52009230' in dataSet.elements;
  if (frameCount > 1 && !hasFrameGroups) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: `${frameCount} frames without a position for each frame`,
    });
  }
  const rows = dataSet.uint16('x00280010') ?? 0;
  const columns = dataSet.uint16('x00280011') ?? 0;
  if (rows === 0 || columns === 0)
    throw new AppException({ code: 'import/unreadable', path, detail: 'Rows or Columns is missing' });
  const frames = storedFrames(dataSet, rows * columns, frameCount, transferSyntaxUid === EXPLICIT_BIG_ENDIAN, path);
  const uid = dataSet.string('x00080018')?.trim() || path;
  return frames.map((stored, frame) => ({
    path,
    key: frameCount > 1 ? `${uid}#${frame + 1}` : uid,
    rows,
    columns,
    stored,
    isMonochrome1: photometric === 'MONOCHROME1',
    ...frameFacts(dataSet, hasFrameGroups ? frame : null),
  }));
}

/** Geometry and rescale of one frame: from its functional groups, from the shared ones, or from the top level. */
function frameFacts(dataSet: DataSet, frame: number | null) {
  const group = (sequence: string): DataSet => {
    if (frame === null) return dataSet;
    return (
      itemOf(itemOf(dataSet, 'x52009230', frame), sequence, 0) ??
      itemOf(itemOf(dataSet, 'x52009229', 0), sequence, 0) ??
      dataSet
    );
  };
  const measures = group('x00289110');
  const rescale = group('x00289145');
  return {
    slope: finiteOr(rescale.floatString('x00281053'), 1),
    intercept: finiteOr(rescale.floatString('x00281052'), 0),
    positionLpsMm: decimals(group('x00209113'), 'x00200032'),
    orientation: decimals(group('x00209116'), 'x00200037'),
    pixelSpacingMm: decimals(measures, 'x00280030'),
    sliceThicknessMm: measures.floatString('x00180050'),
  };
}

function finiteOr(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) ? value : otherwise;
}

function itemOf(dataSet: DataSet | undefined, sequence: string, index: number): DataSet | undefined {
  return dataSet?.elements[sequence]?.items?.[index]?.dataSet;
}

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

function storedFrames(
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
