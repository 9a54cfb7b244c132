import { z } from 'zod';
import { type GateOutcome, GateVerdict } from '../contract/gate.ts';
import { RunId } from '../contract/vocabulary.ts';
import type { AuditTable } from './audit/auditTable.ts';
import { type Database, jsonColumn } from './database.ts';

/** Why a run became the current model. */
export const ChoiceReason = z.enum(['first', 'gate', 'user', 'rollBack', 'import', 'beforeGate']);
export type ChoiceReason = z.infer<typeof ChoiceReason>;

const ChoiceRow = z.object({ run_id: RunId, reason: ChoiceReason, author: z.string(), at_ms: z.number() });
const VerdictRow = z.object({ run_id: RunId, verdict_json: jsonColumn(GateVerdict) });

export interface ModelChoice {
  readonly runId: RunId;
  readonly reason: ChoiceReason;
  readonly author: string;
  readonly atMs: number;
}

/** Which model is the project's current one, and what the gate said of each. Nothing is ever changed, only added. */
export class ModelTable {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTable,
  ) {}

  /** Newest first. */
  choices(): ModelChoice[] {
    return this.database
      .all(ChoiceRow, 'SELECT run_id, reason, author, at_ms FROM model_choices ORDER BY id DESC')
      .map((row) => ({ runId: row.run_id, reason: row.reason, author: row.author, atMs: row.at_ms }));
  }

  current(): RunId | null {
    return this.database.get(ChoiceRow, 'SELECT run_id, reason, author, at_ms FROM model_choices ORDER BY id DESC LIMIT 1')?.run_id ?? null;
  }

  choose({ runId, reason, author, atMs }: ModelChoice): void {
    this.database.transaction(() => {
      this.database.run('INSERT INTO model_choices (run_id, reason, author, at_ms) VALUES (:runId, :reason, :author, :atMs)', { runId, reason, author, atMs });
      this.audit.append({ actor: author, action: 'chooseModel', subject: runId, facts: { reason } });
    });
  }

  /** `actor`: who asked for it. */
  addVerdict(verdict: GateVerdict, actor: string): void {
    const { runId, currentRunId, outcome } = verdict;
    this.database.transaction(() => {
      this.database.run('INSERT INTO gate_verdicts (run_id, verdict_json) VALUES (:runId, :json)', { runId, json: JSON.stringify(verdict) });
      this.audit.append({ actor, action: 'judge', subject: runId, facts: { currentRunId, outcome } });
    });
  }

  /** Newest first. */
  verdicts(): GateVerdict[] {
    return this.database.all(VerdictRow, 'SELECT run_id, verdict_json FROM gate_verdicts ORDER BY id DESC').map((row) => row.verdict_json);
  }

  verdictOf(runId: RunId): GateVerdict | null {
    const sql = 'SELECT run_id, verdict_json FROM gate_verdicts WHERE run_id = :runId ORDER BY id DESC LIMIT 1';
    return this.database.get(VerdictRow, sql, { runId })?.verdict_json ?? null;
  }
}

/** Pure; newest first. Candidates that the gate refused since the last time a model was chosen, or one accepted. */
export function refusalsInARow(verdicts: readonly { readonly outcome: GateOutcome; readonly judgedAtMs: number }[], lastChoiceAtMs: number): number {
  const judged = verdicts.filter(({ outcome, judgedAtMs }) => outcome !== 'notJudged' && judgedAtMs > lastChoiceAtMs);
  const end = judged.findIndex(({ outcome }) => outcome === 'accepted');
  return end < 0 ? judged.length : end;
}
