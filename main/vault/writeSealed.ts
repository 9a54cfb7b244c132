/** Files of projects are written through here: sealed where their project is encrypted, as they are where it is not. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { vaultKeyOf } from './keyring.ts';
import { CHUNK_BYTES, type FileSeal, newSeal, sealChunk } from './sealedFormat.ts';

/** Takes content from the beginning to the end. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing follows. */
  end(): Promise<void>;
  /** Nothing follows, and what was written is on the disk. */
  sync(): Promise<void>;
  /** Without an end before it what was written cannot be read. */
  close(): Promise<void>;
}

const LARGEST_WRITE_BYTES = 2 ** 30;

/** A new file; rejects with EEXIST where there is one. */
export async function openToWrite(path: string, mode = 0o666): Promise<FileWriter> {
  const key = vaultKeyOf(path);
  const file = await open(path, 'wx', mode);
  return key ? new SealedWriter(file, newSeal(path, key, 'f')) : new PlainWriter(file);
}

/** For files that their writer seals piece by piece. */
export const openPieces = async (path: string, mode = 0o666): Promise<FileWriter> => new PlainWriter(await open(path, 'wx', mode));

class PlainWriter implements FileWriter {
  constructor(private readonly file: FileHandle) {}

  write(bytes: Uint8Array): Promise<void> {
    return writeWhole(this.file, bytes);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return this.file.sync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

class SealedWriter implements FileWriter {
  /** What waits for its chunk to be full. */
  readonly #waiting = Buffer.allocUnsafe(CHUNK_BYTES);
  #waitingBytes = 0;
  #index = 0;
  #isEnded = false;

  constructor(
    private readonly file: FileHandle,
    private readonly seal: FileSeal,
  ) {}

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      // a full chunk goes out only when more follows: the last one is sealed as the last
      if (this.#waitingBytes === CHUNK_BYTES) await this.#put(false);
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.#waitingBytes);
      this.#waiting.set(part, this.#waitingBytes);
      this.#waitingBytes += part.length;
      at += part.length;
    }
  }

  async end(): Promise<void> {
    if (!this.#isEnded) await this.#put(true);
    this.#isEnded = true;
  }

  async sync(): Promise<void> {
    await this.end();
    await this.file.sync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #put(isLast: boolean): Promise<void> {
    if (this.#index === 0) await writeWhole(this.file, this.seal.header);
    await writeWhole(this.file, sealChunk(this.seal, this.#index++, isLast, this.#waiting.subarray(0, this.#waitingBytes)));
    this.#waitingBytes = 0;
  }
}

/** A single `write` may take only a part (always above 2 GiB), so it is repeated. */
async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset, Math.min(bytes.length - offset, LARGEST_WRITE_BYTES));
    offset += bytesWritten;
  }
}

/** All of `content` into a new file, as it comes; rejects with EEXIST where there is one. */
export async function writeStream(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await openToWrite(path);
  try {
    for await (const bytes of content) await file.write(bytes);
    await file.end();
  } finally {
    await file.close();
  }
}

/** The bytes of a small file as they go to the disk. */
function sealedBytes(path: string, content: Uint8Array): Uint8Array {
  const key = vaultKeyOf(path);
  if (!key) return content;
  const seal = newSeal(path, key, 'f');
  const chunks = [seal.header];
  let index = 0;
  do {
    const part = content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    chunks.push(sealChunk(seal, index, (index + 1) * CHUNK_BYTES >= content.length, part));
    index++;
  } while (index * CHUNK_BYTES < content.length);
  return Buffer.concat(chunks);
}

/** A small file, on the disk when this returns. `flags` as in `fs.open`. */
export function writeFileNow(path: string, content: Uint8Array, flags: 'w' | 'wx'): void {
  const handle = openSync(path, flags);
  try {
    writeSync(handle, sealedBytes(path, content));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
