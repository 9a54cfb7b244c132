import { z } from 'zod';
import type { CaseExclusion } from '../contract/exclusion.ts';
import { CaseId } from '../contract/vocabulary.ts';
import type { AuditTable } from './audit/auditTable.ts';
import type { Database } from './database.ts';

const ExclusionRow = z.object({ case_id: CaseId, reason: z.string().nullable(), author: z.string(), at_ms: z.number() });
const NEWEST = 'SELECT case_id, reason, author, at_ms FROM exclusions WHERE id IN (SELECT max(id) FROM exclusions GROUP BY case_id)';

/** Cases that take no part in anything. Every change of mind stays on record. */
export class ExclusionTable {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTable,
  ) {}

  /** Only the cases that are excluded now. */
  all(): Map<CaseId, CaseExclusion> {
    const excluded = new Map<CaseId, CaseExclusion>();
    for (const { case_id: caseId, reason, author, at_ms: atMs } of this.database.all(ExclusionRow, NEWEST)) {
      if (reason !== null) excluded.set(caseId, { reason, author, atMs });
    }
    return excluded;
  }

  /** `reason` `null`: they take part again. */
  set(caseIds: readonly CaseId[], reason: string | null, author: string, atMs: number): void {
    this.database.transaction(() => {
      for (const caseId of caseIds) {
        this.database.run('INSERT INTO exclusions (case_id, reason, author, at_ms) VALUES (:caseId, :reason, :author, :atMs)', {
          caseId,
          reason,
          author,
          atMs,
        });
        this.audit.append({ actor: author, action: reason === null ? 'include' : 'exclude', subject: caseId, facts: reason === null ? {} : { reason } });
      }
    });
  }
}
