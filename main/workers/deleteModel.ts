/** What is left of a deleted model: who trained it on what, how it measured, and the hash by which its predictions name it. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { DeleteModelTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { hashOfWeights } from './hashOfWeights.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

const RECORD = 'deleted.json';
const DeletedModel = z.object({ version: z.literal(1), weightsSha256: z.string().nullable() });
/** Relative to the run's folder. */
const KEPT = new Set([RECORD, 'run.json', 'plans.json', 'dataset_fingerprint.json', 'metrics.ndjson', join('validation', 'summary.json'), join('gate', 'report.json'), join('gate', 'report.html')]);

/** The record comes first: a deletion that broke off is simply done again. */
export async function runDeleteModel({ runFolder }: DeleteModelTask): Promise<Result<Record<string, unknown>>> {
  try {
    const weightsSha256 = (await hashOfDeletedWeights(runFolder)) ?? (await hashOfWeights(runFolder));
    await writeFileAtomic(join(runFolder, RECORD), Buffer.from(`${JSON.stringify({ version: 1, weightsSha256 }, null, 2)}\n`));
    return ok({ freedBytes: await removeAllBut(KEPT, runFolder, '') });
  } catch (thrown) {
    return err(toAppError(thrown, runFolder));
  }
}

async function removeAllBut(kept: ReadonlySet<string>, root: string, folder: string): Promise<number> {
  let freedBytes = 0;
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) freedBytes += await removeAllBut(kept, root, name);
    else if (!kept.has(name)) {
      freedBytes += (await stat(join(root, name))).size;
      await rm(join(root, name));
    }
  }
  if (folder !== '' && (await readdir(join(root, folder))).length === 0) await rm(join(root, folder), { recursive: true });
  return freedBytes;
}

/** Of a model that was deleted; `null` for one that was not, or that had no weights. */
export async function hashOfDeletedWeights(runFolder: string): Promise<string | null> {
  try {
    return DeletedModel.parse(JSON.parse(await readFile(join(runFolder, RECORD), 'utf8'))).weightsSha256;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof z.ZodError) return null;
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}
