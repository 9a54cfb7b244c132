/**
 * One program at a time owns a project: a second one would take the first one's running jobs for dead. The lock is an
 * exclusive SQLite transaction on a file of its own, so the operating system frees it however the owner ends.
 */
import { join } from 'node:path';
import { AppException } from '../contract/errors.ts';
import { Database } from './database.ts';

const LOCK_FILE = '.maskloop.lock';

/** Returns the function that gives the lock back. Throws AppException project/in-use when another program holds it. */
export function lockProject(projectFolder: string): () => void {
  const lock = new Database(join(projectFolder, LOCK_FILE));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    lock.close();
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY'))
      throw new AppException({ code: 'project/in-use', path: projectFolder });
    throw thrown;
  }
  return () => lock.close();
}
