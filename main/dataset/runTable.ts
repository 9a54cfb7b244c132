import { z } from 'zod';
import { RunInfo } from '../contract/api.ts';
import { GateOutcome } from '../contract/gate.ts';
import { type RunMeasures, TrainCase, TrainTask } from '../contract/tasks.ts';
import { TrainingChoices } from '../contract/trainingRecipe.ts';
import { CaseId, JobId, Revision, RunId } from '../contract/vocabulary.ts';
import type { AuditTable } from './audit/auditTable.ts';
import { type Database, jsonColumn } from './database.ts';

/** What the user chose for a training; a resumed run goes on with the same choices. */
export const RunOptions = TrainTask.pick({
  configuration: true,
  preset: true,
  fold: true,
  amp: true,
  epochs: true,
  minutes: true,
  vramGb: true,
  plans: true,
  msdTask: true,
  seed: true,
}).extend({
  /** Everything at the time of the start; what a later version adds is filled in from the preset. */
  recipe: TrainingChoices.default({}),
  /** Of a cascade's first stage. */
  previousRunIds: z.array(RunId).default([]),
  /** The cluster that was asked to train it. */
  cluster: z.string().optional(),
  /** The run whose training this one does again, on the same masks. */
  repeatsRunId: RunId.optional(),
});
export type RunOptions = z.infer<typeof RunOptions>;

/** Which labelmap of which case a run learns from or is measured on. */
export const RunCase = z.object({ caseId: CaseId, revision: Revision, role: TrainCase.shape.role, weight: TrainCase.shape.weight });
export type RunCase = z.infer<typeof RunCase>;

const RunRow = z.object({
  run_id: RunId,
  job_id: JobId,
  parent_run_id: RunId.nullable(),
  created_at_ms: z.number(),
  options_json: jsonColumn(RunOptions),
  state: RunInfo.shape.state,
  epoch: z.int(),
  step: z.int(),
  elapsed_seconds: z.number(),
  checkpoint_at_ms: z.number().nullable(),
  validation_dice: z.number().nullable(),
  validation_dice_json: jsonColumn(z.record(z.string(), z.number())),
  is_pinned: z.int(),
  deleted_at_ms: z.number().nullable(),
  is_current: z.int(),
  gate_outcome: GateOutcome.nullable(),
});
/** With what the registry of models knows of each. */
const SELECT = `
  SELECT r.*, r.run_id = coalesce((SELECT c.run_id FROM model_choices c ORDER BY c.id DESC LIMIT 1), '') AS is_current,
    (SELECT json_extract(v.verdict_json, '$.outcome') FROM gate_verdicts v WHERE v.run_id = r.run_id ORDER BY v.id DESC LIMIT 1) AS gate_outcome
  FROM runs r`;
const RunCaseRow = z.object({ case_id: CaseId, revision: Revision, role: TrainCase.shape.role, weight: z.number() });

export interface NewRun {
  readonly runId: RunId;
  readonly jobId: JobId;
  readonly parentRunId: RunId | null;
  readonly options: RunOptions;
  readonly cases: readonly RunCase[];
}

export interface Checkpoint {
  readonly epoch: number;
  readonly step: number;
  readonly elapsedSeconds: number;
  readonly isKept: boolean;
  readonly validationDice?: number | undefined;
  readonly validationDicePerLabel?: Readonly<Record<string, number>> | undefined;
}

export class RunTable {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTable,
  ) {}

  /** `actor`: who starts the training. */
  insert(run: NewRun, atMs: number, actor: string): void {
    this.database.transaction(() => {
      this.#insert(run, atMs);
      const { parentRunId, cases } = run;
      this.audit.append({
        actor,
        action: 'train',
        subject: run.runId,
        facts: { parentRunId, cluster: run.options.cluster, masks: cases.map(({ caseId, revision, role }) => [caseId, revision, role]) },
      });
    });
  }

  #insert(run: NewRun, atMs: number): void {
    const { runId, jobId, parentRunId } = run;
    this.database.transaction(() => {
      this.database.run(
        `INSERT INTO runs (run_id, job_id, parent_run_id, created_at_ms, options_json, state)
         VALUES (:runId, :jobId, :parentRunId, :atMs, :options, 'queued')`,
        { runId, jobId, parentRunId, atMs, options: JSON.stringify(run.options) },
      );
      for (const { caseId, revision, role, weight } of run.cases)
        this.database.run('INSERT INTO run_cases VALUES (:runId, :caseId, :revision, :role, :weight)', { runId, caseId, revision, role, weight });
    });
  }

  /** A run that was trained elsewhere; its cases and its parent are not in this project. */
  insertImported({ runId, jobId, options }: Omit<NewRun, 'parentRunId' | 'cases'>, measures: RunMeasures, atMs: number, actor: string): void {
    this.database.transaction(() => {
      this.#insert({ runId, jobId, options, parentRunId: null, cases: [] }, atMs);
      this.audit.append({ actor, action: 'importModel', subject: runId });
      const { validationDice, ...rest } = measures;
      this.checkpoint(runId, { ...rest, validationDice: validationDice ?? undefined, isKept: true }, atMs);
      this.setState(runId, 'finished');
    });
  }

  /** Newest first. */
  list(): RunInfo[] {
    const rows = this.database.all(RunRow, `${SELECT} ORDER BY r.created_at_ms DESC, r.rowid DESC`);
    return rows.map((row) => this.#toInfo(row));
  }

  find(runId: RunId): RunInfo | undefined {
    const row = this.database.get(RunRow, `${SELECT} WHERE r.run_id = :runId`, { runId });
    return row && this.#toInfo(row);
  }

  options(runId: RunId): RunOptions | undefined {
    return this.database.get(RunRow, `${SELECT} WHERE r.run_id = :runId`, { runId })?.options_json;
  }

  cases(runId: RunId): RunCase[] {
    const sql = 'SELECT case_id, revision, role, weight FROM run_cases WHERE run_id = :runId ORDER BY case_id';
    return this.database.all(RunCaseRow, sql, { runId }).map(({ case_id, revision, role, weight }) => ({ caseId: case_id, revision, role, weight }));
  }

  /** When the weights that the run keeps were written last; `null` before the first. */
  trainedUntilMs(runId: RunId): number | null {
    return this.database.get(RunRow, `${SELECT} WHERE r.run_id = :runId`, { runId })?.checkpoint_at_ms ?? null;
  }

  /** The run whose checkpoint was written last: what `predict` takes while no model has been chosen. */
  lastTrained(): RunId | undefined {
    const sql = `${SELECT} WHERE r.checkpoint_at_ms IS NOT NULL AND r.deleted_at_ms IS NULL ORDER BY r.checkpoint_at_ms DESC LIMIT 1`;
    return this.database.get(RunRow, sql)?.run_id;
  }

  setState(runId: RunId, state: RunInfo['state'], jobId?: JobId): void {
    const sql = 'UPDATE runs SET state = :state, job_id = coalesce(:jobId, job_id) WHERE run_id = :runId';
    this.database.run(sql, { runId, state, jobId: jobId ?? null });
  }

  /** From the next start on the run is trained with these. */
  setOptions(runId: RunId, options: RunOptions): void {
    this.database.run('UPDATE runs SET options_json = :options WHERE run_id = :runId', { runId, options: JSON.stringify(options) });
  }

  /** A run that goes on is handed to a cluster, or comes back (`null`). */
  sendTo(runId: RunId, cluster: string | null, actor: string): void {
    const options = this.options(runId);
    if (!options || (options.cluster ?? null) === cluster) return;
    this.database.transaction(() => {
      this.setOptions(runId, { ...options, cluster: cluster ?? undefined });
      if (cluster !== null) this.audit.append({ actor, action: 'train', subject: runId, facts: { cluster, goesOn: true } });
    });
  }

  /** A checkpoint without a validation keeps the Dice of the last one. */
  checkpoint(runId: RunId, at: Checkpoint, atMs: number): void {
    this.database.run(
      `UPDATE runs SET epoch = :epoch, step = :step, elapsed_seconds = :elapsedSeconds, checkpoint_at_ms = coalesce(:keptAtMs, checkpoint_at_ms),
         validation_dice = coalesce(:dice, validation_dice), validation_dice_json = coalesce(:perLabel, validation_dice_json)
       WHERE run_id = :runId`,
      {
        runId,
        keptAtMs: at.isKept ? atMs : null,
        epoch: at.epoch,
        step: at.step,
        elapsedSeconds: at.elapsedSeconds,
        dice: at.validationDice ?? null,
        perLabel: at.validationDicePerLabel ? JSON.stringify(at.validationDicePerLabel) : null,
      },
    );
  }

  setPinned(runId: RunId, isPinned: boolean): void {
    this.database.run('UPDATE runs SET is_pinned = :isPinned WHERE run_id = :runId', { runId, isPinned: isPinned ? 1 : 0 });
  }

  /** From now on it has no weights. */
  markDeleted(runId: RunId, atMs: number, actor: string): void {
    this.database.transaction(() => {
      this.database.run('UPDATE runs SET deleted_at_ms = :atMs WHERE run_id = :runId', { runId, atMs });
      this.audit.append({ actor, action: 'deleteModel', subject: runId });
    });
  }

  /** Runs whose process cannot be alive any more: the project has just been opened. */
  interruptAll(): void {
    this.database.run("UPDATE runs SET state = 'interrupted' WHERE state IN ('queued', 'running')");
  }

  #toInfo(row: z.output<typeof RunRow>): RunInfo {
    const cases = this.cases(row.run_id);
    const idsOf = (role: RunCase['role']) => cases.filter((one) => one.role === role).map((one) => one.caseId);
    return {
      runId: row.run_id,
      jobId: row.job_id,
      configuration: row.options_json.configuration,
      preset: row.options_json.preset,
      fold: row.options_json.fold,
      amp: row.options_json.amp,
      parentRunId: row.parent_run_id,
      repeatsRunId: row.options_json.repeatsRunId ?? null,
      cluster: row.options_json.cluster ?? null,
      isImported: row.job_id.startsWith('import-'),
      createdAtMs: row.created_at_ms,
      state: row.state,
      hasCheckpoint: row.checkpoint_at_ms !== null && row.deleted_at_ms === null,
      epoch: row.epoch,
      step: row.step,
      elapsedSeconds: row.elapsed_seconds,
      trainCaseIds: idsOf('train'),
      validationCaseIds: idsOf('validation'),
      validationDice: row.validation_dice,
      validationDicePerLabel: row.validation_dice_json,
      isCurrent: row.is_current === 1,
      isPinned: row.is_pinned === 1,
      deletedAtMs: row.deleted_at_ms,
      gateOutcome: row.gate_outcome,
    };
  }
}
