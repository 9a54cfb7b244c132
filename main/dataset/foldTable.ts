import { z } from 'zod';
import { type CasePlacement, PlacementReason } from '../contract/api.ts';
import { CaseId } from '../contract/vocabulary.ts';
import type { Database } from './database.ts';

const FoldRow = z.object({ case_id: CaseId, fold: z.int().min(0).max(4).nullable(), reason: PlacementReason, assigned_at_ms: z.number() });
const SELECT = 'SELECT case_id, fold, reason, assigned_at_ms FROM folds';

export type NewPlacement = Pick<CasePlacement, 'fold' | 'reason'>;

/** In which fold each case is held out, and why there. A case is placed once and never moves. */
export class FoldTable {
  constructor(private readonly database: Database) {}

  /** Only the cases that have been placed. `null`: held out in none, always trained on. */
  all(): Map<CaseId, number | null> {
    return new Map([...this.placements()].map(([caseId, { fold }]) => [caseId, fold]));
  }

  /** Only the cases that have been placed. */
  placements(): Map<CaseId, CasePlacement> {
    return new Map(this.database.all(FoldRow, SELECT).map((row) => [row.case_id, toPlacement(row)]));
  }

  of(caseId: CaseId): CasePlacement | null {
    const row = this.database.get(FoldRow, `${SELECT} WHERE case_id = :caseId`, { caseId });
    return row ? toPlacement(row) : null;
  }

  place(placements: ReadonlyMap<CaseId, NewPlacement>, atMs: number): void {
    this.database.transaction(() => {
      for (const [caseId, { fold, reason }] of placements)
        this.database.run('INSERT INTO folds (case_id, fold, reason, assigned_at_ms) VALUES (:caseId, :fold, :reason, :atMs)', { caseId, fold, reason, atMs });
    });
  }
}

const toPlacement = (row: z.output<typeof FoldRow>): CasePlacement => ({ fold: row.fold, reason: row.reason, placedAtMs: row.assigned_at_ms });
