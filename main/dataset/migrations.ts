/** Old projects become new ones, with a copy of the database as it was; after any failure the old one is still there. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { TEMPORARY_SUFFIX } from './atomicFile.ts';
import type { Database } from './database.ts';
import { sealsFile } from './encryption/databaseSeals.ts';
import { APPLICATION_ID, SCHEMA_STEPS } from './projectSchema.ts';
import { isMissingFile } from './readIfThere.ts';

/** So many copies of older databases are kept, the newest ones. */
const BACKUPS_KEPT = 3;
const BACKUP_NAME = /^maskloop-v\d+-.*\.db$/;

/** The SQL still to be run on a database of version `from`; pure. */
export function pendingSteps(from: number, steps: readonly string[] = SCHEMA_STEPS): readonly string[] {
  return steps.slice(from);
}

/** Throws AppException project/newer-version for a file of a newer program, before anything is written. */
export function requireKnownVersion(database: Database, projectFolder: string, steps: readonly string[] = SCHEMA_STEPS): void {
  const version = database.pragmaNumber('user_version');
  if (version > steps.length) throw new AppException({ code: 'project/newer-version', path: projectFolder, version, supported: steps.length });
}

/**
 * Brings the tables to the newest version in one transaction: after a crash the file is at the old or the new version.
 * `backupFolder`: a copy of the database as it was goes there first, whole or not at all; without one nothing is migrated.
 * Throws AppException project/newer-version, project/not-migrated (then nothing has changed), disk/full, disk/denied.
 */
export function migrate(database: Database, projectFolder: string, steps: readonly string[] = SCHEMA_STEPS, backupFolder: string | null = null): void {
  requireKnownVersion(database, projectFolder, steps);
  const version = database.pragmaNumber('user_version');
  if (version === steps.length) return;
  // A database of version 0 is being made.
  if (backupFolder !== null && version > 0) backUp(database, backupFolder, version);
  try {
    database.transaction(() => {
      for (const sql of pendingSteps(version, steps)) database.exec(sql);
      const broken = database.all(z.object({ table: z.string() }), 'PRAGMA foreign_key_check');
      if (broken.length > 0) throw new Error(`${broken.length} rows of ${broken[0]!.table} would point at nothing`);
      database.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${APPLICATION_ID};`);
    });
  } catch (thrown) {
    if (thrown instanceof AppException) throw thrown;
    throw new AppException({ code: 'project/not-migrated', path: projectFolder, version, detail: String(thrown) });
  }
}

/** Removes what a crash left of a backup. */
export function sweepBackups(backupFolder: string): void {
  for (const name of namesIn(backupFolder)) if (name.includes(TEMPORARY_SUFFIX)) rmSync(join(backupFolder, name), { force: true });
}

/** A whole, consistent copy: SQLite writes it in one transaction, it is fsynced and renamed. */
function backUp(database: Database, backupFolder: string, version: number): void {
  mkdirSync(backupFolder, { recursive: true });
  sweepBackups(backupFolder);
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const file = join(backupFolder, `maskloop-v${version}-${stamp}.db`);
  const temporary = `${file}${TEMPORARY_SUFFIX}`;
  try {
    database.copyInto(temporary, file);
    const handle = openSync(temporary, 'r+');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
  const backups = namesIn(backupFolder).filter((name) => BACKUP_NAME.test(name));
  for (const name of backups.sort(byStamp).slice(0, -BACKUPS_KEPT))
    for (const file of [join(backupFolder, name), sealsFile(join(backupFolder, name))]) rmSync(file, { force: true });
}

const stampOf = (name: string): string => name.replace(/^maskloop-v\d+-/, '');
const byStamp = (a: string, b: string): number => (stampOf(a) < stampOf(b) ? -1 : 1);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if (isMissingFile(thrown)) return [];
    throw thrown;
  }
}
