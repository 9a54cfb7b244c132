/** The DICOM files of one series to slices with decoded pixels. */
import { readFile } from '../../vault/readSealed.ts';
import type { StoredPixels } from '../../formats/dicom/pixels/pixelLayout.ts';
import { readEncodedSlices, type DicomSlice, type EncodedSlice } from '../../formats/dicom/readDicomSlices.ts';
import { inflateDicom } from '../scan/dicomSources.ts';
import { FrameDecoder, type FrameDecoderOptions } from './frameDecoder.ts';

export interface ReadDicomOptions extends FrameDecoderOptions {
  /** An `AbortSignal` fits; looked at once per file and frame. Once aborted, the slices read so far are returned. */
  readonly stop?: { readonly aborted: boolean };
  /** Called after each file. */
  readonly tell?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Called with the bytes of every file, in the order of `paths`, before they are decoded; for a hash. */
  readonly seeBytes?: (bytes: Uint8Array) => void;
}

interface PendingSlice {
  readonly slice: Omit<EncodedSlice, 'frame'>;
  readonly pixels: Promise<StoredPixels>;
}

/**
 * Slices in the order of `paths`, of multi-frame files in the order of their frames. Besides the pixels of the
 * series only a few compressed frames are in memory. Throws what `readEncodedSlices` and `decodeFrame` throw,
 * and errno errors of the file system.
 */
export async function readDicomFiles(paths: readonly string[], options: ReadDicomOptions = {}): Promise<DicomSlice[]> {
  const decoder = new FrameDecoder(paths.length, options);
  const pending: PendingSlice[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      if (options.stop?.aborted) break;
      const bytes = await readFile(path);
      options.seeBytes?.(bytes);
      const encoded = readEncodedSlices(bytes, path, inflateDicom);
      for (const { frame, ...slice } of encoded) {
        if (options.stop?.aborted) break;
        const { pixels } = await decoder.add(frame, encoded.length);
        pending.push({ slice, pixels });
      }
      options.tell?.({ done: index + 1, total: paths.length });
    }
    return await Promise.all(pending.map(async ({ slice, pixels }) => ({ ...slice, stored: await pixels })));
  } finally {
    await decoder.close();
  }
}
