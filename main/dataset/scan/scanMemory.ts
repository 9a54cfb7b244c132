/**
 * What earlier scans learnt about files, so that a folder that is imported again is not read again: by path, size and time
 * of change. A file of the project that may be deleted at any time; whatever it does not know is read.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { AppError } from '../../contract/errors.ts';
import { readFile } from '../../vault/readSealed.ts';
import { writeFileAtomic } from '../atomicFile.ts';
import type { SniffedDicom } from './dicomSources.ts';

/** To be raised whenever a summary says more or something else than before. */
const VERSION = 1;
/** The oldest knowledge goes first; a summary takes some hundred bytes. */
const MOST_FILES = 100_000;

export interface FileFacts {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** A DICOM file, why it is none although it should be, or `null` for a file that is no study. */
export type Sniffed = SniffedDicom | AppError | null;

const Entry = z.object({
  bytes: z.number(),
  modifiedMs: z.number(),
  /** Written by this program in this version, so not checked again field by field. */
  sniffed: z.custom<Sniffed>((value) => value === null || typeof value === 'object').optional(),
  sha256: z.string().optional(),
  /** Stable identity of the image that begins with this file, and the identity of all its files. */
  image: z.object({ files: z.string(), key: z.string() }).optional(),
});
type Entry = z.infer<typeof Entry>;
const ScanMemoryJson = z.object({ version: z.literal(VERSION), files: z.array(z.tuple([z.string(), Entry])) });

export class ScanMemory {
  /** Oldest first. */
  readonly #entries: Map<string, Entry>;
  #isChanged = false;

  constructor(entries: Iterable<readonly [string, Entry]> = []) {
    this.#entries = new Map(entries);
  }

  /** Knows nothing when there is no file, or one of another version, or a damaged one. */
  static async read(file: string): Promise<ScanMemory> {
    try {
      const json: unknown = JSON.parse((await promisify(gunzip)(await readFile(file))).toString('utf8'));
      return new ScanMemory(ScanMemoryJson.parse(json).files);
    } catch {
      return new ScanMemory();
    }
  }

  /** Does nothing when nothing was learnt. Rejects with errno errors. */
  async write(file: string): Promise<void> {
    if (!this.#isChanged) return;
    const files = [...this.#entries].slice(-MOST_FILES);
    const json: z.infer<typeof ScanMemoryJson> = { version: VERSION, files };
    await writeFileAtomic(file, await promisify(gzip)(JSON.stringify(json), { level: 3 }));
    this.#isChanged = false;
  }

  /** `path` as the user knows it, also for a file that lies in an archive. */
  async sniffed(path: string, facts: FileFacts, sniff: () => Promise<Sniffed>): Promise<Sniffed> {
    const entry = this.#entryOf(path, facts);
    if (entry.sniffed !== undefined) return entry.sniffed;
    const fresh = await sniff();
    // frames of files without a UID are known by their path, which may be that of an unpacked copy
    const isLasting = fresh === null || !('summary' in fresh) || fresh.summary.sopInstanceUid !== '';
    if (isLasting) this.#learn(path, { ...entry, sniffed: fresh });
    return fresh;
  }

  async sha256(path: string, facts: FileFacts, hash: () => Promise<string>): Promise<string> {
    const entry = this.#entryOf(path, facts);
    if (entry.sha256 !== undefined) return entry.sha256;
    const sha256 = await hash();
    this.#learn(path, { ...entry, sha256 });
    return sha256;
  }

  /** What an image of exactly these files was called when it was read, if it ever was. */
  imageKey(files: readonly (FileFacts & { readonly path: string })[]): string | undefined {
    const [first] = files;
    const image = first && this.#entryOf(first.path, first).image;
    return image?.files === identityOf(files) ? image.key : undefined;
  }

  rememberImage(files: readonly (FileFacts & { readonly path: string })[], key: string): void {
    const [first] = files;
    if (!first) return;
    const image = { files: identityOf(files), key };
    this.#learn(first.path, { ...this.#entryOf(first.path, first), image });
  }

  #entryOf(path: string, { bytes, modifiedMs }: FileFacts): Entry {
    const known = this.#entries.get(path);
    const isCurrent = known?.bytes === bytes && known.modifiedMs === modifiedMs;
    if (!isCurrent) return { bytes, modifiedMs };
    // used again: the last to be forgotten
    this.#entries.delete(path);
    this.#entries.set(path, known);
    return known;
  }

  #learn(path: string, entry: Entry): void {
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    this.#isChanged = true;
  }
}

const identityOf = (files: readonly (FileFacts & { readonly path: string })[]): string =>
  files.map(({ path, bytes, modifiedMs }) => `${path}|${bytes}|${modifiedMs}`).join('\n');
