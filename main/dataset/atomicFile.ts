/** Files appear whole or not at all: temporary file in the same folder, fsync, rename, fsync of the folder. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { platform } from 'node:process';

export type FileChunks = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Every temporary file of ours carries this ending, so that leftovers of a crash can be recognised. */
export const TEMPORARY_SUFFIX = '.maskloop-tmp';

/**
 * Writes `chunks` to `path`, replacing what was there. Rejects with the errno error of the file system (ENOSPC, EACCES …)
 * after removing the temporary file; an older file at `path` is then untouched. `mode`: who may read it, from the first byte on.
 */
export async function writeFileAtomic(path: string, chunks: FileChunks, mode = 0o666): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) await writeWhole(file, chunk);
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

/** A single `write` may take only a part (always above 2 GiB), so it is repeated. */
async function writeWhole(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  const LARGEST_WRITE_BYTES = 2 ** 30;
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset, Math.min(bytes.length - offset, LARGEST_WRITE_BYTES));
    offset += bytesWritten;
  }
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
