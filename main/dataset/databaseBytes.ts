/**
 * Reads the file of a database beside SQLite. On POSIX systems its locks belong to the process and all go when any handle of the
 * file is closed (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_), and
 * libsql keeps a connection open behind `close`. Without its lock another program takes itself for the last one and removes the
 * log and its index, while this one goes on with the old index. So a handle of what SQLite has here is kept until the file is
 * gone, and read by; of other files none stays, or a drive could not be taken out.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { platform } from 'node:process';

const CHUNK_BYTES = 2 ** 20;
/** Above so many, those of files that are gone are looked for. */
const MANY = 64;

const kept = new Map<string, number>();

const keyOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

/**
 * For a file that SQLite is about to open; an empty one where there is none. On Windows locks belong to handles, and one that
 * stays would keep the file from being moved. Throws errno errors.
 */
export function keepHandle(file: string): void {
  if (platform === 'win32') return;
  if (!existsSync(file)) closeSync(openSync(file, 'a'));
  if (kept.has(keyOf(statSync(file)))) return;
  if (kept.size >= MANY) closeGone();
  const handle = openSync(file, 'r');
  kept.set(keyOf(fstatSync(handle)), handle);
}

/** Nobody else can have a file that has no name any more. */
function closeGone(): void {
  for (const [key, handle] of kept) {
    if (fstatSync(handle).nlink > 0) continue;
    closeSync(handle);
    kept.delete(key);
  }
}

/** Piece by piece. */
function* chunksOf(file: string): Generator<Buffer> {
  const known = kept.get(keyOf(statSync(file)));
  const handle = known ?? openSync(file, 'r');
  try {
    for (let at = 0; ;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const bytesRead = readSync(handle, chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    if (known === undefined) closeSync(handle);
  }
}

/** All of it. Throws errno errors. */
export const readDatabaseFile = (file: string): Buffer => Buffer.concat([...chunksOf(file)]);

/** Replaces what is at `to`. Rejects with errno errors. */
export async function copyDatabaseFile(from: string, to: string): Promise<void> {
  const target = await open(to, 'w');
  try {
    for (const chunk of chunksOf(from)) await target.writeFile(chunk);
  } finally {
    await target.close();
  }
}
