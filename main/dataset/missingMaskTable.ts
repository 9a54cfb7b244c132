import { z } from 'zod';
import { CaseId, type Revision } from '../contract/vocabulary.ts';
import type { Database } from './database.ts';

const NEWEST = 'SELECT case_id, revision, is_missing FROM missing_masks WHERE id IN (SELECT max(id) FROM missing_masks GROUP BY case_id, revision)';
const MarkRow = z.object({ case_id: CaseId, revision: z.number(), is_missing: z.literal([0, 1]) });

/** Masks on record whose file `maskloop doctor` found gone or damaged. The newest row of a mask counts. */
export class MissingMaskTable {
  constructor(private readonly database: Database) {}

  mark(caseId: CaseId, revision: Revision, isMissing: boolean, atMs: number): void {
    this.database.run('INSERT INTO missing_masks (case_id, revision, is_missing, at_ms) VALUES (:caseId, :revision, :isMissing, :atMs)', {
      caseId,
      revision,
      isMissing: isMissing ? 1 : 0,
      atMs,
    });
  }

  /** Revisions that are marked now, of the cases that have any. */
  byCase(): Map<CaseId, Revision[]> {
    const marked = new Map<CaseId, Revision[]>();
    for (const { case_id: caseId, revision, is_missing: isMissing } of this.database.all(MarkRow, `${NEWEST} ORDER BY case_id, revision`))
      if (isMissing) marked.set(caseId, [...(marked.get(caseId) ?? []), revision]);
    return marked;
  }

  /** The same of one case. */
  ofCase(caseId: CaseId): Revision[] {
    return this.database.all(MarkRow, `${NEWEST} AND case_id = :caseId ORDER BY revision`, { caseId }).flatMap((row) => (row.is_missing ? [row.revision] : []));
  }

  isMarked(caseId: CaseId, revision: Revision): boolean {
    return this.ofCase(caseId).includes(revision);
  }
}
