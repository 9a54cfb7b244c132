import type { CallOutput } from '../../../main/contract/api.ts';
import { AuditAction, type AuditEntry, type AuditFilter, type AuditHead, type AuditVerification } from '../../../main/contract/audit.ts';
import { AUDIT_CSV_HEADER, auditCsvLine, type AuditFileFormat, auditJsonLine } from '../../../main/contract/auditLines.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

const PAGE = 500;
const FILE_PAGE = 5000;

/** What the dialog of the audit trail shows: a page at a time, newest first. */
export class AuditTrail {
  #entries = $state.raw<readonly AuditEntry[]>([]);
  #matchCount = $state(0);
  #actors = $state.raw<readonly string[]>([]);
  #verification = $state.raw<AuditVerification | null>(null);
  #isVerifying = $state(false);
  #isReading = $state(false);
  /** An answer to an older question is not shown. */
  #turn = 0;
  /** Empty: all. */
  actor = $state('');
  action = $state('');
  subject = $state('');

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }
  get matchCount(): number {
    return this.#matchCount;
  }
  get actors(): readonly string[] {
    return this.#actors;
  }
  /** `null`: not verified yet. */
  get verification(): AuditVerification | null {
    return this.#verification;
  }
  get isVerifying(): boolean {
    return this.#isVerifying;
  }
  get isFiltered(): boolean {
    return this.actor !== '' || this.action !== '' || this.subject.trim() !== '';
  }

  /** From the newest entry on, with the filter of now. */
  async read(): Promise<void> {
    const found = await this.#ask(undefined);
    if (!found) return;
    this.#entries = found.entries;
    this.#matchCount = found.matchCount;
    this.#actors = found.actors;
  }

  /** The page after what is there; nothing while one comes, or when all is there. */
  async readOn(): Promise<void> {
    const last = this.#entries.at(-1);
    if (!last || this.#isReading || this.#entries.length >= this.#matchCount) return;
    const found = await this.#ask(last.seq);
    if (found) this.#entries = [...this.#entries, ...found.entries];
  }

  /** `undefined`: it failed, or another question was asked meanwhile. */
  async #ask(beforeSeq: number | undefined): Promise<CallOutput<'audit.search'> | undefined> {
    const turn = ++this.#turn;
    this.#isReading = true;
    const found = await this.notices.attempt(() => this.api.call('audit.search', { ...this.#filter(), beforeSeq, limit: PAGE }));
    if (turn !== this.#turn) return undefined;
    this.#isReading = false;
    return found;
  }

  #filter(): AuditFilter {
    const subject = this.subject.trim();
    return { ...(this.actor && { actor: this.actor }), ...(this.action && { action: AuditAction.parse(this.action) }), ...(subject && { subject }) };
  }

  clearFilter(): void {
    this.actor = '';
    this.action = '';
    this.subject = '';
  }

  /** `noted`: a head that somebody kept elsewhere. */
  async verify(noted: AuditHead | null): Promise<void> {
    this.#isVerifying = true;
    this.#verification = (await this.notices.attempt(() => this.api.call('audit.verify', { heads: noted ? [noted] : [] }))) ?? null;
    this.#isVerifying = false;
  }

  /** The whole trail, oldest first, and its newest entry; what comes in meanwhile is left out. `undefined`: it failed. */
  file(format: AuditFileFormat): Promise<{ readonly blob: Blob; readonly head: AuditHead | null } | undefined> {
    return this.notices.attempt(async () => {
      const { head } = await this.api.call('audit.list', { limit: 1 });
      const parts: string[] = format === 'csv' ? [AUDIT_CSV_HEADER] : [];
      const lastSeq = head?.seq ?? 0;
      for (let fromSeq = 1; fromSeq <= lastSeq;) {
        const { entries } = await this.api.call('audit.list', { fromSeq, limit: FILE_PAGE });
        const wanted = entries.filter(({ seq }) => seq <= lastSeq);
        if (wanted.length === 0) break;
        parts.push(wanted.map(format === 'csv' ? auditCsvLine : auditJsonLine).join(''));
        fromSeq = wanted.at(-1)!.seq + 1;
      }
      return { blob: new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/jsonl' }), head };
    });
  }
}
