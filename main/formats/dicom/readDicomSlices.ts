/** One DICOM file to its slices: one for a classic image, one per frame for an enhanced multi-frame object. */
import { AppException } from '../../contract/errors.ts';
import { decodeFrame, type EncodedFrame } from './pixels/decodeFrame.ts';
import { frameFacts, type FrameFacts } from './stack/frameFacts.ts';
import { groupedFrameCount } from './stack/functionalGroups.ts';
import { parseDicom, type Inflate } from './parseDicom.ts';
import type { PixelCodecs } from './pixels/pixelCodecs.ts';
import { declaredFrameCount, readEncodedFrames } from './pixels/pixelData.ts';
import { pixelLayout, type StoredPixels } from './pixels/pixelLayout.ts';

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

/** A slice whose pixels are still as in the file. */
export interface EncodedSlice extends Omit<DicomSlice, 'stored'> {
  readonly frame: EncodedFrame;
}

/** `codecs` are needed for compressed pixels. Throws what `readEncodedSlices` and `decodeFrame` throw. */
export function readDicomSlices(bytes: Uint8Array, path: string, inflate?: Inflate, codecs?: PixelCodecs): DicomSlice[] {
  return readEncodedSlices(bytes, path, inflate).map(({ frame, ...slice }) => ({ ...slice, stored: decodeFrame(frame, codecs) }));
}

/**
 * Throws `import/unsupported` (colour, float, a transfer syntax that is not known, multi-frame without geometry per frame),
 * `import/truncated`, `import/unreadable`.
 */
export function readEncodedSlices(bytes: Uint8Array, path: string, inflate?: Inflate): EncodedSlice[] {
  const { dataSet, transferSyntaxUid } = parseDicom(bytes, path, inflate);
  pixelLayout(dataSet, path); // colour is the better reason
  const frameCount = declaredFrameCount(dataSet, path);
  if (frameCount > 1 && groupedFrameCount(dataSet) < frameCount) {
    throw new AppException({ code: 'import/unsupported', path, detail: `${frameCount} frames without a position for each frame` });
  }
  const frames = readEncodedFrames(dataSet, transferSyntaxUid, path);
  const hasFrameGroups = 'x52009230' in dataSet.elements;
  const uid = dataSet.string('x00080018')?.trim() || path;
  const isMonochrome1 = dataSet.string('x00280004')?.trim() === 'MONOCHROME1';
  return frames.map((frame, index) => ({
    path,
    key: frames.length > 1 ? `${uid}#${index + 1}` : uid,
    rows: frame.layout.rows,
    columns: frame.layout.columns,
    frame,
    isMonochrome1,
    ...frameFacts(dataSet, hasFrameGroups ? index : null),
  }));
}
