/**
 * A file that grows line by line. Sealed, it is the header of a sealed file and then records: bytes of the record (uint32,
 * little endian), a check of them (first four bytes of an HMAC with the index), nonce, AES-256-GCM of the line with the index,
 * tag. A record that a crash cut off at the end is passed over, as half a line would be; everything else is `disk/corrupt`.
 */
import { createHmac } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { vaultKeyOf } from './keyring.ts';
import { HEADER_BYTES, type FileSeal, newSeal, readSeal, sealCorrupt } from './sealedFormat.ts';
import { openMessage, sealMessage } from './sealedMessage.ts';

const FRONT_BYTES = 8;

/** A file that this process alone adds to. Rejects with errno errors and `disk/corrupt`. */
export class GrowingFile {
  #sealed: SealedEnd | null = null;

  constructor(private readonly path: string) {}

  /** Adds `text` behind what is there; makes the file where there is none. */
  async append(text: string): Promise<void> {
    const key = vaultKeyOf(this.path);
    if (!key) return appendFile(this.path, text);
    const handle = openSync(this.path, 'a+');
    try {
      this.#sealed = addRecord(handle, this.#sealed ?? endOf(handle, this.path, key), text);
    } finally {
      closeSync(handle);
    }
  }
}

/** One addition to a sealed file, done when this returns. Throws errno errors and `disk/corrupt`. */
export function appendSealedNow(path: string, key: Uint8Array, text: string): void {
  const handle = openSync(path, 'a+');
  try {
    addRecord(handle, endOf(handle, path, key), text);
  } finally {
    closeSync(handle);
  }
}

/** All of it. Rejects as `fs.readFile` does, and with `disk/corrupt`. */
export async function readGrowingText(path: string): Promise<string> {
  const key = vaultKeyOf(path);
  const stored = await readFile(path);
  if (!key) return stored.toString('utf8');
  if (isUnwritten(stored)) return '';
  const seal = readSeal(path, key, stored.subarray(0, HEADER_BYTES), 'l');
  const lines: Buffer[] = [];
  for (const { index, body } of recordsOf(seal, stored)) lines.push(openMessage(seal.key, aboutOf(seal, index), body, path, `record ${index}`));
  return Buffer.concat(lines).toString('utf8');
}

/** Where the next record goes. */
interface SealedEnd {
  readonly seal: FileSeal;
  readonly end: number;
  readonly count: number;
}

function endOf(handle: number, path: string, key: Uint8Array): SealedEnd {
  const stored = Buffer.alloc(fstatSync(handle).size);
  readSync(handle, stored, 0, stored.length, 0);
  if (isUnwritten(stored)) return { seal: newSeal(path, key, 'l'), end: 0, count: 0 };
  const seal = readSeal(path, key, stored.subarray(0, HEADER_BYTES), 'l');
  let [end, count] = [HEADER_BYTES, 0];
  for (const record of recordsOf(seal, stored)) [end, count] = [record.end, count + 1];
  return { seal, end, count };
}

function addRecord(handle: number, { seal, end, count }: SealedEnd, text: string): SealedEnd {
  // what a crash tore goes, before anything is written behind it
  if (fstatSync(handle).size > end) ftruncateSync(handle, end);
  const bytes = Buffer.concat([...(end === 0 ? [seal.header] : []), recordFor(seal, count, Buffer.from(text))]);
  writeSync(handle, bytes);
  return { seal, end: end + bytes.length, count: count + 1 };
}

/** A crash came before the header was whole: nothing was ever in it. */
const isUnwritten = (stored: Buffer): boolean => stored.length < HEADER_BYTES;

function* recordsOf(seal: FileSeal, stored: Buffer): Generator<{ readonly index: number; readonly body: Buffer; readonly end: number }> {
  for (let at = HEADER_BYTES, index = 0; at < stored.length; index++) {
    const front = stored.subarray(at, at + FRONT_BYTES);
    // power that failed may leave a file longer than what was written into it
    if (front.length < FRONT_BYTES || stored.subarray(at).every((byte) => byte === 0)) return;
    const byteCount = front.readUInt32LE(0);
    if (!front.subarray(4).equals(checkOf(seal, index, byteCount)))
      throw sealCorrupt(seal.path, `record ${index} of it is damaged, or not where it was written`);
    const end = at + FRONT_BYTES + byteCount;
    if (end > stored.length) return;
    yield { index, body: stored.subarray(at + FRONT_BYTES, end), end };
    at = end;
  }
}

function indexed(index: number, byteCount = 0): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64LE(BigInt(index));
  bytes.writeUInt32LE(byteCount, 8);
  return bytes;
}

const checkOf = ({ key, header }: FileSeal, index: number, byteCount: number): Buffer =>
  createHmac('sha256', key).update(header).update(indexed(index, byteCount)).digest().subarray(0, 4);

const aboutOf = ({ header }: FileSeal, index: number): Buffer => Buffer.concat([header, indexed(index)]);

function recordFor(seal: FileSeal, index: number, content: Buffer): Buffer {
  const body = sealMessage(seal.key, aboutOf(seal, index), [content]);
  const front = Buffer.alloc(4);
  front.writeUInt32LE(body.length);
  return Buffer.concat([front, checkOf(seal, index, body.length), body]);
}
