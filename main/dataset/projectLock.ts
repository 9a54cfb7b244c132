/**
 * One program at a time owns a project: a second one would take the first one's running jobs for dead. Two things say so.
 * An exclusive SQLite transaction on a file of its own is the lock: the operating system frees it however the owner ends,
 * so that of a dead process is taken over. A file beside it names the owner: for people, and because file locks of another
 * computer may not reach this one over a network drive. A name that another computer left is therefore never ignored.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppException } from '../contract/errors.ts';
import { ProjectHolder } from '../contract/projectAccess.ts';
import { TEMPORARY_SUFFIX } from './atomicFile.ts';
import { Database } from './database.ts';
import { isMissingFile } from './readIfThere.ts';

const LOCK_FILE = '.maskloop.lock';
export const HOLDER_FILE = '.maskloop.holder.json';

export interface Claim {
  readonly userName: string;
  /** A person has said that the other computer is done with it. */
  readonly takeOver: boolean;
}

/**
 * Returns the function that gives the lock back. Throws AppException project/in-use while another program holds it, and
 * project/held-elsewhere where another computer claimed it and `takeOver` is not set.
 */
export function lockProject(projectFolder: string, { userName, takeOver }: Claim, nowMs: number): () => void {
  const lock = new Database(join(projectFolder, LOCK_FILE));
  const holderFile = join(projectFolder, HOLDER_FILE);
  try {
    lock.exec('BEGIN EXCLUSIVE');
    const left = readHolder(holderFile);
    if (left !== null && !takeOver && (left === 'unreadable' || left.hostName !== hostname()))
      throw new AppException({ code: 'project/held-elsewhere', path: projectFolder, holder: left === 'unreadable' ? null : left });
    writeHolder(holderFile, { userName, hostName: hostname(), processId: process.pid, sinceMs: nowMs });
  } catch (thrown) {
    lock.close();
    if (isBusy(thrown)) {
      const holder = readHolder(holderFile);
      throw new AppException({ code: 'project/in-use', path: projectFolder, holder: holder === 'unreadable' ? null : holder });
    }
    throw thrown;
  }
  return () => {
    // While the lock is still held: whoever comes next must not find a name that is about to go.
    rmSync(holderFile, { force: true });
    lock.close();
  };
}

const isBusy = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY');

function readHolder(file: string): ProjectHolder | 'unreadable' | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
  try {
    return ProjectHolder.parse(JSON.parse(text));
  } catch {
    // Somebody was here, nobody knows who: as careful as with a stranger.
    return 'unreadable';
  }
}

/** Whole or not at all, and on the disk before anything else is written. */
function writeHolder(file: string, holder: ProjectHolder): void {
  const temporary = `${file}${TEMPORARY_SUFFIX}`;
  const handle = openSync(temporary, 'w');
  try {
    writeSync(handle, `${JSON.stringify(holder)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
