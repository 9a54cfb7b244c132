/** One DICOM file to its slices: one for a classic image, one per frame for an enhanced multi-frame object. */
import { AppException } from '../../contract/errors.ts';
import { frameFacts, type FrameFacts } from './frameFacts.ts';
import { parseDicom, type Inflate } from './parseDicom.ts';
import { storedFrames, type StoredPixels } from './pixelData.ts';
import { EXPLICIT_BIG_ENDIAN, isUncompressed, transferSyntaxName } from './transferSyntax.ts';

export interface DicomSlice extends FrameFacts {
  readonly path: string;
  /** Unique per frame: SOP instance UID, and the frame number for multi-frame objects. */
  readonly key: string;
  readonly rows: number;
  readonly columns: number;
  /** Stored values, row by row. May share memory with the file. */
  readonly stored: StoredPixels;
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
