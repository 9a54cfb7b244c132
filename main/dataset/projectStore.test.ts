import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AppError } from '../contract/errors.ts';
import { toAppError } from '../contract/errors.ts';
import { ImportedCase } from '../contract/tasks.ts';
import { CaseId, JobId, NO_LABEL_RULES, RevisionSource, RunId } from '../contract/vocabulary.ts';
import { Database } from './database.ts';
import { migrate } from './migrations.ts';
import { SCHEMA_STEPS } from './projectSchema.ts';
import { createProject, openProject, type ProjectStore } from './projectStore.ts';
import { RunOptions } from './runTable.ts';

let folder: string;
let store: ProjectStore | null = null;
const caseId = CaseId.parse('liver_01');
const grid = { dimsIjk: [2, 2, 2], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'maskloop-store-')), 'project');
});
afterEach(() => {
  store?.close();
  store = null;
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function codeOf(work: () => Promise<unknown>): Promise<AppError['code'] | 'no error'> {
  try {
    await work();
    return 'no error';
  } catch (thrown) {
    return toAppError(thrown).code;
  }
}

function importCase(project: ProjectStore): void {
  const caseFolder = project.folder.case(caseId);
  mkdirSync(join(caseFolder, 'labels'), { recursive: true });
  const files = [join(caseFolder, 'image_0000.nii')];
  const image = { files, voxelType: 'int16', grid, sourceGrid: grid, channelNames: ['CT'] };
  const facts = { sourceKey: 'k1', sourcePath: '/data/l1.nii', sourceKind: 'nifti', modality: 'CT', subject: 's1' };
  const item = { kind: 'importedCase', caseId, image, ...facts, warnings: [{ code: 'import/unsupported', path: 'x', detail: 'y' }] };
  project.cases.insert(ImportedCase.parse(item), 1000, 'reader');
}

function pendingLabels(project: ProjectStore, text: string): string {
  const file = project.folder.pendingLabels(caseId, text);
  writeFileSync(file, text);
  return file;
}

function saveRevision(project: ProjectStore, text: string, source = 'manual', isAccepted = false) {
  const parent = project.revisions.latest(caseId)?.revision ?? null;
  const fresh = { caseId, pendingFile: pendingLabels(project, text), parent, source: RevisionSource.parse(source) };
  return project.revisions.commit({ ...fresh, author: 'reader', sha256: text, isAccepted }, 2000);
}

describe('creating and opening', () => {
  it('makes folders and a database, and opens them again with everything in them', async () => {
    store = await createProject(folder, 'Livers');
    expect(
      readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(['cases', 'maskloop.db', 'maskloop.db-shm', 'maskloop.db-wal', 'preprocessed', 'runs', 'uploads']);
    store.project.setLegend([{ labelValue: 2, name: 'tumour', colorRgb: [255, 0, 0] }]);
    store.project.extendLegend([
      { labelValue: 1, name: 'liver', colorRgb: [0, 255, 0] },
      { labelValue: 2, name: 'other name', colorRgb: [0, 0, 255] },
    ]);
    importCase(store);
    store.close();
    store = await openProject(folder);
    expect(store.project.name).toBe('Livers');
    expect(store.project.legend.map(({ labelValue, name }) => [labelValue, name])).toEqual([
      [1, 'liver'],
      [2, 'tumour'],
    ]);
    const stored = store.cases.find(caseId);
    expect(stored?.image.files).toEqual([join(folder, 'cases', 'liver_01', 'image_0000.nii')]);
    expect(stored?.image.grid.dimsIjk).toEqual([2, 2, 2]);
    expect(stored?.warnings).toHaveLength(1);
    expect(stored?.importedAtMs).toBe(1000);
  });

  it('is whole in its database file once it is closed: the write-ahead log is empty', async () => {
    store = await createProject(folder);
    importCase(store);
    store.close();
    store = null;
    for (const name of readdirSync(folder).filter((one) => one.endsWith('-wal'))) expect(readFileSync(join(folder, name)).length).toBe(0);
    copyFileSync(join(folder, 'maskloop.db'), `${folder}.db`);
    const alone = new Database(`${folder}.db`);
    expect(alone.all(z.object({ case_id: z.string() }), 'SELECT case_id FROM cases')).toEqual([{ case_id: caseId }]);
    alone.close();
  });

  it('holds no absolute path: a project moved elsewhere still finds its files', async () => {
    store = await createProject(folder);
    importCase(store);
    store.close();
    store = null;
    const { renameSync } = await import('node:fs');
    renameSync(folder, `${folder}-moved`);
    store = await openProject(`${folder}-moved`);
    expect(store.cases.find(caseId)?.image.files[0]).toBe(join(`${folder}-moved`, 'cases', 'liver_01', 'image_0000.nii'));
  });

  it('says what is wrong with a folder', async () => {
    expect(await codeOf(() => openProject(folder))).toBe('project/folder-missing');
    mkdirSync(folder);
    expect(await codeOf(() => openProject(folder))).toBe('project/not-a-project');
    writeFileSync(join(folder, 'maskloop.db'), 'these are no tables '.repeat(500));
    expect(await codeOf(() => openProject(folder))).toBe('disk/corrupt');
    expect(await codeOf(() => createProject(folder))).toBe('project/already-exists');
    rmSync(join(folder, 'maskloop.db'));
    const foreign = new Database(join(folder, 'maskloop.db'));
    foreign.exec('CREATE TABLE recipes (name TEXT)');
    foreign.close();
    expect(await codeOf(() => openProject(folder))).toBe('project/not-a-project');
  });

  it('lets one program at a time in, and the next one after it', async () => {
    store = await createProject(folder);
    expect(await codeOf(() => openProject(folder))).toBe('project/in-use');
    store.close();
    store = await openProject(folder);
    expect(store.cases.count()).toBe(0);
  });
});

describe('migrations', () => {
  const steps = ['CREATE TABLE a (x INTEGER) STRICT;', 'ALTER TABLE a ADD COLUMN y TEXT;'];
  const columns = (database: Database) => database.all(z.object({ name: z.string() }), 'PRAGMA table_info(a)').map(({ name }) => name);

  it('run in order from whatever version the file has, once', () => {
    mkdirSync(folder);
    const database = new Database(join(folder, 'x.db'));
    migrate(database, folder, steps.slice(0, 1));
    database.run('INSERT INTO a (x) VALUES (:x)', { x: 5 });
    migrate(database, folder, steps);
    migrate(database, folder, steps);
    expect(columns(database)).toEqual(['x', 'y']);
    expect(database.pragmaNumber('user_version')).toBe(2);
    expect(database.all(z.object({ x: z.number(), y: z.null() }), 'SELECT * FROM a')).toEqual([{ x: 5, y: null }]);
    database.close();
  });

  it('leave the old version when a step fails', () => {
    mkdirSync(folder);
    const database = new Database(join(folder, 'x.db'));
    migrate(database, folder, steps.slice(0, 1));
    expect(() => migrate(database, folder, [...steps, 'INSERT INTO nowhere VALUES (1);'])).toThrow();
    expect(database.pragmaNumber('user_version')).toBe(1);
    expect(columns(database)).toEqual(['x']);
    database.close();
  });

  it('bring a project of version 1 to one without label rules', async () => {
    mkdirSync(folder);
    const database = new Database(join(folder, 'maskloop.db'));
    migrate(database, folder, SCHEMA_STEPS.slice(0, 1));
    database.exec("INSERT INTO project VALUES (1, 'old', '[]', 5)");
    database.close();
    store = await openProject(folder);
    expect(store.project).toMatchObject({ name: 'old', labelRules: NO_LABEL_RULES, msdTask: null });
    const labelRules = { regions: null, ignoreLabelValue: 3 };
    store.project.adopt({ labelRules, msdTask: '04' });
    store.project.adopt({ labelRules: { regions: null, ignoreLabelValue: 9 }, msdTask: '05' });
    expect(store.project).toMatchObject({ labelRules, msdTask: '04' });
  });

  it('refuse a file of a newer program and leave it alone', async () => {
    store = await createProject(folder);
    store.close();
    store = null;
    const database = new Database(join(folder, 'maskloop.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(join(folder, 'maskloop.db'));
    await expect(openProject(folder)).rejects.toMatchObject({ error: { code: 'project/newer-version', version: 99 } });
    expect(readFileSync(join(folder, 'maskloop.db')).subarray(0, 100)).toEqual(before.subarray(0, 100));
  });
});

describe('revisions', () => {
  it('are numbered, keep their parent, source and author, and one of them is accepted', async () => {
    store = await createProject(folder);
    importCase(store);
    saveRevision(store, 'first', 'manual', true);
    saveRevision(store, 'second', 'model:run-1');
    expect(readFileSync(store.folder.revision(caseId, 2), 'utf8')).toBe('second');
    store.revisions.accept(caseId, 2, 'reader', 3000);
    const revisions = store.revisions.ofCase(caseId);
    expect(revisions.map((one) => [one.revision, one.parent, one.source, one.accepted])).toEqual([
      [1, null, 'manual', false],
      [2, 1, 'model:run-1', true],
    ]);
    expect(store.revisions.byCase().get(caseId)).toEqual(revisions);
    expect(store.revisions.find(caseId, 2)?.author).toBe('reader');
  });

  it('cannot be changed or deleted, not even by our own code', async () => {
    store = await createProject(folder);
    importCase(store);
    saveRevision(store, 'first', 'manual', true);
    store.close();
    store = null;
    const database = new Database(join(folder, 'maskloop.db'));
    for (const table of ['revisions', 'acceptances']) {
      expect(() => database.run(`UPDATE ${table} SET author = 'somebody else'`)).toThrow(/immutable/);
      expect(() => database.run(`DELETE FROM ${table}`)).toThrow(/immutable/);
    }
    database.close();
  });

  it('survive a crash between file and row: the number is used again, and no row lacks its file', async () => {
    store = await createProject(folder);
    importCase(store);
    saveRevision(store, 'first');
    writeFileSync(store.folder.revision(caseId, 2), 'file of a crash, without a row');
    pendingLabels(store, 'left over');
    store.close();
    store = await openProject(folder);
    expect(store.revisions.ofCase(caseId)).toHaveLength(1);
    expect(readdirSync(store.folder.labels(caseId)).filter((name) => name.startsWith('.'))).toEqual([]);
    const info = saveRevision(store, 'second');
    expect(info.revision).toBe(2);
    expect(readFileSync(store.folder.revision(caseId, 2), 'utf8')).toBe('second');
    expect(readFileSync(join(folder, 'lost-and-found', `${caseId}-2000-r0002.nii.gz`), 'utf8')).toBe('file of a crash, without a row');
  });

  it('leave no row when their file cannot be put in place', async () => {
    store = await createProject(folder);
    importCase(store);
    const missing = { caseId, pendingFile: join(folder, 'nothing'), parent: null, source: RevisionSource.parse('manual') };
    const project = store;
    expect(() => project.revisions.commit({ ...missing, author: 'a', sha256: 'x', isAccepted: false }, 1)).toThrow(/ENOENT/);
    expect(store.revisions.ofCase(caseId)).toEqual([]);
  });
});

describe('opening after a crash', () => {
  const jobId = JobId.parse('train-1');
  const runId = RunId.parse('run-1');

  it('interrupts unfinished jobs, makes their runs resumable and clears litter, but no data', async () => {
    store = await createProject(folder);
    importCase(store);
    saveRevision(store, 'first', 'manual', true);
    store.jobs.append([
      { type: 'queued', jobId, seq: 0, atMs: 1, kind: 'train', title: 'Train', subject: runId },
      { type: 'started', jobId, seq: 1, atMs: 2 },
      { type: 'metric', jobId, seq: 2, atMs: 3, metric: { name: 'trainLoss', epoch: 1, step: 1, value: 0.5 } },
    ]);
    const options = RunOptions.parse({ configuration: '2d', preset: 'v2', fold: 0, amp: 'off', epochs: 1, seed: 1 });
    store.runs.insert({ runId, jobId, parentRunId: null, options, cases: [{ caseId, revision: 1, role: 'train', weight: 1 }] }, 1, 'reader');
    store.runs.setState(runId, 'running');
    store.runs.checkpoint(runId, { epoch: 3, step: 30, elapsedSeconds: 1.5, isKept: true, validationDice: 0.5, validationDicePerLabel: { liver: 0.5 } }, 5);
    store.runs.checkpoint(runId, { epoch: 4, step: 40, elapsedSeconds: 2, isKept: true }, 6);
    writeFileSync(join(store.folder.uploads, 'upload-1'), 'x');
    mkdirSync(join(store.folder.cases, '.importing-liver_02'));
    mkdirSync(join(store.folder.cases, 'liver_03'));
    writeFileSync(join(store.folder.cases, 'liver_03', 'image_0000.nii'), 'no row points here');
    store.close();

    store = await openProject(folder, 77);
    const last = store.jobs.events(jobId).at(-1);
    expect(last).toMatchObject({ type: 'interrupted', seq: 3, atMs: 77 });
    expect(store.jobs.unfinished()).toEqual([]);
    expect(store.jobs.recentEvents(10).map((event) => event.type)).toEqual(['queued', 'started', 'interrupted']);
    expect(store.jobs.metricEvents('train', runId)).toHaveLength(1);
    expect(store.runs.find(runId)).toMatchObject({
      state: 'interrupted',
      epoch: 4,
      step: 40,
      hasCheckpoint: true,
      validationDice: 0.5,
      trainCaseIds: [caseId],
    });
    expect(store.runs.lastTrained()).toBe(runId);
    expect(readdirSync(store.folder.uploads)).toEqual([]);
    const cases = readdirSync(store.folder.cases);
    expect(cases).not.toContain('.importing-liver_02');
    expect(cases).not.toContain('liver_03');
    expect(existsSync(join(store.folder.cases, '.orphan-liver_03-77', 'image_0000.nii'))).toBe(true);
    expect(existsSync(store.folder.revision(caseId, 1))).toBe(true);
  });

  it('keeps folds where they were', async () => {
    store = await createProject(folder);
    importCase(store);
    store.folds.place(new Map([[caseId, { fold: 2, reason: 'firstSplit' }]]), 1);
    expect(() => store?.folds.place(new Map([[caseId, { fold: 3, reason: 'firstSplit' }]]), 2)).toThrow();
    store.close();
    store = await openProject(folder);
    expect(store.folds.of(caseId)).toEqual({ fold: 2, reason: 'firstSplit', placedAtMs: 1 });
  });
});
