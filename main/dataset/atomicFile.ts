/** Files appear whole or not at all: temporary file in the same folder, fsync, rename, fsync of the folder. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { platform } from 'node:process';
import type { JobId } from '../contract/vocabulary.ts';
import { openToWrite } from '../vault/writeSealed.ts';

export type FileChunks = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Every temporary file of ours carries this ending, so that leftovers of a crash can be recognised. */
export const TEMPORARY_SUFFIX = '.maskloop-tmp';
/** Of the name of the file to be; a temporary name must not be too long where that one is not. */
const KEPT_OF_NAME = 60;
let owner = '';

/** From now on the names of this process's temporary files carry the job that they are of. */
export function ownTemporaries(jobId: JobId): void {
  owner = `${jobId}.`;
}

/** A new hidden name in `folder` for what will be `name` once it is whole. */
export const temporaryPath = (folder: string, name: string): string =>
  join(folder, `.${name.slice(0, KEPT_OF_NAME)}.${owner}${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);

export const isTemporaryOf = (jobId: JobId, name: string): boolean => name.startsWith('.') && name.includes(`.${jobId}.`) && name.endsWith(TEMPORARY_SUFFIX);

/**
 * Writes `chunks` to `path`, replacing what was there. Rejects with the errno error of the file system (ENOSPC, EACCES …)
 * after removing the temporary file; an older file at `path` is then untouched. `mode`: who may read it, from the first byte on.
 * Sealed where its project is encrypted.
 */
export async function writeFileAtomic(path: string, chunks: FileChunks, mode = 0o666, openNew = openToWrite): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryPath(folder, basename(path));
  try {
    const file = await openNew(temporary, mode);
    try {
      for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncFolder(folder);
}

/** Makes the rename itself durable. Windows cannot open folders; its rename is journaled. */
export async function syncFolder(folder: string): Promise<void> {
  if (platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
