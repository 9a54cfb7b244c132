/**
 * Writes what is painted on one case to its journal, one request after the other, and remembers what is not on the disk yet.
 * A change is sent at once when nothing is under way, else together with those that come meanwhile.
 */
import { toAppError, type AppError } from '../../../main/contract/errors.ts';
import type { JournalEnd, JournalId } from '../../../main/contract/journal.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { encodeEntry } from '../../viewer/edit/strokeEntries.ts';
import type { StrokeEntry } from '../../viewer/edit/strokeEntries.ts';

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5000;

export type JournalProblem = AppError | 'unreachable';

export interface JournalEvents {
  /** `null`: everything that was painted is on the disk. */
  behind(problem: JournalProblem | null): void;
}

/** What `fetch` throws when nobody answers. */
const problemOf = (thrown: unknown): JournalProblem => (thrown instanceof TypeError ? 'unreachable' : toAppError(thrown));

const isLost = (problem: JournalProblem): boolean => problem !== 'unreachable' && problem.code === 'not-found' && problem.what === 'journal';
/** Asking again does not help; the project or the role must change first. */
const FINAL: readonly AppError['code'][] = ['access/denied', 'project/none-open', 'project/read-only'];
const isFinal = (problem: JournalProblem): boolean => problem !== 'unreachable' && FINAL.includes(problem.code);

interface Entry {
  readonly bytes: Blob;
  readonly changeCount: number;
}

export class CaseJournal {
  /** Since `base`: a journal that is lost is written anew. Blobs, so that the browser may keep them outside of its memory. */
  #entries: Entry[] = [];
  #onDisk = 0;
  #journalId: JournalId | null = null;
  #sequence = 0;
  /** Entries of the frame that is under way. It is sent again as it was, or its answer would be taken for that of a longer one. */
  #underWay = 0;
  /** Another one whenever the journal does: what was under way then no longer counts. */
  #generation = 0;
  /** Entries that a save under way contains. */
  #savedCount = 0;
  #ending: { readonly journalId: JournalId; readonly end: JournalEnd }[] = [];
  #working: Promise<void> | null = null;
  #isClosed = false;
  /** Until the next change. */
  #isRefused = false;

  constructor(
    private readonly api: Pick<AppApi, 'call' | 'appendStrokes' | 'windowId'>,
    private readonly caseId: CaseId,
    private base: number | null,
    private readonly on: JournalEvents,
    /** Whose changes are the first entry. */
    private recoveredFrom: JournalId | null = null,
    /** Of the case; absent: that of the base, or the one trainings learn from. */
    private readonly mask?: number,
  ) {}

  /** `changeCount`: what the user would count. */
  record(entry: StrokeEntry, changeCount = 1): void {
    this.#isRefused = false;
    this.#entries.push({ bytes: new Blob(encodeEntry(entry)), changeCount });
    this.#work();
  }

  /** The mask as it is now is about to be saved. */
  saveBegins(): void {
    this.#savedCount = this.#entries.length;
  }

  /** All that was recorded before `saveBegins` is in revision `base`; what came since goes on in another journal, and only then this one ends. */
  saved(base: number): Promise<void> {
    const rest = this.#entries.slice(this.#savedCount);
    this.#retire('saved');
    this.#entries = rest;
    this.base = base;
    return this.#allDone();
  }

  /** Nothing more is written to it. Resolves when that is known on the other side. */
  end(end: JournalEnd): Promise<void> {
    this.#retire(end);
    this.#isClosed = true;
    return this.#allDone();
  }

  #retire(end: JournalEnd): void {
    if (this.#journalId) this.#ending.push({ journalId: this.#journalId, end });
    this.#forgetJournal();
    this.#entries = [];
    this.#savedCount = 0;
    this.recoveredFrom = null;
    this.on.behind(null);
  }

  #allDone(): Promise<void> {
    this.#work();
    return this.#working ?? Promise.resolve();
  }

  /** What is on the disk stays there, to be recovered: the project is no longer open here. */
  stop(): void {
    this.#forgetJournal();
    this.#entries = [];
    this.#ending = [];
    this.#isClosed = true;
  }

  /** Another journal of the case, once all that is recorded here is on the disk. */
  endOther(journalId: JournalId, end: JournalEnd): void {
    this.#ending.push({ journalId, end });
    this.#work();
  }

  #forgetJournal(): void {
    this.#generation++;
    this.#journalId = null;
    this.#onDisk = 0;
    this.#sequence = 0;
    this.#underWay = 0;
  }

  get #hasWork(): boolean {
    return this.#onDisk < this.#entries.length || this.#ending.length > 0;
  }

  #work(): void {
    if (this.#working || !this.#hasWork || this.#isRefused) return;
    this.#working = this.#writeAll().finally(() => {
      this.#working = null;
      this.#work();
    });
  }

  async #writeAll(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (this.#hasWork && !this.#isRefused) {
      try {
        if (this.#onDisk < this.#entries.length) await this.#writeNext();
        else await this.#endNext();
        retryMs = FIRST_RETRY_MS;
        if (this.#onDisk === this.#entries.length) this.on.behind(null);
      } catch (thrown) {
        const problem = problemOf(thrown);
        if (isLost(problem)) this.#forgetJournal();
        if (!this.#isClosed) this.on.behind(problem);
        this.#isRefused = isFinal(problem);
        if (!this.#isRefused) await new Promise((done) => setTimeout(done, retryMs));
        retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs);
      }
    }
  }

  async #writeNext(): Promise<void> {
    const generation = this.#generation;
    if (!this.#journalId) {
      const { caseId, base, mask, recoveredFrom } = this;
      const { journalId } = await this.api.call('labels.beginJournal', { caseId, windowId: this.api.windowId, base, mask, recoveredFrom });
      if (generation !== this.#generation) {
        // saved or dropped meanwhile: it stays without a change
        this.#ending.push({ journalId, end: 'saved' });
        return;
      }
      this.#journalId = journalId;
    }
    this.#underWay ||= this.#entries.length - this.#onDisk;
    const fresh = this.#entries.slice(this.#onDisk, this.#onDisk + this.#underWay);
    const sequence = this.#sequence + 1;
    const changeCount = fresh.reduce((sum, entry) => sum + entry.changeCount, 0);
    await this.api.appendStrokes(this.caseId, this.#journalId, sequence, changeCount, new Blob(fresh.map(({ bytes }) => bytes)));
    if (generation !== this.#generation) return;
    this.#sequence = sequence;
    this.#onDisk += fresh.length;
    this.#underWay = 0;
  }

  async #endNext(): Promise<void> {
    const { caseId } = this;
    const { journalId, end } = this.#ending[0]!;
    await this.api.call('labels.endJournal', { caseId, journalId, end });
    this.#ending.shift();
  }
}
