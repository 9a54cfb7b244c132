import { AppException } from '../contract/errors.ts';
import type { Database } from './database.ts';
import { APPLICATION_ID, SCHEMA_STEPS } from './projectSchema.ts';

/** The SQL still to be run on a database of version `from`; pure. */
export function pendingSteps(from: number, steps: readonly string[] = SCHEMA_STEPS): readonly string[] {
  return steps.slice(from);
}

/**
 * Brings the tables to the newest version in one transaction: after a crash the file is at the old or the new version.
 * Throws AppException project/newer-version for a file of a newer program.
 */
export function migrate(database: Database, projectFolder: string, steps: readonly string[] = SCHEMA_STEPS): void {
  const version = database.pragmaNumber('user_version');
  if (version > steps.length)
    throw new AppException({ code: 'project/newer-version', path: projectFolder, version, supported: steps.length });
  if (version === steps.length) return;
  database.transaction(() => {
    for (const sql of pendingSteps(version, steps)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${APPLICATION_ID};`);
  });
}
