/** Removes what a crash left behind. Nothing that a database row points at is ever touched. */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CaseId } from '../contract/vocabulary.ts';
import { TEMPORARY_SUFFIX } from './atomicFile.ts';
import { IMPORTING_PREFIX, PENDING_PREFIX, type ProjectFolder } from './projectFolder.ts';
import { namesIfThere } from './readIfThere.ts';

export const ORPHAN_PREFIX = '.orphan-';

/**
 * Unfinished imports and case folders without a row (the import died between the folder and its row). The latter are set
 * aside rather than deleted, so that the case can be imported again and nothing is lost. Not while an import runs.
 */
export async function sweepCases(folder: ProjectFolder, knownCases: ReadonlySet<CaseId>, nowMs: number): Promise<void> {
  for (const entry of await readdir(folder.cases, { withFileTypes: true })) {
    const path = join(folder.cases, entry.name);
    if (isUnfinished(entry.name)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    const caseId = CaseId.safeParse(entry.name);
    if (entry.isDirectory() && caseId.success && !knownCases.has(caseId.data)) await rename(path, join(folder.cases, `${ORPHAN_PREFIX}${entry.name}-${nowMs}`));
  }
}

/** Unfinished work, wherever in the project it lies. Not while anything works on the project. */
export async function sweepUnfinished(folder: ProjectFolder): Promise<void> {
  for (const path of await unfinishedIn(folder)) await rm(path, { force: true, recursive: true });
}

/** Absolute paths of files and folders that only a crash leaves behind. */
export async function unfinishedIn(project: ProjectFolder): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string, isOurs: (path: string) => boolean): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (isUnfinished(entry.name)) found.push(path);
      else if (entry.isDirectory() && isOurs(path)) await walk(path, () => true);
    }
  };
  // the inbox, which may hold a hundred thousand objects, tidies up itself
  const ours = new Set([project.cases, project.runs, project.preprocessed, project.backups]);
  await walk(project.path, (path) => ours.has(path)); // a project may have been made among other files
  return found;
}

/** By the name of a file or folder; what lies beside a temporary file, such as its seals, is unfinished with it. */
export const isUnfinished = (name: string): boolean => name.includes(TEMPORARY_SUFFIX) || name.startsWith(PENDING_PREFIX) || name.startsWith(IMPORTING_PREFIX);

export async function sweepUploads(folder: ProjectFolder): Promise<void> {
  for (const name of await namesIfThere(folder.uploads)) await rm(join(folder.uploads, name), { force: true, recursive: true });
}
