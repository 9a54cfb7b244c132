/**
 * Journals of strokes: what was painted and is not saved yet, case by case, a file for each window that paints. A journal is
 * no revision. What was appended is on the disk when the promise resolves; nothing that cannot be read is ever deleted.
 */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException } from '../../contract/errors.ts';
import { JournalId, type JournalEnd } from '../../contract/journal.ts';
import type { CaseId } from '../../contract/vocabulary.ts';
import { TEMPORARY_SUFFIX, syncFolder, writeFileAtomic } from '../atomicFile.ts';
import type { ProjectFolder } from '../projectFolder.ts';
import { isMissingFile, namesIfThere } from '../readIfThere.ts';
import { openPieces } from '../../vault/writeSealed.ts';
import {
  frameChunks,
  framePayload,
  headerChunks,
  payloadContentBytes,
  scanJournal,
  type FrameFacts,
  type JournalHeader,
  type JournalScan,
} from './journalFrames.ts';

export const JOURNAL_ENDING = '.strokes';
const DAMAGED = 'damaged-';
const DAY_MS = 86_400_000;
/** Journals that were given up, of each case. */
const MOST_SET_ASIDE = 10;
const LONGEST_SET_ASIDE_MS = 30 * DAY_MS;

export interface FoundJournal extends JournalScan {
  readonly journalId: JournalId;
  readonly caseId: CaseId;
  readonly writtenAtMs: number;
}

/** Where the next frame of a journal goes. */
interface Writing {
  readonly header: JournalHeader;
  readonly frameCount: number;
  readonly endByte: number;
}

export class StrokeJournals {
  readonly #writing = new Map<string, Writing>();
  /** What happens to one journal happens in turn. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(private readonly folder: ProjectFolder) {}

  #file(caseId: CaseId, journalId: JournalId): string {
    return join(this.folder.journals(caseId), `${journalId}${JOURNAL_ENDING}`);
  }

  /** Rejects with errno errors. */
  async begin(header: JournalHeader): Promise<void> {
    const folder = this.folder.journals(header.caseId);
    if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(this.folder.case(header.caseId));
    await writeFileAtomic(this.#file(header.caseId, header.journalId), headerChunks(this.#file(header.caseId, header.journalId), header), 0o666, openPieces);
  }

  /**
   * Resolves when the frame is on the disk. A frame that is there already (its answer was lost) is not written again. Throws
   * `not-found` for a journal that ended, cannot be read, is another author's, or lacks the frame before; errno errors leave it as it was.
   */
  append(caseId: CaseId, journalId: JournalId, author: string, facts: FrameFacts, payload: readonly Uint8Array[]): Promise<void> {
    const file = this.#file(caseId, journalId);
    return this.#inTurn(file, async () => {
      const writing = this.#writing.get(file) ?? (await this.#resume(file, journalId));
      if (writing.header.author !== author || facts.sequence > writing.frameCount + 1) throw unknown(journalId);
      this.#writing.set(file, writing);
      if (facts.sequence <= writing.frameCount) return;
      // after a failure the file is looked at again
      this.#writing.delete(file);
      const endByte = await writeFrame(file, writing.endByte, frameChunks(file, facts, payload));
      this.#writing.set(file, { ...writing, frameCount: facts.sequence, endByte });
    });
  }

  async #resume(file: string, journalId: JournalId): Promise<Writing> {
    const { header, frames, endByte, isDamaged } = await scanJournal(file).catch((thrown: unknown) => {
      throw isMissingFile(thrown) ? unknown(journalId) : thrown;
    });
    if (!header || isDamaged) throw unknown(journalId);
    return { header, frameCount: frames.length, endByte };
  }

  /** Of one case, oldest first; whose they are stands in their headers. */
  async ofCase(caseId: CaseId): Promise<FoundJournal[]> {
    const found: FoundJournal[] = [];
    for (const name of await namesIfThere(this.folder.journals(caseId))) {
      const journalId = journalIdOf(name);
      if (journalId === null) continue;
      const file = this.#file(caseId, journalId);
      try {
        const { mtimeMs } = await stat(file);
        found.push({ ...(await this.#inTurn(file, () => scanJournal(file))), journalId, caseId, writtenAtMs: mtimeMs });
      } catch (thrown) {
        if (!isMissingFile(thrown)) throw thrown; // it ended meanwhile
      }
    }
    return found.sort((a, b) => beginning(a) - beginning(b));
  }

  /** What was appended, without the frames around it, up to the first place that is not whole. Throws `not-found`. */
  async payloads(caseId: CaseId, journalId: JournalId, author: string): Promise<{ readonly byteCount: number; readonly chunks: AsyncIterable<Uint8Array> }> {
    const file = this.#file(caseId, journalId);
    const { header, frames } = await this.#inTurn(file, () => scanJournal(file)).catch((thrown: unknown) => {
      throw isMissingFile(thrown) ? unknown(journalId) : thrown;
    });
    if (header?.author !== author) throw unknown(journalId);
    async function* chunks(): AsyncIterable<Uint8Array> {
      for (const frame of frames) yield* framePayload(file, frame);
    }
    return { byteCount: frames.reduce((sum, frame) => sum + payloadContentBytes(file, frame), 0), chunks: chunks() };
  }

  /** A journal that is no longer there has ended; throws `not-found` for another author's. One whose header is lost is everybody's. */
  async end(caseId: CaseId, journalId: JournalId, author: string, how: JournalEnd, nowMs: number): Promise<void> {
    const file = this.#file(caseId, journalId);
    await this.#inTurn(file, async () => {
      try {
        const { header, isDamaged } = await scanJournal(file);
        if (header && header.author !== author) throw unknown(journalId);
        this.#writing.delete(file);
        if (how === 'saved' && !isDamaged) await rm(file);
        else await this.#setAside(caseId, journalId, isDamaged, nowMs);
        await syncFolder(this.folder.journals(caseId));
      } catch (thrown) {
        if (!isMissingFile(thrown)) throw thrown;
      }
    });
    this.#turns.delete(file);
  }

  async #setAside(caseId: CaseId, journalId: JournalId, isDamaged: boolean, nowMs: number): Promise<void> {
    const aside = this.folder.journalsAside(caseId);
    await mkdir(aside, { recursive: true });
    await rename(this.#file(caseId, journalId), join(aside, `${isDamaged ? DAMAGED : ''}${nowMs}-${journalId}${JOURNAL_ENDING}`));
    await syncFolder(aside);
    await this.#pruneAside(caseId, nowMs);
  }

  async #pruneAside(caseId: CaseId, nowMs: number): Promise<void> {
    const aside = this.folder.journalsAside(caseId);
    const dated = (await namesIfThere(aside)).flatMap((name) => {
      const [, atMs] = /^(\d+)-journal-[0-9a-f]{16}\.strokes$/.exec(name) ?? [];
      return atMs === undefined ? [] : [{ name, atMs: Number(atMs) }];
    });
    const newestFirst = dated.sort((a, b) => b.atMs - a.atMs);
    for (const [place, { name, atMs }] of newestFirst.entries())
      if (place >= MOST_SET_ASIDE || nowMs - atMs > LONGEST_SET_ASIDE_MS) await rm(join(aside, name), { force: true });
  }

  /** Removes what a crash left between the beginning of a journal and its first change. Not while somebody paints. */
  async sweep(caseIds: Iterable<CaseId>): Promise<void> {
    for (const caseId of caseIds) {
      const folder = this.folder.journals(caseId);
      for (const name of await namesIfThere(folder)) if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name), { force: true });
      for (const { journalId, header, frames, isDamaged } of await this.ofCase(caseId))
        if (header && frames.length === 0 && !isDamaged) await rm(this.#file(caseId, journalId), { force: true });
    }
  }

  #inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(file) ?? Promise.resolve()).then(work);
    // the next turn comes also after a failure, which its own caller is told
    this.#turns.set(
      file,
      result.catch(() => undefined),
    );
    return result;
  }
}

const unknown = (journalId: JournalId): AppException => new AppException({ code: 'not-found', what: 'journal', id: journalId });
const beginning = ({ header, writtenAtMs }: FoundJournal): number => header?.beganAtMs ?? writtenAtMs;

function journalIdOf(name: string): JournalId | null {
  const journalId = name.endsWith(JOURNAL_ENDING) ? JournalId.safeParse(name.slice(0, -JOURNAL_ENDING.length)) : null;
  return journalId?.success ? journalId.data : null;
}

/** At `start`, over whatever a crash tore there. Where the next one goes. */
async function writeFrame(file: string, start: number, chunks: readonly Uint8Array[]): Promise<number> {
  const handle = await open(file, 'r+');
  try {
    await handle.truncate(start);
    let at = start;
    for (const chunk of chunks) {
      for (let offset = 0; offset < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, offset, chunk.length - offset, at);
        offset += bytesWritten;
        at += bytesWritten;
      }
    }
    await handle.datasync();
    return at;
  } finally {
    await handle.close();
  }
}
