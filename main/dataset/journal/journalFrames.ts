/**
 * The file of a journal: frames, one behind the other, each with its length and the SHA-256 of all of it, so that what a crash
 * tore is recognised. Little endian: mark, bytes of the payload, number of the frame, changes in it (uint32 each), time in
 * milliseconds (float64), SHA-256 of these 24 bytes and the payload, payload. Frame 0 holds the `JournalHeader` as JSON; what
 * the others hold is for whoever paints to know. In an encrypted project each payload is sealed, bound to its journal and frame.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { JournalId, WindowId } from '../../contract/journal.ts';
import { CaseId, FIRST_MASK, Grid, MaskNumber, Revision } from '../../contract/vocabulary.ts';
import { vaultKeyOf } from '../../vault/keyring.ts';
import { MESSAGE_BYTES, openMessage, sealMessage } from '../../vault/sealedMessage.ts';

export const JournalHeader = z.object({
  version: z.literal(1),
  journalId: JournalId,
  caseId: CaseId,
  author: z.string(),
  windowId: WindowId,
  beganAtMs: z.number(),
  /** What the changes are to be laid over; `null`: an empty mask. */
  base: z.object({ revision: Revision, sha256: z.string() }).nullable(),
  grid: Grid,
  /** Which of the case's masks is painted. */
  mask: MaskNumber.default(FIRST_MASK),
  /** The first change of this journal is all of that one. */
  recoveredFrom: JournalId.nullable(),
});
export type JournalHeader = z.infer<typeof JournalHeader>;

const MARK = Buffer.from('STRK');
const FACTS_BYTES = 24;
const HEAD_BYTES = FACTS_BYTES + 32;

export interface FrameFacts {
  readonly sequence: number;
  readonly changeCount: number;
  readonly atMs: number;
}

export interface FoundFrame extends FrameFacts {
  readonly payloadStart: number;
  readonly payloadBytes: number;
}

export interface JournalScan {
  /** `null`: not a journal, or its beginning is damaged. */
  readonly header: JournalHeader | null;
  /** Without frame 0. */
  readonly frames: readonly FoundFrame[];
  /** Where the next frame belongs; what follows is torn or damaged. */
  readonly endByte: number;
  readonly fileBytes: number;
  /** A whole frame follows one that is not: no crash while writing does that. */
  readonly isDamaged: boolean;
}

/** Which journal and which of its frames; the name of a journal stays in it wherever it is moved. */
const aboutFrame = (file: string, { sequence, changeCount, atMs }: FrameFacts): Buffer =>
  Buffer.from(`${/journal-[0-9a-f]{16}/.exec(basename(file))?.[0] ?? ''} ${sequence} ${changeCount} ${atMs}`);

/** The bytes of a frame of the journal in `file`, to be written one after the other. */
export function frameChunks(file: string, { sequence, changeCount, atMs }: FrameFacts, content: readonly Uint8Array[]): Uint8Array[] {
  const key = vaultKeyOf(file);
  const payload = key ? [sealMessage(key, aboutFrame(file, { sequence, changeCount, atMs }), content)] : content;
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(
    payload.reduce((sum, chunk) => sum + chunk.length, 0),
    4,
  );
  head.writeUInt32LE(sequence, 8);
  head.writeUInt32LE(changeCount, 12);
  head.writeDoubleLE(atMs, 16);
  const hash = createHash('sha256').update(head.subarray(0, FACTS_BYTES));
  for (const chunk of payload) hash.update(chunk);
  hash.digest().copy(head, FACTS_BYTES);
  return [head, ...payload];
}

/** Bytes of what was appended. */
export const payloadContentBytes = (file: string, { payloadBytes }: FoundFrame): number => (vaultKeyOf(file) ? payloadBytes - MESSAGE_BYTES : payloadBytes);

/** What was appended. Throws `disk/corrupt` where it was sealed and is not what it was. */
export async function* framePayload(file: string, frame: FoundFrame): AsyncGenerator<Uint8Array> {
  const { payloadStart, payloadBytes } = frame;
  if (payloadBytes === 0) return;
  const stored = createReadStream(file, { start: payloadStart, end: payloadStart + payloadBytes - 1 }) as AsyncIterable<Buffer>;
  const key = vaultKeyOf(file);
  if (!key) return yield* stored;
  const chunks: Buffer[] = [];
  for await (const chunk of stored) chunks.push(chunk);
  yield openMessage(key, aboutFrame(file, frame), Buffer.concat(chunks), file, `frame ${frame.sequence}`);
}

export const headerChunks = (file: string, header: JournalHeader): Uint8Array[] =>
  frameChunks(file, { sequence: 0, changeCount: 0, atMs: header.beganAtMs }, [Buffer.from(JSON.stringify(header))]);

/** Reads all of a journal. Rejects with the errno error of the file system only. */
export async function scanJournal(file: string): Promise<JournalScan> {
  const handle = await open(file, 'r');
  try {
    const fileBytes = (await handle.stat()).size;
    const first = await readFrame(handle, 0, fileBytes, true);
    const header = first?.payload ? parsedHeader(file, first, first.payload) : null;
    if (!first || !header) return { header: null, frames: [], endByte: 0, fileBytes, isDamaged: fileBytes > 0 };
    const frames: FoundFrame[] = [];
    let endByte = first.payloadStart + first.payloadBytes;
    for (;;) {
      const frame = await readFrame(handle, endByte, fileBytes, false);
      if (frame?.sequence !== frames.length + 1) break;
      frames.push(frame);
      endByte = frame.payloadStart + frame.payloadBytes;
    }
    return { header, frames, endByte, fileBytes, isDamaged: await holdsFrame(handle, endByte, fileBytes) };
  } finally {
    await handle.close();
  }
}

const HASH_CHUNK_BYTES = 2 ** 20;

/** `null` for anything but a whole frame. */
async function readFrame(
  handle: FileHandle,
  start: number,
  fileBytes: number,
  keepsPayload: boolean,
): Promise<(FoundFrame & { payload: Buffer | null }) | null> {
  const head = await readAt(handle, start, HEAD_BYTES);
  if (head.length < HEAD_BYTES || !head.subarray(0, MARK.length).equals(MARK)) return null;
  const payloadStart = start + HEAD_BYTES;
  const payloadBytes = head.readUInt32LE(4);
  if (payloadStart + payloadBytes > fileBytes) return null;
  const hash = createHash('sha256').update(head.subarray(0, FACTS_BYTES));
  const kept: Buffer[] = [];
  // in pieces, so that other requests are answered in between
  for (let done = 0; done < payloadBytes; done += HASH_CHUNK_BYTES) {
    const chunk = await readAt(handle, payloadStart + done, Math.min(HASH_CHUNK_BYTES, payloadBytes - done));
    hash.update(chunk);
    if (keepsPayload) kept.push(chunk);
  }
  if (!hash.digest().equals(head.subarray(FACTS_BYTES))) return null;
  return {
    sequence: head.readUInt32LE(8),
    changeCount: head.readUInt32LE(12),
    atMs: head.readDoubleLE(16),
    payloadStart,
    payloadBytes,
    payload: keepsPayload ? Buffer.concat(kept) : null,
  };
}

/** Shorter where the file ends. */
async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Whether a whole frame begins anywhere from `start` on. */
async function holdsFrame(handle: FileHandle, start: number, fileBytes: number): Promise<boolean> {
  for (let from = start; from < fileBytes; from += HASH_CHUNK_BYTES) {
    // one mark may lie across the edge
    const piece = await readAt(handle, from, HASH_CHUNK_BYTES + MARK.length - 1);
    for (let at = piece.indexOf(MARK); at >= 0; at = piece.indexOf(MARK, at + 1)) {
      if (await readFrame(handle, from + at, fileBytes, false)) return true;
    }
  }
  return false;
}

function parsedHeader(file: string, facts: FrameFacts, stored: Buffer): JournalHeader | null {
  try {
    const key = vaultKeyOf(file);
    const content = key ? openMessage(key, aboutFrame(file, facts), stored, file, 'the beginning') : stored;
    return JournalHeader.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null; // whole, but of another version: told to the user, and left where it is
  }
}
