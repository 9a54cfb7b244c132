/** The audit trail as it lies in the database. Entries are written in the transaction of what they tell of. */
import { createHash, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { AuditAction, type AuditEntry, type AuditFilter, type AuditHead } from '../../contract/audit.ts';
import { type Database, jsonColumn, type Parameters } from '../database.ts';
import { hashOfEntry, NO_PREDECESSOR } from './auditChain.ts';

const AuditRow = z.object({
  seq: z.number(),
  at_ms: z.number(),
  session: z.string(),
  uptime_ms: z.number(),
  actor: z.string(),
  action: AuditAction,
  subject: z.string().nullable(),
  facts_json: jsonColumn(z.record(z.string(), z.unknown())),
  previous_sha256: z.string(),
  sha256: z.string(),
});

/** What wrote the entry; `actor` of what the program does by itself. */
export const PROGRAM_ACTOR = 'maskloop';
const PAGE = 1000;

export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'action'> & Partial<Pick<AuditEntry, 'subject' | 'facts'>>;

export interface AuditClock {
  /** On the wall. */
  nowMs(): number;
  /** Never goes back. */
  uptimeMs(): number;
}
const SYSTEM_CLOCK: AuditClock = { nowMs: () => Date.now(), uptimeMs: () => performance.now() };

export class AuditTable {
  readonly #session = randomBytes(8).toString('hex');
  readonly #beganMs: number;

  constructor(
    private readonly database: Database,
    private readonly clock: AuditClock = SYSTEM_CLOCK,
  ) {
    this.#beganMs = clock.uptimeMs();
  }

  append({ actor, action, subject = null, facts = {} }: NewAuditEntry): void {
    this.database.transaction(() => {
      const last = this.head();
      const content = {
        seq: (last?.seq ?? 0) + 1,
        atMs: Math.round(this.clock.nowMs()),
        session: this.#session,
        uptimeMs: Math.round(this.clock.uptimeMs() - this.#beganMs),
        actor,
        action,
        subject,
        // As it will be read: without what JSON leaves out.
        facts: z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(facts))),
        previousSha256: last?.sha256 ?? NO_PREDECESSOR,
      };
      const { facts: kept, atMs, uptimeMs, previousSha256, ...rest } = content;
      this.database.run(`INSERT INTO audit VALUES (:seq, :atMs, :session, :uptimeMs, :actor, :action, :subject, :facts, :previousSha256, :sha256)`, {
        ...rest,
        atMs,
        uptimeMs,
        previousSha256,
        facts: JSON.stringify(kept),
        sha256: hashOfEntry(content),
      });
    });
  }

  /** The first entry of a project: what it held before there was a trail. Nothing where there is one. */
  begin(): void {
    this.database.transaction(() => {
      if (this.head()) return;
      const { count, sha256 } = this.untoldMasks();
      this.append({ actor: PROGRAM_ACTOR, action: 'begin', facts: { maskCount: count, masksSha256: sha256 } });
    });
  }

  /** How many masks no entry tells of, and the digest of their rows: for ever as the first entry has it. */
  untoldMasks(): { count: number; sha256: string } {
    const row = z.object({ case_id: z.string(), revision: z.number(), source: z.string(), author: z.string(), sha256: z.string() });
    const told = new Set(this.#toldMasks());
    const untold = this.database
      .all(row, 'SELECT case_id, revision, source, author, sha256 FROM revisions ORDER BY case_id, revision')
      .filter((one) => !told.has(`${one.case_id}/${one.revision}/${one.sha256}`));
    return {
      count: untold.length,
      sha256: createHash('sha256')
        .update(JSON.stringify(untold.map((one) => Object.values(one))))
        .digest('hex'),
    };
  }

  *#toldMasks(): Generator<string> {
    const facts = z.object({ revision: z.number(), sha256: z.string() });
    for (const entry of this.entries()) {
      const mask = facts.safeParse(entry.facts);
      if (entry.subject !== null && mask.success) yield `${entry.subject}/${mask.data.revision}/${mask.data.sha256}`;
    }
  }

  /** Oldest first, from sequence number `fromSeq` on, a page at a time. */
  *entries(fromSeq = 1): Generator<AuditEntry> {
    for (let next = fromSeq; ;) {
      const rows = this.database.all(AuditRow, 'SELECT * FROM audit WHERE seq >= :next ORDER BY seq LIMIT :limit', { next, limit: PAGE });
      yield* rows.map(toEntry);
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      next = last.seq + 1;
    }
  }

  /** Newest first, at most `limit` of those before `beforeSeq`. */
  search(filter: AuditFilter, limit: number, beforeSeq = Number.MAX_SAFE_INTEGER): AuditEntry[] {
    const sql = `SELECT * FROM audit WHERE seq < :beforeSeq AND ${MATCHES} ORDER BY seq DESC LIMIT :limit`;
    return this.database.all(AuditRow, sql, { ...wanted(filter), beforeSeq, limit }).map(toEntry);
  }

  matchCount(filter: AuditFilter): number {
    return this.database.get(z.object({ count: z.number() }), `SELECT count(*) AS count FROM audit WHERE ${MATCHES}`, wanted(filter))?.count ?? 0;
  }

  /** Everybody the trail names, in alphabetical order. */
  actors(): string[] {
    return this.database.all(z.object({ actor: z.string() }), 'SELECT DISTINCT actor FROM audit ORDER BY actor').map(({ actor }) => actor);
  }

  find(seq: number): AuditEntry | undefined {
    const row = this.database.get(AuditRow, 'SELECT * FROM audit WHERE seq = :seq', { seq });
    return row && toEntry(row);
  }

  /** `null` before the first entry. */
  head(): AuditHead | null {
    const row = this.database.get(z.object({ seq: z.number(), sha256: z.string() }), 'SELECT seq, sha256 FROM audit ORDER BY seq DESC LIMIT 1');
    return row ?? null;
  }
}

const MATCHES = `(:actor IS NULL OR actor = :actor) AND (:action IS NULL OR action = :action)
  AND (:subject IS NULL OR instr(lower(subject), lower(:subject)) > 0)`;

const wanted = ({ actor, action, subject }: AuditFilter): Parameters => ({ actor: actor ?? null, action: action ?? null, subject: subject ?? null });

function toEntry(row: z.output<typeof AuditRow>): AuditEntry {
  const { at_ms: atMs, uptime_ms: uptimeMs, facts_json: facts, previous_sha256: previousSha256, ...rest } = row;
  return { ...rest, atMs, uptimeMs, facts, previousSha256 };
}
