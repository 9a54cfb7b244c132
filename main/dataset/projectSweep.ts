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
    if (entry.name.startsWith(IMPORTING_PREFIX) || entry.name.endsWith(TEMPORARY_SUFFIX)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    const caseId = CaseId.safeParse(entry.name);
    if (entry.isDirectory() && caseId.success && !knownCases.has(caseId.data))
      await rename(path, join(folder.cases, `${ORPHAN_PREFIX}${entry.name}-${nowMs}`));
  }
}

/** Labelmaps that never became a revision. Not while a case is being saved or predicted. */
export async function sweepPendingLabels(folder: ProjectFolder, caseIds: Iterable<CaseId>): Promise<void> {
  for (const caseId of caseIds) {
    const labels = folder.labels(caseId);
    for (const name of await namesIfThere(labels))
      if (name.startsWith(PENDING_PREFIX) || name.endsWith(TEMPORARY_SUFFIX))
        await rm(join(labels, name), { force: true });
  }
}

/** Models whose import was not finished. Not while one runs. */
export async function sweepPendingRuns(folder: ProjectFolder): Promise<void> {
  for (const name of await namesIfThere(folder.runs))
    if (name.startsWith(PENDING_PREFIX)) await rm(join(folder.runs, name), { force: true, recursive: true });
}

export async function sweepUploads(folder: ProjectFolder): Promise<void> {
  for (const name of await namesIfThere(folder.uploads))
    await rm(join(folder.uploads, name), { force: true, recursive: true });
}
