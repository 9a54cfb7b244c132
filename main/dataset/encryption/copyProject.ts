/**
 * A project under another key: encrypted, or open. It is copied, never changed in place: the copy appears under its name when it
 * is whole and has been checked, and whatever stops that, the original is as it was.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AppException } from '../../contract/errors.ts';
import { openVault } from '../../vault/keyring.ts';
import { streamFile } from '../../vault/readSealed.ts';
import { GrowingFile, readGrowingText } from '../../vault/sealedLog.ts';
import { syncFolder, TEMPORARY_SUFFIX, writeFileAtomic } from '../atomicFile.ts';
import { PROGRAM_ACTOR } from '../audit/auditTable.ts';
import { Database } from '../database.ts';
import { examineProject } from '../doctor/examineProject.ts';
import { HARMLESS_FINDINGS } from '../doctor/finding.ts';
import { describeFinding } from '../doctor/describeFinding.ts';
import { copyJournal } from '../journal/copyJournal.ts';
import { JOURNAL_ENDING } from '../journal/strokeJournals.ts';
import { writeProjectFile } from '../projectFile.ts';
import { ProjectFolder, SEALED_NAMES } from '../projectFolder.ts';
import { openProject, type ProjectStore } from '../projectStore.ts';
import { isUnfinished } from '../projectSweep.ts';
import { namesIfThere } from '../readIfThere.ts';
import { sealsFile } from './databaseSeals.ts';
import { keysOf, newProjectKey, writeKeyFile } from './keyFile.ts';

/** What is made anew where it is missing, and names places of the original. */
const MADE_ANEW = new Set<string>(['preprocessed', 'uploads', 'scanned-files.json.gz']);
const GROWING = /(^|[\\/])(metrics|effort)\.ndjson$/;

export interface ProjectCopy {
  readonly folder: string;
  readonly fileCount: number;
  /** Relative to the original: damaged journals, backups of the database, files of the user's own. */
  readonly leftOut: readonly string[];
}

/**
 * `passphrase` absent: the copy is open. `store`: open for writing, so that nobody changes it meanwhile. Throws
 * project/already-exists, disk/corrupt (of the original), disk/full, disk/denied. Both projects have it on record under `actor`.
 */
export async function copyProject(
  store: ProjectStore,
  target: string,
  passphrase: string | undefined,
  tellProgress: (fileCount: number) => void = () => {},
  actor = PROGRAM_ACTOR,
): Promise<ProjectCopy> {
  const place = resolve(target);
  if ((await namesIfThere(place)).length > 0) throw new AppException({ code: 'project/already-exists', path: place });
  const unfinished = join(dirname(place), `.${basename(place)}${TEMPORARY_SUFFIX}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  // before anything leaves the project; the copy is made of the trail as it is then
  store.audit.append({ actor, action: 'passphrase', facts: { passphrase: passphrase === undefined ? 'removed' : 'set', copiedInto: place } });
  try {
    const folder = new ProjectFolder(unfinished);
    const projectKey = passphrase === undefined ? null : newProjectKey();
    const keys = projectKey && keysOf(projectKey);
    await copyDatabase(store, folder, keys);
    const closeVault = keys ? openVault({ folder: unfinished, key: keys.files, names: [...SEALED_NAMES] }) : () => undefined;
    let fileCount = 0;
    const leftOut: string[] = [];
    try {
      for (const name of SEALED_NAMES) {
        const from = join(store.folder.path, name);
        if (MADE_ANEW.has(name) || !existsSync(from)) continue;
        for await (const isCopied of copied(from, join(unfinished, name))) {
          if (isCopied === true) tellProgress(++fileCount);
          else leftOut.push(relative(store.folder.path, isCopied));
        }
      }
    } finally {
      closeVault();
    }
    if (projectKey && passphrase !== undefined) await writeKeyFile(folder, projectKey, passphrase);
    await writeProjectFile(unfinished);
    await check(unfinished, passphrase);
    await rm(place, { recursive: true, force: true });
    await rename(unfinished, place);
    await syncFolder(dirname(place));
    return { folder: place, fileCount, leftOut: [...leftOut, ...(await strangers(store.folder))] };
  } catch (thrown) {
    await rm(unfinished, { recursive: true, force: true });
    throw thrown;
  }
}

/** Between the two keys it lies where the open one of the two projects lies. */
async function copyDatabase(store: ProjectStore, target: ProjectFolder, keys: ReturnType<typeof keysOf> | null): Promise<void> {
  const between = keys ? join(store.folder.backups, `.copy${TEMPORARY_SUFFIX}`) : `${target.database}${TEMPORARY_SUFFIX}`;
  await mkdir(dirname(between), { recursive: true });
  await rm(between, { force: true });
  try {
    store.copyDatabase(between);
    Database.changeKeys(between, store.databaseKeys, keys);
    if (keys) await copyFile(sealsFile(between), sealsFile(target.database));
    await copyFile(between, target.database);
  } finally {
    for (const file of [between, sealsFile(between)]) await rm(file, { force: true });
  }
}

/** True for each file that was copied, its path for one that could not be read. */
async function* copied(from: string, to: string): AsyncGenerator<true | string> {
  const entries = await readdir(from, { withFileTypes: true }).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOTDIR') return null;
    throw thrown;
  });
  if (!entries) return yield (await copyOne(from, to)) || from;
  await mkdir(to, { recursive: true });
  for (const entry of entries) {
    if (isUnfinished(entry.name)) continue;
    if (entry.isDirectory()) yield* copied(join(from, entry.name), join(to, entry.name));
    else if (entry.isFile()) yield (await copyOne(join(from, entry.name), join(to, entry.name))) || join(from, entry.name);
  }
}

async function copyOne(from: string, to: string): Promise<boolean> {
  if (from.endsWith(JOURNAL_ENDING)) return copyJournal(from, to);
  if (GROWING.test(from)) await new GrowingFile(to).append(await readGrowingText(from));
  else await writeFileAtomic(to, streamFile(from) as AsyncIterable<Uint8Array>);
  return true;
}

async function check(folder: string, passphrase: string | undefined): Promise<void> {
  const copy = await openProject(folder, Date.now(), undefined, true, passphrase);
  try {
    const damage = (await examineProject(copy)).findings.filter(({ kind }) => !HARMLESS_FINDINGS.has(kind));
    if (damage[0])
      throw new AppException({
        code: 'disk/corrupt',
        path: folder,
        detail: `the copy is not whole, as the original may not be: ${describeFinding(damage[0])}`,
      });
  } finally {
    copy.close();
  }
}

async function strangers({ path, backups }: ProjectFolder): Promise<string[]> {
  const own = new Set<string>([...SEALED_NAMES, basename(backups), 'encryption.json']);
  const others = (await readdir(path)).filter(
    (name) => !own.has(name) && !name.startsWith('.') && !name.startsWith('maskloop.db') && !name.endsWith('.mlproj'),
  );
  const copies = (await namesIfThere(backups)).filter((name) => name.endsWith('.db')).map((name) => join(basename(backups), name));
  return [...others, ...copies];
}
