/**
 * What a job that was killed leaves half-written in a folder of the user's. The job's id is in the name of each of its
 * temporary files and in the project's database before the job begins, so nothing of anybody else's is ever touched.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '../contract/vocabulary.ts';
import { isTemporaryOf } from './atomicFile.ts';

/** Removes what `jobId` left right in `folders`; returns the paths. A folder that is not there has nothing. Not while the job runs. */
export async function sweepOutside(folders: readonly string[], jobId: JobId): Promise<string[]> {
  const removed: string[] = [];
  for (const folder of new Set(folders)) {
    for (const name of await namesIn(folder)) {
      if (!isTemporaryOf(jobId, name)) continue;
      await rm(join(folder, name), { recursive: true, force: true });
      removed.push(join(folder, name));
    }
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) return [];
    throw thrown;
  }
}
