/**
 * The database's own encryption (AES-256-CBC) hides and does not authenticate, so a flipped bit would come out as other data.
 * Therefore a keyed hash of each page of an encrypted database lies beside it, in `maskloop.db.seals`:
 *
 *     'MLPAGES1', bytes of a page, count of pages (uint32, little endian), first 16 bytes of HMAC-SHA256 of each page with its
 *     number, HMAC-SHA256 of all this
 *
 * Pages change only when the write-ahead log is folded into the database. Before that their seals are taken off, after it they are
 * sealed as they are then. A crash at any moment of this leaves pages that are right or not sealed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { AppException } from '../../contract/errors.ts';
import { TEMPORARY_SUFFIX } from '../atomicFile.ts';
import { readDatabaseFile } from '../databaseBytes.ts';
import { isMissingFile } from '../readIfThere.ts';

const MARK = Buffer.from('MLPAGES1', 'latin1');
const FRONT_BYTES = MARK.length + 8;
const SEAL_BYTES = 16;
const WHOLE_BYTES = 32;

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const SALTS_AT_BYTE = 16;
const SALTS_BYTES = 8;

export const sealsFile = (database: string): string => `${database}.seals`;

export interface Pages {
  readonly pageBytes: number;
  readonly seals: readonly Buffer[];
}

const sealOf = (key: Uint8Array, number: number, page: Uint8Array): Buffer => {
  const index = Buffer.alloc(4);
  index.writeUInt32LE(number);
  return createHmac('sha256', key).update(index).update(page).digest().subarray(0, SEAL_BYTES);
};

/** Of a page that is being folded: whatever it is now, it is right. */
const UNKNOWN = Buffer.alloc(SEAL_BYTES);

function pagesOf(file: string, key: Uint8Array, known: Pages | null = null): Pages {
  const bytes = readDatabaseFile(file);
  const stored = bytes.length < 18 ? 0 : bytes.readUInt16BE(16);
  const pageBytes = stored === 1 ? 65_536 : stored;
  if (pageBytes < 512 || bytes.length % pageBytes !== 0) throw corrupt(file, 'its pages cannot be told apart');
  const seals = Array.from({ length: bytes.length / pageBytes }, (_, n) => {
    const before = known?.seals[n] ?? UNKNOWN;
    return before.equals(UNKNOWN) ? sealOf(key, n + 1, bytes.subarray(n * pageBytes, (n + 1) * pageBytes)) : before;
  });
  return { pageBytes, seals };
}

/** Before pages of these numbers are written: until `sealPages` comes they are right whatever they are. */
export function unsealPages(database: string, key: Uint8Array, before: Pages, numbers: ReadonlySet<number>): Pages {
  const count = Math.max(before.seals.length, ...numbers);
  const seals = Array.from({ length: count }, (_, n) => (numbers.has(n + 1) ? UNKNOWN : (before.seals[n] ?? UNKNOWN)));
  return writeSeals(database, key, { pageBytes: before.pageBytes, seals });
}

/** Pages that are not sealed get their seal; the others keep theirs: what happened to them meanwhile must be found. */
export const sealPages = (database: string, key: Uint8Array, before: Pages | null): Pages => writeSeals(database, key, pagesOf(database, key, before));

/** Whole or not at all, and on the disk when this returns. */
function writeSeals(database: string, key: Uint8Array, pages: Pages): Pages {
  const front = Buffer.alloc(FRONT_BYTES);
  MARK.copy(front);
  front.writeUInt32LE(pages.pageBytes, MARK.length);
  front.writeUInt32LE(pages.seals.length, MARK.length + 4);
  const content = Buffer.concat([front, ...pages.seals]);
  const file = sealsFile(database);
  const temporary = `${file}${TEMPORARY_SUFFIX}`;
  const handle = openSync(temporary, 'w');
  try {
    writeSync(handle, Buffer.concat([content, createHmac('sha256', key).update(content).digest()]));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  return pages;
}

/** Of a copy that will be called `name`; its seals are called so at once. */
export function sealCopy(copy: string, name: string, key: Uint8Array): void {
  sealPages(copy, key, null);
  renameSync(sealsFile(copy), sealsFile(name));
}

function readSeals(database: string, key: Uint8Array): Pages {
  const file = sealsFile(database);
  let stored: Buffer;
  try {
    stored = readFileSync(file);
  } catch (thrown) {
    throw isMissingFile(thrown) ? corrupt(file, 'it is missing; each copy of the database has its own beside it') : thrown;
  }
  const content = stored.subarray(0, Math.max(0, stored.length - WHOLE_BYTES));
  const whole = createHmac('sha256', key).update(content).digest();
  if (stored.length < FRONT_BYTES + WHOLE_BYTES || !timingSafeEqual(whole, stored.subarray(content.length))) throw corrupt(file, 'it is not as it was written');
  const count = content.readUInt32LE(MARK.length + 4);
  const seals = Array.from({ length: count }, (_, n) => content.subarray(FRONT_BYTES + n * SEAL_BYTES, FRONT_BYTES + (n + 1) * SEAL_BYTES));
  return { pageBytes: content.readUInt32LE(MARK.length), seals };
}

/** Throws `disk/corrupt` where a page is not what it was when it was sealed. */
export function checkSeals(database: string, key: Uint8Array): Pages {
  const sealed = readSeals(database, key);
  const now = pagesOf(database, key);
  if (now.pageBytes !== sealed.pageBytes || now.seals.length > sealed.seals.length) throw corrupt(database, 'its size is not what it was');
  for (const [n, seal] of sealed.seals.entries()) {
    if (seal.equals(UNKNOWN)) continue;
    const page = now.seals[n];
    if (!page || !timingSafeEqual(seal, page)) throw corrupt(database, `page ${n + 1} of it is not as it was written`);
  }
  return sealed;
}

/** What the write-ahead log of a database holds. */
export interface LogPages {
  /** Page number of each frame of the log's newest generation; `null`: a frame of an older one. */
  readonly pages: readonly (number | null)[];
  /** Frames that end a transaction, counted from 1. */
  readonly commits: readonly number[];
}

/** By the log's own salts: https://sqlite.org/fileformat2.html#the_write_ahead_log. Throws `disk/corrupt` for a damaged header. */
export function logPages(database: string): LogPages {
  const file = `${database}-wal`;
  let log: Buffer;
  try {
    log = readFileSync(file);
  } catch (thrown) {
    if (isMissingFile(thrown)) return { pages: [], commits: [] };
    throw thrown;
  }
  if (log.length < WAL_HEADER_BYTES + FRAME_HEADER_BYTES) return { pages: [], commits: [] };
  if (!isWholeHeader(log)) refuseLog(database);
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const salts = log.subarray(SALTS_AT_BYTE, SALTS_AT_BYTE + SALTS_BYTES);
  const pages: (number | null)[] = [];
  const commits: number[] = [];
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    const isOfNow = log.subarray(at + 8, at + 8 + SALTS_BYTES).equals(salts);
    pages.push(isOfNow ? log.readUInt32BE(at) : null);
    if (isOfNow && log.readUInt32BE(at + 4) !== 0) commits.push(pages.length);
  }
  return { pages, commits };
}

export const pagesInLog = ({ pages }: LogPages): Set<number> => new Set(pages.filter((page) => page !== null));

const damagedLog = (database: string): string => `${database}-wal.damaged`;

/** Throws `disk/corrupt` where `requireWholeLog` did once: SQLite removes a log that it cannot read, and nobody would know. */
export function requireNoDamagedLog(database: string): void {
  if (existsSync(damagedLog(database)))
    throw corrupt(
      damagedLog(database),
      'transactions that were in it are lost. Put back a backup of the database with its seals; or delete this file to go on without them',
    );
}

/** Keeps it. */
function refuseLog(database: string): void {
  copyFileSync(`${database}-wal`, damagedLog(database));
  requireNoDamagedLog(database);
}

/**
 * `wholeFrames`: as many as SQLite takes for whole. A crash tears one transaction at most, whose commit is the end of the log.
 * Throws `disk/corrupt` where transactions that were on the disk are behind the tear; the log is kept.
 */
export function requireWholeLog(database: string, { pages, commits }: LogPages, wholeFrames: number): void {
  const last = pages.reduce<number>((end, page, n) => (page === null ? end : n + 1), 0);
  if (!commits.some((count) => count > wholeFrames && count < last)) return;
  refuseLog(database);
}

/** Its own sum, over 32 bits in the order of bytes that the mark tells. */
function isWholeHeader(log: Buffer): boolean {
  const isBigEndian = (log.readUInt32BE(0) & 1) === 1;
  let [a, b] = [0, 0];
  for (let at = 0; at < 24; at += 8) {
    const [x, y] = [at, at + 4].map((place) => (isBigEndian ? log.readUInt32BE(place) : log.readUInt32LE(place)));
    a = (a + x! + b) >>> 0;
    b = (b + y! + a) >>> 0;
  }
  return log.readUInt32BE(24) === a && log.readUInt32BE(28) === b;
}

const corrupt = (path: string, detail: string): AppException => new AppException({ code: 'disk/corrupt', path, detail });
