import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunId } from '../contract/vocabulary.ts';
import { AuditTable } from './audit/auditTable.ts';
import { Database } from './database.ts';
import { migrate } from './migrations.ts';
import { ModelTable, refusalsInARow } from './modelTable.ts';
import { SCHEMA_STEPS } from './projectSchema.ts';

describe('the choice of a model', () => {
  let folder: string;
  let database: Database;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'maskloop-models-'));
    database = new Database(join(folder, 'maskloop.db'));
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const addRun = (runId: string, checkpointAtMs: number | null) =>
    database.run(
      "INSERT INTO runs (run_id, job_id, created_at_ms, options_json, state, checkpoint_at_ms) VALUES (:runId, 'j', 1, '{}', 'finished', :checkpointAtMs)",
      { runId, checkpointAtMs },
    );

  it('of a project from before the gate is the model that predicted then: the one trained last', () => {
    migrate(database, folder, SCHEMA_STEPS.slice(0, 2));
    addRun('older', 5);
    addRun('newer', 9);
    addRun('never', null);
    migrate(database, folder);
    expect(new ModelTable(database, new AuditTable(database)).choices()).toEqual([{ runId: 'newer', reason: 'beforeGate', author: 'maskloop', atMs: 9 }]);
  });

  it('is the newest; earlier ones stay and cannot be changed', () => {
    migrate(database, folder);
    const models = new ModelTable(database, new AuditTable(database));
    expect(models.current()).toBeNull();
    for (const name of ['a', 'b']) {
      addRun(name, 1);
      models.choose({ runId: RunId.parse(name), reason: 'user', author: 'reader', atMs: 1 });
    }
    expect(models.current()).toBe('b');
    expect(models.choices().map(({ runId }) => runId)).toEqual(['b', 'a']);
    expect(() => database.run('DELETE FROM model_choices')).toThrow();
    expect(() => database.run("UPDATE model_choices SET run_id = 'a'")).toThrow();
  });
});

describe('refusals in a row', () => {
  const verdicts = (...outcomes: ('accepted' | 'rejected' | 'notJudged')[]) => outcomes.map((outcome, n) => ({ outcome, judgedAtMs: 100 - n }));
  it.each([
    [verdicts(), 0],
    [verdicts('rejected', 'rejected', 'accepted', 'rejected'), 2],
    [verdicts('rejected', 'notJudged', 'rejected'), 2],
    [verdicts('accepted', 'rejected', 'rejected'), 0],
  ])('%#', (given, expected) => {
    expect(refusalsInARow(given, 0)).toBe(expected);
  });
  it('end when the user chooses', () => {
    expect(refusalsInARow(verdicts('rejected', 'rejected', 'rejected'), 98)).toBe(2);
    expect(refusalsInARow(verdicts('rejected', 'rejected', 'rejected'), 100)).toBe(0);
  });
});
