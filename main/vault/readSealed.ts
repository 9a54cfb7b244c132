/** The content of files, sealed or not: who reads through here need not know which. Sealed ones throw `disk/corrupt` where they are damaged. */
import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { Readable } from 'node:stream';
import { vaultKeyOf } from './keyring.ts';
import { CHUNK_BYTES, HEADER_BYTES, type FileSeal, SealedLayout, openChunk, readSeal } from './sealedFormat.ts';

/** Read at a time: with Node's 64 KiB, serving a large volume costs three times the processor time. */
const STREAM_BYTES = 2 ** 20;

/** Random access to the content; the part of `FileHandle` that is used. */
export interface ReadHandle {
  read(into: Uint8Array, offset: number, byteCount: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

export function readFile(path: string): Promise<Buffer<ArrayBuffer>>;
export function readFile(path: string, encoding: 'utf8'): Promise<string>;
export async function readFile(path: string, encoding?: 'utf8'): Promise<Buffer<ArrayBuffer> | string> {
  const key = vaultKeyOf(path);
  if (!key) return disk.readFile(path, encoding);
  const content = await readWhole(path);
  return encoding ? content.toString(encoding) : content;
}

/** Of small files, where the caller cannot wait. */
export const readTextSync = (path: string): string => readContentSync(path).toString('utf8');

function readContentSync(path: string): Buffer {
  const key = vaultKeyOf(path);
  const stored = readFileSync(path);
  if (!key) return stored;
  const seal = readSeal(path, key, stored.subarray(0, HEADER_BYTES), 'f');
  const layout = new SealedLayout(path, stored.length);
  const chunks = Array.from({ length: layout.chunkCount }, (_, index) => {
    const { offset, byteCount } = layout.place(index);
    return openChunk(seal, index, layout.isLast(index), stored.subarray(offset, offset + byteCount));
  });
  return Buffer.concat(chunks);
}

/** Fills `into` with the content from `position` on; returns how many bytes there were. Holds up whoever calls. */
export function readNow(path: string, into: Uint8Array, position: number): number {
  if (vaultKeyOf(path)) {
    const part = readContentSync(path).subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }
  const file = openSync(path, 'r');
  try {
    let done = 0;
    for (let readBytes = -1; done < into.length && readBytes !== 0; done += readBytes)
      readBytes = readSync(file, into, done, into.length - done, position + done);
    return done;
  } finally {
    closeSync(file);
  }
}

/** Like `fs.open(path, 'r')`. */
export async function openToRead(path: string): Promise<ReadHandle> {
  const key = vaultKeyOf(path);
  return key ? SealedHandle.open(path, key) : disk.open(path, 'r');
}

/** Bytes of the content. `stored`: bytes on the disk, where they are known. */
export async function contentBytes(path: string, stored?: number): Promise<number> {
  const storedBytes = stored ?? (await disk.stat(path)).size;
  return vaultKeyOf(path) ? new SealedLayout(path, storedBytes).contentBytes : storedBytes;
}

/** `start` and `end` as in `fs.createReadStream`, in bytes of the content; `end` is included. */
export function streamFile(path: string, { start = 0, end = Number.POSITIVE_INFINITY }: { readonly start?: number; readonly end?: number } = {}): Readable {
  if (!vaultKeyOf(path)) return createReadStream(path, { start, end, highWaterMark: STREAM_BYTES });
  return Readable.from(contentChunks(path, start, end), { objectMode: false });
}

async function* contentChunks(path: string, start: number, end: number): AsyncGenerator<Buffer> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    const stop = Math.min(size, end + 1);
    for (let at = start; at < stop;) {
      // pieces end where chunks do, so that each is opened once
      const bytes = Buffer.allocUnsafe(Math.min(stop, (Math.floor(at / CHUNK_BYTES) + 1) * CHUNK_BYTES) - at);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
      if (bytesRead === 0) return;
      yield bytes.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

async function readWhole(path: string): Promise<Buffer<ArrayBuffer>> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    const content = Buffer.alloc(size);
    for (let at = 0; at < size; at += CHUNK_BYTES) await handle.read(content, at, Math.min(CHUNK_BYTES, size - at), at);
    // an empty file has one chunk too, and it may be damaged
    if (size === 0) await handle.read(content, 0, 0, 0);
    return content;
  } finally {
    await handle.close();
  }
}

/** Keeps the chunk that was opened last: neighbours are read one after the other. */
class SealedHandle implements ReadHandle {
  #last: { readonly index: number; readonly content: Buffer } | null = null;

  private constructor(
    private readonly file: disk.FileHandle,
    private readonly seal: FileSeal,
    private readonly layout: SealedLayout,
  ) {}

  static async open(path: string, key: Uint8Array): Promise<SealedHandle> {
    const file = await disk.open(path, 'r');
    try {
      const { size } = await file.stat();
      const header = Buffer.alloc(HEADER_BYTES);
      const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
      const seal = readSeal(path, key, header.subarray(0, bytesRead), 'f');
      return new SealedHandle(file, seal, new SealedLayout(path, size));
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  stat(): Promise<{ readonly size: number }> {
    return Promise.resolve({ size: this.layout.contentBytes });
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async read(into: Uint8Array, offset: number, byteCount: number, position: number): Promise<{ readonly bytesRead: number }> {
    const end = Math.min(position + byteCount, this.layout.contentBytes);
    if (this.layout.contentBytes === 0) await this.#chunk(0);
    let done = 0;
    for (let at = position; at < end; at = position + done) {
      const index = Math.floor(at / CHUNK_BYTES);
      const from = at - index * CHUNK_BYTES;
      const part = (await this.#chunk(index)).subarray(from, from + end - at);
      into.set(part, offset + done);
      done += part.length;
    }
    return { bytesRead: done };
  }

  async #chunk(index: number): Promise<Buffer> {
    if (this.#last?.index === index) return this.#last.content;
    const { offset, byteCount } = this.layout.place(index);
    const stored = Buffer.allocUnsafe(byteCount);
    let filled = 0;
    while (filled < byteCount) {
      const { bytesRead } = await this.file.read(stored, filled, byteCount - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const content = openChunk(this.seal, index, this.layout.isLast(index), stored.subarray(0, filled));
    this.#last = { index, content };
    return content;
  }
}
