/** Every older version becomes this one with all it held; a failure leaves what was; a copy is kept. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toAppError } from '../contract/errors.ts';
import { Database } from './database.ts';
import { migrate } from './migrations.ts';
import { SCHEMA_STEPS } from './projectSchema.ts';
import { openProject, viewProject } from './projectStore.ts';

let folder: string;
const NEWEST = SCHEMA_STEPS.length;
const databaseFile = () => join(folder, 'maskloop.db');
const backups = () => join(folder, 'backups');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const grid = { dimsIjk: [2, 2, 2], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
const image = { files: ['cases/a/image_0000.nii'], voxelType: 'int16', grid, sourceGrid: grid, channelNames: ['CT'] };
const options = { configuration: '2d', preset: 'v2', fold: 0, amp: 'off', epochs: 1, seed: 1 };

/** A project as the program of that version left it, with a row in every table of its time. */
function projectOfVersion(version: number): void {
  const database = new Database(databaseFile());
  migrate(database, folder, SCHEMA_STEPS.slice(0, version));
  const now = version;
  database.run(
    'INSERT INTO project (id, name, legend_json, created_at_ms) VALUES (1, \'old\', \'[{"labelValue":1,"name":"liver","colorRgb":[1,2,3]}]\', :now)',
    { now },
  );
  database.run("INSERT INTO cases VALUES ('a', :image, 'key', '/data/a.nii', 'nifti', 'CT', 's1', '[]', 1)", { image: JSON.stringify(image) });
  database.exec(
    "INSERT INTO revisions (case_id, revision, parent, source, author, created_at_ms, sha256) VALUES ('a', 1, NULL, 'manual', 'ada', 2, 'aa'), ('a', 2, 1, 'model:r', 'model', 3, 'bb')",
  );
  database.exec("INSERT INTO acceptances (case_id, revision, author, at_ms) VALUES ('a', 1, 'ada', 4)");
  database.exec(`INSERT INTO folds (case_id, fold, assigned_at_ms) VALUES ('a', 3, 5)`);
  database.exec("INSERT INTO jobs VALUES ('train-1', 'train', 'r', 6)");
  database.run("INSERT INTO job_events VALUES ('train-1', 0, 'queued', :json)", {
    json: JSON.stringify({ type: 'queued', jobId: 'train-1', seq: 0, atMs: 6, kind: 'train', title: 'T' }),
  });
  database.run("INSERT INTO runs (run_id, job_id, created_at_ms, options_json, state, checkpoint_at_ms) VALUES ('r', 'train-1', 7, :options, 'finished', 8)", {
    options: JSON.stringify(options),
  });
  database.exec("INSERT INTO run_cases VALUES ('r', 'a', 1, 'train', 1.0)");
  if (version >= 3) database.exec("INSERT INTO model_choices (run_id, reason, author, at_ms) VALUES ('r', 'user', 'ada', 9)");
  if (version >= 4) database.exec("INSERT INTO exclusions (case_id, reason, author, at_ms) VALUES ('a', 'blurred', 'ada', 10)");
  database.close();
}

const versionOf = (file: string): number => {
  const database = new Database(file);
  const version = database.pragmaNumber('user_version');
  database.close();
  return version;
};

describe('a project of an older version', () => {
  const versions = Array.from({ length: NEWEST - 1 }, (_, index) => index + 1);

  it.each(versions)('%i opens with everything it held, and a copy of it as it was', async (version) => {
    projectOfVersion(version);
    const store = await openProject(folder);
    expect(store.project).toMatchObject({ name: 'old', legend: [{ name: 'liver' }] });
    expect(store.cases.list().map(({ caseId, subject }) => [caseId, subject])).toEqual([['a', 's1']]);
    expect(store.revisions.ofCase(store.cases.list()[0]!.caseId).map(({ revision, author, sha256, accepted }) => [revision, author, sha256, accepted])).toEqual(
      [
        [1, 'ada', 'aa', true],
        [2, 'model', 'bb', false],
      ],
    );
    // what there was is the first mask, and trainings learn from it
    expect(store.masks.ofCase(store.cases.list()[0]!.caseId)).toEqual([{ mask: 1, name: 'Main', isDeleted: false, isTraining: true }]);
    expect(store.revisions.ofMask(store.cases.list()[0]!.caseId, 1)).toHaveLength(2);
    expect(store.folds.of(store.cases.list()[0]!.caseId)?.fold).toBe(3);
    expect(store.runs.list().map(({ runId, trainCaseIds }) => [runId, trainCaseIds])).toEqual([['r', ['a']]]);
    expect(store.models.choices().map(({ reason }) => reason)).toEqual([version >= 3 ? 'user' : 'beforeGate']);
    expect([...store.exclusions.all().keys()]).toEqual(version >= 4 ? ['a'] : []);
    // The trail begins here, and says what was there before it.
    expect([...store.audit.entries()]).toMatchObject([{ action: 'begin', facts: { maskCount: 2 } }]);
    store.close();
    expect(versionOf(databaseFile())).toBe(NEWEST);
    const [backup, ...others] = readdirSync(backups());
    expect([backup, others]).toEqual([expect.stringMatching(new RegExp(`^maskloop-v${version}-\\d{8}-\\d{6}\\.db$`)), []]);
    expect(versionOf(join(backups(), backup!))).toBe(version);
    const copy = new Database(join(backups(), backup!));
    expect(copy.all(z.object({ sha256: z.string() }), 'SELECT sha256 FROM revisions')).toHaveLength(2);
    copy.close();
  });

  it('can be looked at without being changed', async () => {
    projectOfVersion(2);
    const before = readFileSync(databaseFile());
    const store = await viewProject(folder, { reason: 'notWritable', holder: null });
    expect(store.runs.list()).toHaveLength(1);
    expect(() => store.runs.setState(store.runs.list()[0]!.runId, 'failed')).toThrow();
    store.close();
    expect(readFileSync(databaseFile())).toEqual(before);
    expect(readdirSync(folder)).toEqual(['maskloop.db']);
  });
});

describe('a migration that fails', () => {
  const codeOf = (work: () => void) => {
    try {
      work();
      return 'no error';
    } catch (thrown) {
      return toAppError(thrown).code;
    }
  };
  /** Everything in the tables. */
  const contents = (database: Database) =>
    database
      .all(z.object({ name: z.string() }), "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .map(({ name }) => [name, database.all(z.record(z.string(), z.unknown()), `SELECT * FROM ${name}`)]);

  it.each([
    ['a step that is wrong', 'INSERT INTO nowhere VALUES (1);'],
    ['rows that would point at nothing', "CREATE TABLE z (c TEXT REFERENCES cases (case_id)) STRICT; INSERT INTO z VALUES ('nobody');"],
  ])('through %s leaves the project as it was, and a copy', (_what, step) => {
    projectOfVersion(4);
    const database = new Database(databaseFile());
    const before = contents(database);
    expect(codeOf(() => migrate(database, folder, [...SCHEMA_STEPS, step], backups()))).toBe('project/not-migrated');
    expect(contents(database)).toEqual(before);
    expect(database.pragmaNumber('user_version')).toBe(4);
    database.close();
    expect(versionOf(join(backups(), readdirSync(backups())[0]!))).toBe(4);
  });

  it('because no copy can be made changes nothing', () => {
    projectOfVersion(4);
    writeFileSync(backups(), 'a file where the folder should be');
    const database = new Database(databaseFile());
    expect(codeOf(() => migrate(database, folder, SCHEMA_STEPS, backups()))).not.toBe('no error');
    expect(database.pragmaNumber('user_version')).toBe(4);
    database.close();
  });
});

it('keeps the three newest copies and removes what a crash left of one', () => {
  projectOfVersion(1);
  mkdirSync(backups());
  for (const name of [
    'maskloop-v1-20260101-000000.db',
    'maskloop-v9-20260102-000000.db',
    'maskloop-v2-20260103-000000.db',
    'maskloop-v1-20260104-000000.db.maskloop-tmp',
    'notes.txt',
  ])
    writeFileSync(join(backups(), name), '');
  const database = new Database(databaseFile());
  migrate(database, folder, SCHEMA_STEPS, backups());
  database.close();
  expect(readdirSync(backups()).sort()).toEqual([
    expect.stringMatching(/^maskloop-v1-2\d{7}-\d{6}\.db$/),
    'maskloop-v2-20260103-000000.db',
    'maskloop-v9-20260102-000000.db',
    'notes.txt',
  ]);
});

it('refuses a project of a newer program and leaves every byte as it is', async () => {
  projectOfVersion(NEWEST);
  const database = new Database(databaseFile());
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = readFileSync(databaseFile());
  for (const open of [() => openProject(folder), () => viewProject(folder, { reason: 'inUse', holder: null })])
    await expect(open()).rejects.toMatchObject({ error: { code: 'project/newer-version', version: 99, supported: NEWEST } });
  expect(readFileSync(databaseFile())).toEqual(before);
  expect(readdirSync(folder).filter((name) => !name.startsWith('.'))).toEqual(['maskloop.db']);
});
