/** Changes that were painted and not saved, found again in the journals of a case. */
import type { CaseDetail } from '../../../main/contract/api.ts';
import type { JournalEnd, JournalInfo } from '../../../main/contract/journal.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import type { RecoveredChange } from './arithmeticWorker.ts';
import { type Labels, recoveredChange } from './caseArithmetic.ts';

/** A window that closed or crashed is not noticed at once. */
const LOOK_AGAIN_MS = 3000;

interface Desk {
  /** After asking about what is painted. */
  open(caseId: CaseId): void;
  /** Unless that would lose strokes. */
  reopen(caseId: CaseId): void;
  shown(): CaseId | null;
}

export interface Found {
  readonly journal: JournalInfo;
  readonly change: RecoveredChange;
}

/** Not when all was taken back, or the crash came between saving and the end of the journal. */
function isNew({ revisions }: CaseDetail, { baseRevision }: JournalInfo, { slices, completeness, sha256 }: RecoveredChange): boolean {
  if (completeness) return true;
  return slices.length > 0 && !revisions.some((one) => one.revision > (baseRevision ?? 0) && one.sha256 === sha256);
}

export class Recovery {
  /** Its changes are in the mask that is shown, and nobody has said whether they stay. */
  #offered = $state.raw<JournalInfo | null>(null);
  /** Of the open case; their changes cannot be laid over it. */
  #unusable = $state.raw<readonly JournalInfo[]>([]);
  /** Of other masks of the open case; opening those brings them back. */
  #inOtherMasks = $state.raw<readonly JournalInfo[]>([]);
  #elsewhere = $state.raw<readonly JournalInfo[]>([]);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get offered(): JournalInfo | null {
    return this.#offered;
  }
  get unusable(): readonly JournalInfo[] {
    return this.#unusable;
  }
  get inOtherMasks(): readonly JournalInfo[] {
    return this.#inOtherMasks;
  }
  /** Another window of this user paints on the case. */
  get elsewhere(): readonly JournalInfo[] {
    return this.#elsewhere;
  }

  /** Which change of the mask `shown` brings back what was not saved; `null`: nothing. A failure is told and opens the case as it was saved. */
  async find(detail: CaseDetail, shown: Labels): Promise<Found | null> {
    this.clear();
    const found = await this.notices.attempt(async () => {
      const { journals } = await this.api.call('labels.journals', { caseId: detail.caseId });
      this.#elsewhere = journals.filter((journal) => journal.isBeingPainted);
      const all = journals.filter((journal) => !journal.isBeingPainted);
      const left = all.filter((journal) => journal.obstacle === 'header' || journal.mask === detail.mask);
      this.#inOtherMasks = all.filter((journal) => !left.includes(journal));
      const usable = left.filter((journal) => journal.obstacle === null && journal.changeCount > 0);
      this.#unusable = left.filter((journal) => !usable.includes(journal));
      return this.#firstThatChanges(detail, shown, usable);
    });
    return found ?? null;
  }

  async #firstThatChanges(detail: CaseDetail, shown: Labels, journals: readonly JournalInfo[]): Promise<Found | null> {
    for (const journal of journals) {
      const change = await recoveredChange(detail, shown, journal);
      if (isNew(detail, journal, change)) return { journal, change };
      if (journal.isDamaged) this.#unusable = [...this.#unusable, journal];
      else await this.end(journal, 'saved');
    }
    return null;
  }

  offer(journal: JournalInfo): void {
    this.#offered = journal;
  }
  /** Somebody has said whether the changes stay. */
  decided(): void {
    this.#offered = null;
  }
  clear(): void {
    this.#offered = null;
    this.#unusable = [];
    this.#inOtherMasks = [];
    this.#elsewhere = [];
  }

  async end({ caseId, journalId }: JournalInfo, end: JournalEnd): Promise<void> {
    await this.api.call('labels.endJournal', { caseId, journalId, end });
    this.#unusable = this.#unusable.filter((journal) => journal.journalId !== journalId);
  }

  /** Whether a window that painted on the open case is gone and left something. */
  async #isLeftBehind(caseId: CaseId): Promise<boolean> {
    const { journals } = await this.api.call('labels.journals', { caseId });
    const known = new Set(this.#elsewhere.map(({ journalId }) => journalId));
    this.#elsewhere = journals.filter((journal) => journal.isBeingPainted);
    return journals.some((journal) => !journal.isBeingPainted && known.has(journal.journalId));
  }

  /** Says in which cases there is something to recover, and watches other windows that paint on the case that is open. Returns the function that ends it. */
  watch(desk: Desk): () => void {
    const stops = [this.#tellFound(desk), this.#watchOthers(desk)];
    return () => stops.forEach((stop) => stop());
  }

  #tellFound({ open, shown }: Desk): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const told = new Set<CaseId>();
    const tell = (): void =>
      void this.notices.attempt(async () => {
        const { journals } = await this.api.call('labels.journals', {});
        if (isOver) return;
        const caseIds = [...new Set(journals.filter((journal) => !journal.isBeingPainted).map(({ caseId }) => caseId))].filter(
          (caseId) => !told.has(caseId) && caseId !== shown(),
        );
        const [first] = caseIds;
        caseIds.forEach((caseId) => told.add(caseId));
        if (first)
          this.notices.keep(t('recovery.found', { count: caseIds.length, cases: caseIds.join(', ') }), {
            label: t('recovery.open', { caseId: first }),
            run: () => open(first),
          });
        // this page was loaded again, and the one before may not be known to be gone yet
        if (journals.some((journal) => journal.isBeingPainted) && shown() === null) timer = setTimeout(tell, LOOK_AGAIN_MS);
      });
    tell();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }

  #watchOthers({ reopen, shown }: Desk): () => void {
    const timer = setInterval(() => {
      const caseId = shown();
      if (caseId === null || this.#elsewhere.length === 0) return;
      void this.notices.attempt(async () => {
        if ((await this.#isLeftBehind(caseId)) && caseId === shown()) reopen(caseId);
      });
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }
}
