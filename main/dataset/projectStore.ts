/** A project on disk: a folder with a SQLite database for the facts and plain files for the voxels (docs/decisions/0002). */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppException } from '../contract/errors.ts';
import { syncFolder } from './atomicFile.ts';
import { CaseTable } from './caseTable.ts';
import { Database } from './database.ts';
import { ExclusionTable } from './exclusionTable.ts';
import { FoldTable } from './foldTable.ts';
import { JobTable } from './jobTable.ts';
import { migrate } from './migrations.ts';
import { ModelTable } from './modelTable.ts';
import { ProjectFolder } from './projectFolder.ts';
import { lockProject } from './projectLock.ts';
import { APPLICATION_ID } from './projectSchema.ts';
import { sweepCases, sweepPendingLabels, sweepPendingRuns, sweepUploads } from './projectSweep.ts';
import { ProjectTable } from './projectTable.ts';
import { RevisionTable } from './revisionTable.ts';
import { RunTable } from './runTable.ts';

export class ProjectStore {
  readonly project: ProjectTable;
  readonly cases: CaseTable;
  readonly revisions: RevisionTable;
  readonly folds: FoldTable;
  readonly exclusions: ExclusionTable;
  readonly jobs: JobTable;
  readonly runs: RunTable;
  readonly models: ModelTable;

  constructor(
    readonly folder: ProjectFolder,
    private readonly database: Database,
    private readonly unlock: () => void,
  ) {
    this.project = new ProjectTable(database);
    this.cases = new CaseTable(database, folder);
    this.revisions = new RevisionTable(database, folder);
    this.folds = new FoldTable(database);
    this.exclusions = new ExclusionTable(database);
    this.jobs = new JobTable(database);
    this.runs = new RunTable(database);
    this.models = new ModelTable(database);
  }

  transaction<T>(work: () => T): T {
    return this.database.transaction(work);
  }

  /** Sets aside what an import that died left behind; not while an import runs. */
  async sweepCases(nowMs: number): Promise<void> {
    await sweepCases(this.folder, new Set(this.cases.list().map((one) => one.caseId)), nowMs);
  }

  close(): void {
    this.database.close();
    this.unlock();
  }
}

/**
 * Creates the project in `path` (made if missing; other files in it are left alone) and opens it.
 * Throws AppException project/already-exists, disk/full, disk/denied.
 */
export async function createProject(
  path: string,
  name = basename(resolve(path)),
  nowMs = Date.now(),
): Promise<ProjectStore> {
  const folder = new ProjectFolder(resolve(path));
  if (existsSync(folder.database)) throw new AppException({ code: 'project/already-exists', path: folder.path });
  await mkdir(folder.path, { recursive: true });
  await makeFolders(folder);
  // The database appears whole: a crash on the way leaves a hidden file that the next attempt replaces.
  const unfinished = join(folder.path, '.maskloop-creating.db');
  await removeDatabase(unfinished);
  const database = new Database(unfinished);
  try {
    migrate(database, folder.path);
    database.transaction(() => new ProjectTable(database).create(name, nowMs));
  } finally {
    database.close();
  }
  await rename(unfinished, folder.database);
  await syncFolder(folder.path);
  return openProject(folder.path, nowMs);
}

/**
 * Opens a project, brings its database to this version and tidies up after a crash: unfinished jobs become failed,
 * running trainings interrupted (resumable), unfinished files go.
 * Throws AppException project/folder-missing, project/not-a-project, project/newer-version, project/in-use, disk/corrupt.
 */
export async function openProject(path: string, nowMs = Date.now()): Promise<ProjectStore> {
  const folder = new ProjectFolder(resolve(path));
  if (!(await isFolder(folder.path))) throw new AppException({ code: 'project/folder-missing', path: folder.path });
  if (!existsSync(folder.database)) throw new AppException({ code: 'project/not-a-project', path: folder.path });
  const unlock = lockProject(folder.path);
  try {
    const database = openDatabase(folder);
    const store = new ProjectStore(folder, database, unlock);
    try {
      await makeFolders(folder);
      await recover(store, nowMs);
      return store;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    unlock();
    throw thrown;
  }
}

function openDatabase(folder: ProjectFolder): Database {
  const database = new Database(folder.database);
  try {
    if (database.pragmaNumber('application_id') !== APPLICATION_ID)
      throw new AppException({ code: 'project/not-a-project', path: folder.path });
    // FULL: a saved mask survives a power cut. The volume of writes is small.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;',
    );
    migrate(database, folder.path);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

async function recover(store: ProjectStore, nowMs: number): Promise<void> {
  store.transaction(() => {
    for (const last of store.jobs.unfinished()) {
      const error = { code: 'job/process-died', exitCode: null, signal: null } as const;
      store.jobs.append([{ type: 'failed', jobId: last.jobId, seq: last.seq + 1, atMs: nowMs, error }]);
    }
    store.runs.interruptAll();
  });
  const caseIds = store.cases.list().map((one) => one.caseId);
  await store.sweepCases(nowMs);
  await sweepPendingLabels(store.folder, caseIds);
  await sweepPendingRuns(store.folder);
  await sweepUploads(store.folder);
}

async function makeFolders(folder: ProjectFolder): Promise<void> {
  for (const path of [folder.cases, folder.runs, folder.uploads, folder.preprocessed])
    await mkdir(path, { recursive: true });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR'))
      return false;
    throw thrown;
  }
}

async function removeDatabase(file: string): Promise<void> {
  for (const ending of ['', '-journal', '-wal', '-shm']) await rm(`${file}${ending}`, { force: true });
}
