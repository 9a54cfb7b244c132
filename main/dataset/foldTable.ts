import { z } from 'zod';
import { CaseId } from '../contract/vocabulary.ts';
import type { Database } from './database.ts';

const FoldRow = z.object({ case_id: CaseId, fold: z.int().min(0).max(4).nullable() });

/** In which fold each case is held out; `null`: in none, always trained on. A case is placed once and never moves. */
export class FoldTable {
  constructor(private readonly database: Database) {}

  /** Only the cases that have been placed. */
  all(): Map<CaseId, number | null> {
    return new Map(this.database.all(FoldRow, 'SELECT case_id, fold FROM folds').map((row) => [row.case_id, row.fold]));
  }

  of(caseId: CaseId): number | null {
    const sql = 'SELECT case_id, fold FROM folds WHERE case_id = :caseId';
    return this.database.get(FoldRow, sql, { caseId })?.fold ?? null;
  }

  place(folds: ReadonlyMap<CaseId, number | null>, atMs: number): void {
    this.database.transaction(() => {
      for (const [caseId, fold] of folds)
        this.database.run('INSERT INTO folds VALUES (:caseId, :fold, :atMs)', { caseId, fold, atMs });
    });
  }
}
