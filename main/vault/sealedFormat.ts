/**
 * A sealed file, version 1: header, then chunks one after another, each AES-256-GCM of `CHUNK_BYTES` of content (the last one
 * of less) with its 16 bytes of tag behind it.
 *
 *     'MLSEALED'                        8 bytes
 *     version, log2 of the chunk's bytes, what follows ('f' file, 'l' log), five zeros
 *     salt                              16 random bytes; the file's own key comes from it
 *
 * The nonce of a chunk is its index and whether it is the last, and the header is authenticated with every chunk: a flipped
 * bit, a chunk that is cut off, missing, moved or from another file is found when it is read.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { AppException } from '../contract/errors.ts';
import { decrypt, encrypt, NONCE_BYTES, TAG_BYTES } from './aesGcm.ts';

const MARK = Buffer.from('MLSEALED', 'latin1');
const VERSION = 1;
const CHUNK_BITS = 18;
export const CHUNK_BYTES = 2 ** CHUNK_BITS;
export const HEADER_BYTES = 32;
const SALT_AT_BYTE = 16;
const STORED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

export type SealedKind = 'f' | 'l';

/** What one file is sealed with. */
export interface FileSeal {
  readonly path: string;
  readonly header: Buffer;
  readonly key: Buffer;
}

export const sealCorrupt = (path: string, detail: string): AppException => new AppException({ code: 'disk/corrupt', path, detail });

/** Of a new file. */
export function newSeal(path: string, vaultKey: Uint8Array, kind: SealedKind): FileSeal {
  const header = Buffer.alloc(HEADER_BYTES);
  MARK.copy(header);
  header[8] = VERSION;
  header[9] = CHUNK_BITS;
  header.write(kind, 10, 'latin1');
  randomBytes(HEADER_BYTES - SALT_AT_BYTE).copy(header, SALT_AT_BYTE);
  return sealOf(path, vaultKey, header);
}

/** Of a file that is there. Throws `disk/corrupt` for what is no sealed file of this kind. */
export function readSeal(path: string, vaultKey: Uint8Array, header: Buffer, kind: SealedKind): FileSeal {
  const isKnown =
    header.length === HEADER_BYTES &&
    header.subarray(0, MARK.length).equals(MARK) &&
    header[8] === VERSION &&
    header[9] === CHUNK_BITS &&
    header.toString('latin1', 10, 11) === kind;
  if (!isKnown) throw sealCorrupt(path, 'it is not encrypted as this project is, or its beginning is damaged');
  return sealOf(path, vaultKey, Buffer.from(header));
}

function sealOf(path: string, vaultKey: Uint8Array, header: Buffer): FileSeal {
  const key = Buffer.from(hkdfSync('sha256', vaultKey, header.subarray(SALT_AT_BYTE), 'maskloop sealed file 1', 32));
  return { path, header, key };
}

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(index));
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** At most `CHUNK_BYTES`; only the last may have fewer, and only that of an empty file none. */
export const sealChunk = ({ key, header }: FileSeal, index: number, isLast: boolean, content: Uint8Array): Buffer =>
  encrypt(key, nonceOf(index, isLast), header, [content]);

/** Throws `disk/corrupt`. */
export function openChunk({ key, header, path }: FileSeal, index: number, isLast: boolean, stored: Uint8Array): Buffer {
  const content = decrypt(key, nonceOf(index, isLast), header, stored);
  if (!content) throw sealCorrupt(path, `part ${index} of it is damaged, or not where it was written`);
  return content;
}

/** Where the chunks of a file of `storedBytes` lie and what they hold. */
export class SealedLayout {
  readonly chunkCount: number;
  readonly contentBytes: number;

  /** Throws `disk/corrupt` for a size that no sealed file has. */
  constructor(
    path: string,
    private readonly storedBytes: number,
  ) {
    const body = storedBytes - HEADER_BYTES;
    this.chunkCount = Math.max(1, Math.ceil(body / STORED_CHUNK_BYTES));
    const lastBytes = body - (this.chunkCount - 1) * STORED_CHUNK_BYTES;
    if (lastBytes < TAG_BYTES) throw sealCorrupt(path, 'its end is cut off');
    this.contentBytes = body - this.chunkCount * TAG_BYTES;
  }

  isLast(index: number): boolean {
    return index === this.chunkCount - 1;
  }

  /** First byte and count of bytes of a chunk in the stored file. */
  place(index: number): { readonly offset: number; readonly byteCount: number } {
    const offset = HEADER_BYTES + index * STORED_CHUNK_BYTES;
    return { offset, byteCount: this.isLast(index) ? this.storedBytes - offset : STORED_CHUNK_BYTES };
  }
}
