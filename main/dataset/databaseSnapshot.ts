/**
 * A project that is only looked at is read from a copy of its database. Opening the original would write: WAL mode needs a
 * shared-memory file beside it, and SQLite's `immutable` ignores what lies in a write-ahead log that a crash left, so the
 * newest masks would be missing. A copy of database and log together shows everything, and a copy can be migrated.
 */
import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppException } from '../contract/errors.ts';
import { copyDatabaseFile } from './databaseBytes.ts';
import { DATABASE_FILE } from './projectFolder.ts';
import { isMissingFile } from './readIfThere.ts';

const VIEW_PREFIX = 'maskloop-view-';
const ATTEMPTS = 20;
const PAUSE_MS = 50;
/** Its log, and of an encrypted one the seals, and what was kept of a damaged log. */
const ENDINGS = ['-wal', '.seals', '-wal.damaged'];

/** A folder for this process alone, in the system's temporary folder; those of processes that died are removed. */
export async function makeViewFolder(): Promise<string> {
  await sweepViewFolders();
  return mkdtemp(join(tmpdir(), `${VIEW_PREFIX}${process.pid}-`));
}

/** Windows may hold files of a closed database a while longer; then the next start removes them. */
export function removeViewFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (thrown) {
    if (platform !== 'win32') throw thrown;
  }
}

/**
 * Copies `file` and what belongs to it into `viewFolder`, all as they were at one moment. Returns the copy. Throws
 * AppException project/in-use when its owner writes without a pause.
 */
export async function snapshotDatabase(file: string, viewFolder: string, projectFolder: string): Promise<string> {
  const copy = join(viewFolder, DATABASE_FILE);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await stateOf(file);
    await copyDatabaseFile(file, copy);
    for (const ending of ENDINGS) await copyIfThere(`${file}${ending}`, `${copy}${ending}`);
    if ((await stateOf(file)) === before) return copy;
    await sleep(PAUSE_MS);
  }
  throw new AppException({ code: 'project/in-use', path: projectFolder, holder: null });
}

/** Changes whenever one of the files is written. */
async function stateOf(file: string): Promise<string> {
  const states = await Promise.all(['', ...ENDINGS].map((ending) => stateOfOne(`${file}${ending}`)));
  return states.join(' ');
}

async function stateOfOne(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true });
    return `${size}/${mtimeNs}/${ino}`;
  } catch (thrown) {
    if (isMissingFile(thrown)) return '-';
    throw thrown;
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (thrown) {
    if (!isMissingFile(thrown)) throw thrown;
    await rm(to, { force: true });
  }
}

async function sweepViewFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const processId = Number(/^maskloop-view-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isInteger(processId) && !isAlive(processId)) await removeOwn(join(tmpdir(), name));
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (thrown) {
    // EPERM: it lives and is somebody else's.
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}

/** Another user's leftovers are that user's to remove. */
async function removeOwn(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (thrown) {
    const isForeign = thrown instanceof Error && 'code' in thrown && (thrown.code === 'EACCES' || thrown.code === 'EPERM');
    if (!isForeign) throw thrown;
  }
}
