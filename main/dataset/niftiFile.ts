/** NIfTI files on disk: gzip by content, not by name. */
import { readFile } from 'node:fs/promises';
import { constants, gunzip } from 'node:zlib';
import { AppException } from '../contract/errors.ts';
import { readNifti } from '../formats/nifti/readNifti.ts';
import type { VolumeImage } from '../formats/volume/volumeImage.ts';

/** Throws what `readNifti` throws, and errno errors of the file system. */
export async function readNiftiFile(path: string): Promise<VolumeImage> {
  return readNifti(await readUncompressed(path), path);
}

/** The bytes of a file, gunzipped when they begin with the gzip magic. */
export async function readUncompressed(path: string): Promise<Uint8Array> {
  return uncompressed(await readFile(path), path);
}

/**
 * A gzip stream that ends early yields what it holds, so that the format reader can say how many bytes are missing.
 * Throws `import/unreadable` for a damaged stream.
 */
export async function uncompressed(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return new Promise((resolve, reject) => {
    gunzip(bytes, { finishFlush: constants.Z_SYNC_FLUSH }, (error, result) => {
      if (error)
        reject(new AppException({ code: 'import/unreadable', path, detail: `damaged gzip data (${error.message})` }));
      else resolve(result);
    });
  });
}
