/** What is painted on the open case and not saved: its journal, what was recovered into it, and the ways it ends. */
import type { CaseDetail } from '../../../main/contract/api.ts';
import type { Completeness } from '../../../main/contract/completeness.ts';
import type { JournalInfo } from '../../../main/contract/journal.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import type { MaskChange } from '../../viewer/edit/strokeEntries.ts';
import { CaseJournal, type JournalProblem } from './caseJournal.ts';
import { type Found, Recovery } from './recovery.svelte.ts';

/** Nobody waits longer for the end of a journal; if it is not known in time the journal is looked at when the case is opened again. */
const JOURNAL_PATIENCE_MS = 2000;
const withinPatience = (work: Promise<void>): Promise<void> => Promise.race([work, new Promise<void>((done) => setTimeout(done, JOURNAL_PATIENCE_MS))]);

export class UnsavedStrokes {
  readonly recovery: Recovery;
  #journal: CaseJournal | null = null;
  /** What the user would count; a recovered step is many. */
  #changesInStep = 1;
  #behind = $state.raw<{ readonly problem: JournalProblem; readonly sinceMs: number } | null>(null);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {
    this.recovery = new Recovery(api, notices);
  }

  /** Why what is painted is not on the disk, and since when; `null`: it is. */
  get behind(): { readonly problem: JournalProblem; readonly sinceMs: number } | null {
    return this.#behind;
  }

  /** `viewer` shows the case as it is saved; what was found comes over it, as one step that is not saved. */
  begin({ caseId, latestRevision, mask }: CaseDetail, found: Found | null, viewer: MprViewer): void {
    this.#behind = null;
    const behind = (problem: JournalProblem | null): void => void (this.#behind = problem && { problem, sinceMs: this.#behind?.sinceMs ?? Date.now() });
    this.#journal = new CaseJournal(this.api, caseId, latestRevision, { behind }, found?.journal.journalId ?? null, mask);
    if (!found) return;
    const { journal, change } = found;
    if (change.completeness)
      this.#journal.record({ kind: 'completeness', completeness: change.completeness }, change.slices.length > 0 ? 0 : journal.changeCount);
    this.#changesInStep = journal.changeCount;
    viewer.applyLabelValues(t('recovery.step'), change.slices);
    this.#changesInStep = 1;
    this.recovery.offer(journal);
  }

  edited(change: MaskChange): void {
    this.#journal?.record(change, this.#changesInStep);
  }
  /** A stroke goes on. */
  unfinished(change: MaskChange): void {
    this.#journal?.record(change, 0);
  }
  completenessChanged(completeness: Completeness): void {
    this.#journal?.record({ kind: 'completeness', completeness });
  }

  /** Another case comes. What the journal still has to do it does. */
  leave(): void {
    this.#journal = null;
  }
  /** The project is no longer open here; what is on the disk stays there, to be recovered. */
  stop(): void {
    this.#journal?.stop();
    this.#journal = null;
    this.recovery.clear();
  }

  /** The mask as it is now is about to be saved. Returns what to call when it is. */
  saveBegins(): (revision: number) => Promise<void> {
    const journal = this.#journal;
    journal?.saveBegins();
    return async (revision) => {
      this.keepRecovered();
      if (journal) await withinPatience(journal.saved(revision));
    };
  }

  /** The recovered changes stay; they are saved with the mask. */
  keepRecovered(): void {
    const { offered } = this.recovery;
    if (offered) this.#journal?.endOther(offered.journalId, 'recovered');
    this.recovery.decided();
  }

  /** What was recovered, and painted since, is kept aside. True when it is: the case is to be shown as it was saved. */
  async discardRecovered(): Promise<boolean> {
    const { offered } = this.recovery;
    if (!offered) return false;
    const done = await this.notices.attempt(async () => {
      await this.recovery.end(offered, 'discarded');
      if (this.#journal) await withinPatience(this.#journal.end('discarded'));
      return true;
    });
    return done === true;
  }

  /** The user does not want what is painted; it is kept aside for a while. */
  async drop(): Promise<void> {
    this.keepRecovered(); // it is part of what is dropped
    if (this.#journal) await withinPatience(this.#journal.end('discarded'));
  }

  /** It cannot be used here, and shall not be told again. */
  async putAside(journal: JournalInfo): Promise<void> {
    await this.notices.attempt(() => this.recovery.end(journal, 'discarded'));
  }
}
