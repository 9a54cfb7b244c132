/** The pixel data element to frames that are still encoded as in the file. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../../contract/errors.ts';
import type { EncodedFrame } from './decodeFrame.ts';
import { encapsulatedFrames } from './encapsulatedFrames.ts';
import { pixelLayout } from './pixelLayout.ts';
import { EXPLICIT_BIG_ENDIAN, TRANSFER_SYNTAXES, transferSyntaxName } from './transferSyntax.ts';

const MAX_FRAMES = 1_000_000;
const FLOAT_PIXELS = ['x7fe00008', 'x7fe00009'];

/**
 * Frames in the order of the file; their bytes share its memory. Throws `import/unsupported` (colour, float, unknown transfer
 * syntax), `import/truncated`, `import/unreadable`.
 */
export function readEncodedFrames(dataSet: DataSet, transferSyntaxUid: string, path: string): EncodedFrame[] {
  const encoding = TRANSFER_SYNTAXES[transferSyntaxUid]?.encoding;
  if (!encoding) throw new AppException({ code: 'import/unsupported', path, detail: transferSyntaxName(transferSyntaxUid) });
  if (FLOAT_PIXELS.some((tag) => tag in dataSet.elements)) {
    throw new AppException({ code: 'import/unsupported', path, detail: 'pixels as floating-point numbers (a parametric map)' });
  }
  const element = dataSet.elements['x7fe00010'];
  if (!element) throw new AppException({ code: 'import/unreadable', path, detail: 'no pixel data' });
  const layout = pixelLayout(dataSet, path);
  const frameCount = declaredFrameCount(dataSet, path);
  const isEncapsulated = element.hadUndefinedLength === true;
  if (isEncapsulated !== (encoding !== 'native')) {
    const how = isEncapsulated ? 'encapsulated pixels' : 'pixels that are not encapsulated';
    throw new AppException({ code: 'import/unreadable', path, detail: `${how} in transfer syntax ${transferSyntaxName(transferSyntaxUid)}` });
  }
  const frames = isEncapsulated
    ? encapsulatedFrames(dataSet, frameCount, path)
    : nativeFrames(dataSet, (layout.rows * layout.columns * layout.allocatedBits) / 8, frameCount, path);
  return frames.map((bytes, frame) => ({
    encoding,
    isBigEndian: transferSyntaxUid === EXPLICIT_BIG_ENDIAN,
    layout,
    bytes,
    path,
    ...(frameCount > 1 ? { frameNumber: frame + 1 } : {}),
  }));
}

/** NumberOfFrames, 1 when absent. Throws `import/unreadable`, and `import/unsupported` for more than memory holds. */
export function declaredFrameCount(dataSet: DataSet, path: string): number {
  const text = dataSet.string('x00280008')?.trim();
  if (!text) return 1;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new AppException({ code: 'import/unreadable', path, detail: `NumberOfFrames is '${text}'` });
  }
  if (count > MAX_FRAMES) throw new AppException({ code: 'import/unsupported', path, detail: `${count} frames in one file` });
  return count;
}

function nativeFrames({ byteArray, elements }: DataSet, frameBytes: number, frameCount: number, path: string): Uint8Array[] {
  const { dataOffset, length } = elements['x7fe00010']!;
  const neededBytes = frameBytes * frameCount;
  if (byteArray.length < dataOffset + neededBytes) {
    throw new AppException({ code: 'import/truncated', path, expectedBytes: dataOffset + neededBytes, actualBytes: byteArray.length });
  }
  if (length < neededBytes) throw new AppException({ code: 'import/unreadable', path, detail: `${length} bytes of pixel data, ${neededBytes} needed` });
  return Array.from({ length: frameCount }, (_, frame) => byteArray.subarray(dataOffset + frame * frameBytes, dataOffset + (frame + 1) * frameBytes));
}
