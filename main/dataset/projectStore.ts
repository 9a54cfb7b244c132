/** A project on disk: a folder with a SQLite database for the facts and plain files for the voxels (docs/decisions/0002). */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppException } from '../contract/errors.ts';
import type { ReadOnlyAccess } from '../contract/projectAccess.ts';
import { openVault } from '../vault/keyring.ts';
import { syncFolder } from './atomicFile.ts';
import { type AuditClock, AuditTable, type NewAuditEntry, PROGRAM_ACTOR } from './audit/auditTable.ts';
import { CaseTable } from './caseTable.ts';
import { Database, type DatabaseKeys } from './database.ts';
import { makeViewFolder, removeViewFolder, snapshotDatabase } from './databaseSnapshot.ts';
import { sealsFile } from './encryption/databaseSeals.ts';
import { keysOf, newProjectKey, type ProjectKeys, unlock, writeKeyFile } from './encryption/keyFile.ts';
import { ExclusionTable } from './exclusionTable.ts';
import { FoldTable } from './foldTable.ts';
import { StrokeJournals } from './journal/strokeJournals.ts';
import { JobTable } from './jobTable.ts';
import { MaskTable } from './maskTable.ts';
import { migrate, requireKnownVersion, sweepBackups } from './migrations.ts';
import { MissingMaskTable } from './missingMaskTable.ts';
import { ModelTable } from './modelTable.ts';
import { ProjectFolder, SEALED_NAMES } from './projectFolder.ts';
import { type Claim, lockProject } from './projectLock.ts';
import { APPLICATION_ID, SCHEMA_STEPS } from './projectSchema.ts';
import { sweepOutside } from './outsideSweep.ts';
import { sweepCases, sweepUnfinished, sweepUploads } from './projectSweep.ts';
import { namesIfThere } from './readIfThere.ts';
import { ProjectTable } from './projectTable.ts';
import { RevisionTable } from './revisionTable.ts';
import { RunTable } from './runTable.ts';

export class ProjectStore {
  readonly project: ProjectTable;
  readonly cases: CaseTable;
  readonly revisions: RevisionTable;
  readonly masks: MaskTable;
  readonly folds: FoldTable;
  readonly exclusions: ExclusionTable;
  readonly jobs: JobTable;
  readonly runs: RunTable;
  readonly models: ModelTable;
  readonly audit: AuditTable;
  readonly journals: StrokeJournals;
  readonly missing: MissingMaskTable;

  constructor(
    readonly folder: ProjectFolder,
    private readonly database: Database,
    private readonly release: () => void,
    /** `null`: this program may write to it. */
    readonly readOnly: ReadOnlyAccess | null = null,
    clock?: AuditClock,
  ) {
    this.project = new ProjectTable(database);
    this.audit = new AuditTable(database, clock);
    this.missing = new MissingMaskTable(database);
    this.cases = new CaseTable(database, folder, this.audit);
    this.revisions = new RevisionTable(database, folder, this.audit);
    this.masks = new MaskTable(database, this.audit);
    this.folds = new FoldTable(database);
    this.exclusions = new ExclusionTable(database, this.audit);
    this.jobs = new JobTable(database);
    this.runs = new RunTable(database, this.audit);
    this.models = new ModelTable(database, this.audit);
    this.journals = new StrokeJournals(folder);
  }

  transaction<T>(work: () => T): T {
    return this.database.transaction(work);
  }

  /** Throws AppException project/read-only for a project that is only looked at. */
  requireWritable(): void {
    if (this.readOnly)
      throw new AppException({ code: 'project/read-only', path: this.folder.path, reason: this.readOnly.reason, holder: this.readOnly.holder });
  }

  /** On record in the audit trail; what is only looked at cannot keep a record. */
  note(entry: NewAuditEntry): void {
    if (!this.readOnly) this.audit.append(entry);
  }

  /** What SQLite finds wrong with the database; nothing for a whole one. */
  damage(): string[] {
    return this.database.damage();
  }

  get isEncrypted(): boolean {
    return this.databaseKeys !== null;
  }

  get databaseKeys(): DatabaseKeys | null {
    return this.database.keys;
  }

  /** All of it as it is now, under its keys. */
  copyDatabase(copy: string): void {
    this.database.copyInto(copy, copy);
  }

  /** A backup of the database, which opens as it does. */
  openCopy(file: string): Database {
    return new Database(file, this.database.keys);
  }

  get schemaVersion(): number {
    return this.database.pragmaNumber('user_version');
  }

  /** Rows of every table. */
  rowCounts(): Record<string, number> {
    return this.database.rowCounts();
  }

  /** Sets aside what an import that died left behind; not while an import runs. */
  async sweepCases(nowMs: number): Promise<void> {
    await sweepCases(this.folder, new Set(this.cases.list().map((one) => one.caseId)), nowMs);
  }

  close(): void {
    try {
      if (!this.readOnly) this.database.foldLog();
    } catch (thrown) {
      // A full disk, a drive that went away: nothing is lost, the log holds it and is read at the next opening.
      console.error('closing the project:', thrown);
    }
    this.database.close();
    this.release();
  }
}

/** Whose leftovers are looked for at each opening: their drive may have been away at the last. */
const OUTSIDE_JOBS = 20;
const OUTSIDE_WAIT_MS = 3000;

const NOBODY: Claim = { userName: '', takeOver: false };

/**
 * Creates the project in `path` (made if missing; other files in it are left alone) and opens it.
 * With a passphrase it is encrypted: whoever loses that has lost the project.
 * Throws AppException project/already-exists, disk/full, disk/denied.
 */
export async function createProject(
  path: string,
  name = basename(resolve(path)),
  nowMs = Date.now(),
  claim: Claim = NOBODY,
  passphrase?: string,
): Promise<ProjectStore> {
  const folder = new ProjectFolder(resolve(path));
  if (existsSync(folder.database) || (await isKeyInUse(folder))) throw new AppException({ code: 'project/already-exists', path: folder.path });
  await mkdir(folder.path, { recursive: true });
  await makeFolders(folder);
  await rm(folder.keyFile, { force: true });
  // The database appears whole: a crash on the way leaves a hidden file that the next attempt replaces.
  const unfinished = join(folder.path, '.maskloop-creating.db');
  await removeDatabase(unfinished);
  const projectKey = passphrase === undefined ? null : newProjectKey();
  const database = new Database(unfinished, projectKey && keysOf(projectKey));
  try {
    migrate(database, folder.path);
    database.transaction(() => new ProjectTable(database).create(name, nowMs));
  } finally {
    database.close();
  }
  if (projectKey && passphrase !== undefined) {
    await rename(sealsFile(unfinished), sealsFile(folder.database));
    await writeKeyFile(folder, projectKey, passphrase);
  }
  await rename(unfinished, folder.database);
  await syncFolder(folder.path);
  const store = await openProject(folder.path, nowMs, claim, true, passphrase);
  if (projectKey) store.audit.append({ actor: claim.userName || PROGRAM_ACTOR, action: 'passphrase', facts: { passphrase: 'set' } });
  return store;
}

/**
 * Opens a project, brings its database to this version and tidies up after a crash: unfinished jobs become interrupted,
 * running trainings interrupted (resumable), unfinished files go.
 * Throws AppException project/folder-missing, project/not-a-project, project/newer-version, disk/corrupt; and project/in-use,
 * project/held-elsewhere or disk/denied where it can at most be looked at; of an encrypted one project/passphrase-needed and
 * project/wrong-passphrase. `isTidied` false: for whoever wants to see what lies about.
 */
export async function openProject(path: string, nowMs = Date.now(), claim: Claim = NOBODY, isTidied = true, passphrase?: string): Promise<ProjectStore> {
  const folder = new ProjectFolder(resolve(path));
  await requireProject(folder);
  await requireWritable(folder);
  const keys = await keysWith(folder, passphrase);
  const unlockProject = lockProject(folder.path, claim, nowMs);
  const closeVault = keys ? openVault({ folder: folder.path, key: keys.files, names: [...SEALED_NAMES] }) : () => undefined;
  const release = (): void => {
    closeVault();
    unlockProject();
  };
  try {
    const database = openDatabase(folder, keys);
    const store = new ProjectStore(folder, database, release);
    try {
      await makeFolders(folder);
      if (isTidied) await recover(store, nowMs);
      return store;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    release();
    throw thrown;
  }
}

async function keysWith(folder: ProjectFolder, passphrase: string | undefined): Promise<ProjectKeys | null> {
  const projectKey = await unlock(folder, passphrase);
  return projectKey && keysOf(projectKey);
}

/**
 * Opens a project to look at, from a copy of its database; nothing in the project's folder is written, not even a lock.
 * Throws AppException project/folder-missing, project/not-a-project, project/newer-version, disk/corrupt, disk/denied,
 * project/passphrase-needed, project/wrong-passphrase.
 */
export async function viewProject(
  path: string,
  why: Pick<ReadOnlyAccess, 'reason' | 'holder'>,
  nowMs = Date.now(),
  passphrase?: string,
): Promise<ProjectStore> {
  const original = new ProjectFolder(resolve(path));
  await requireProject(original);
  const keys = await keysWith(original, passphrase);
  const scratch = await makeViewFolder();
  // its pictures and uploads are sealed too
  const closeVaults = keys
    ? [openVault({ folder: original.path, key: keys.files, names: [...SEALED_NAMES] }), openVault({ folder: scratch, key: keys.files, names: null })]
    : [];
  const removeScratch = (): void => {
    closeVaults.forEach((close) => close());
    removeViewFolder(scratch);
  };
  try {
    const database = new Database(await snapshotDatabase(original.database, scratch, original.path), keys);
    try {
      requireOurs(database, original);
      migrate(database, original.path);
      database.exec('PRAGMA query_only = ON');
      const folder = new ProjectFolder(original.path, scratch);
      return new ProjectStore(folder, database, removeScratch, { ...why, asOfMs: nowMs });
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    removeScratch();
    throw thrown;
  }
}

/** A key without a database may be all that opens the cases that lie there; without any it is of a creation that broke off. */
async function isKeyInUse(folder: ProjectFolder): Promise<boolean> {
  if (!existsSync(folder.keyFile)) return false;
  return (await namesIfThere(folder.cases)).length > 0 || (await namesIfThere(folder.runs)).length > 0;
}

async function requireProject(folder: ProjectFolder): Promise<void> {
  if (!(await isFolder(folder.path))) throw new AppException({ code: 'project/folder-missing', path: folder.path });
  if (!existsSync(folder.database)) throw new AppException({ code: 'project/not-a-project', path: folder.path });
}

/** Before anything is touched. Windows answers for files only; there the lock file is what cannot be made. */
async function requireWritable(folder: ProjectFolder): Promise<void> {
  for (const path of [folder.path, folder.database]) {
    try {
      await access(path, constants.W_OK);
    } catch (thrown) {
      throw new AppException({ code: 'disk/denied', path, detail: String(thrown) });
    }
  }
}

function requireOurs(database: Database, folder: ProjectFolder): void {
  if (database.pragmaNumber('application_id') !== APPLICATION_ID) throw new AppException({ code: 'project/not-a-project', path: folder.path });
}

function openDatabase(folder: ProjectFolder, keys: ProjectKeys | null): Database {
  const database = new Database(folder.database, keys);
  try {
    requireOurs(database, folder);
    requireKnownVersion(database, folder.path);
    // FULL: a saved mask survives a power cut. The volume of writes is small.
    database.useLog();
    database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;');
    migrate(database, folder.path, SCHEMA_STEPS, folder.backups);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

async function recover(store: ProjectStore, nowMs: number): Promise<void> {
  store.transaction(() => {
    for (const last of store.jobs.unfinished()) {
      store.jobs.append([{ type: 'interrupted', jobId: last.jobId, seq: last.seq + 1, atMs: nowMs }]);
    }
    store.runs.interruptAll();
    store.audit.begin();
  });
  const caseIds = store.cases.list().map((one) => one.caseId);
  await store.sweepCases(nowMs);
  await sweepUnfinished(store.folder);
  await sweepOutsideSoon(store);
  await store.journals.sweep(caseIds);
  await sweepUploads(store.folder);
  sweepBackups(store.folder.backups);
}

/** What killed jobs left in folders of the user's. A drive that does not answer must not hold up the project. */
async function sweepOutsideSoon(store: ProjectStore): Promise<void> {
  const sweep = async (): Promise<void> => {
    for (const { jobId, writesInto = [] } of store.jobs.interruptedOutside(OUTSIDE_JOBS)) await sweepOutside(writesInto, jobId);
  };
  const swept = sweep().catch((thrown: unknown) => console.error('tidying up after an export:', thrown));
  await Promise.race([swept, sleep(OUTSIDE_WAIT_MS, undefined, { ref: false })]);
}

async function makeFolders(folder: ProjectFolder): Promise<void> {
  for (const path of [folder.cases, folder.runs, folder.uploads, folder.preprocessed]) await mkdir(path, { recursive: true });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) return false;
    throw thrown;
  }
}

async function removeDatabase(file: string): Promise<void> {
  for (const ending of ['', '-journal', '-wal', '-shm', '.seals']) await rm(`${file}${ending}`, { force: true });
}
