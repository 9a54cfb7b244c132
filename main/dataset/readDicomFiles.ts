/** The DICOM files of one series to slices with decoded pixels. */
import { readFile } from 'node:fs/promises';
import { readDicomSlices, type DicomSlice } from '../formats/dicom/readDicomSlices.ts';
import { inflateDicom } from './dicomSources.ts';

export interface ReadDicomOptions {
  /** An `AbortSignal` fits; looked at once per file. Once aborted, the slices read so far are returned. */
  readonly stop?: { readonly aborted: boolean };
  /** Called after each file. */
  readonly tell?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Called with the bytes of every file, in the order of `paths`, before they are decoded; for a hash. */
  readonly seeBytes?: (bytes: Uint8Array) => void;
}

/**
 * Slices in the order of `paths`, of multi-frame files in the order of their frames. Throws what `readDicomSlices` throws,
 * and errno errors of the file system.
 */
export async function readDicomFiles(paths: readonly string[], options: ReadDicomOptions = {}): Promise<DicomSlice[]> {
  const slices: DicomSlice[] = [];
  for (const [index, path] of paths.entries()) {
    if (options.stop?.aborted) break;
    const bytes = await readFile(path);
    options.seeBytes?.(bytes);
    slices.push(...readDicomSlices(bytes, path, inflateDicom));
    options.tell?.({ done: index + 1, total: paths.length });
  }
  return slices;
}
