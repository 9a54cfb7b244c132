import { z } from 'zod';
import type { CaseId, Revision } from '../contract/vocabulary.ts';
import type { Database } from './database.ts';

const NEWEST = 'SELECT case_id, revision, is_missing FROM missing_masks WHERE id IN (SELECT max(id) FROM missing_masks GROUP BY case_id, revision)';
const MarkRow = z.object({ revision: z.number(), is_missing: z.literal([0, 1]) });

/** Masks on record whose file `maskloop doctor` found gone or damaged. The newest row of a mask counts. */
export class MissingMaskTable {
  constructor(private readonly database: Database) {}

  mark(caseId: CaseId, revision: Revision, isMissing: boolean, atMs: number): void {
    this.database.run('INSERT INTO missing_masks (case_id, revision, is_missing, at_ms) VALUES (:caseId, :revision, :isMissing, :atMs)', { caseId, revision, isMissing: isMissing ? 1 : 0, atMs });
  }

  /** Revisions of a case that are marked now. */
  ofCase(caseId: CaseId): Revision[] {
    return this.database.all(MarkRow, `${NEWEST} AND case_id = :caseId ORDER BY revision`, { caseId }).flatMap((row) => (row.is_missing ? [row.revision] : []));
  }

  isMarked(caseId: CaseId, revision: Revision): boolean {
    return this.ofCase(caseId).includes(revision);
  }
}
