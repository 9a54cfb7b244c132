/**
 * Reads the file of a database beside SQLite. On POSIX systems its locks belong to the process and all go when any handle of the
 * file is closed (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_), and
 * libsql keeps a connection open behind `close`. Without its lock another program takes itself for the last one and removes the
 * log and its index, while this one goes on with the old index. So handles are kept until the file is gone.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { platform } from 'node:process';

const CHUNK_BYTES = 2 ** 20;
/** Above so many, those of files that are gone are looked for. */
const MANY = 64;

const kept = new Map<string, number>();

const keyOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

function handleOf(file: string): number {
  const known = kept.get(keyOf(statSync(file)));
  if (known !== undefined) return known;
  if (kept.size >= MANY) closeGone();
  const handle = openSync(file, 'r');
  kept.set(keyOf(fstatSync(handle)), handle);
  return handle;
}

/** Nobody else can have a file that has no name any more. */
function closeGone(): void {
  for (const [key, handle] of kept) {
    if (fstatSync(handle).nlink > 0) continue;
    closeSync(handle);
    kept.delete(key);
  }
}

/** Of what the handle stands for, piece by piece. On Windows locks belong to handles, and one that stays would keep the file from being moved. */
function* chunksOf(file: string): Generator<Buffer> {
  const isKept = platform !== 'win32';
  const handle = isKept ? handleOf(file) : openSync(file, 'r');
  try {
    for (let at = 0; ;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const bytesRead = readSync(handle, chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    if (!isKept) closeSync(handle);
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
