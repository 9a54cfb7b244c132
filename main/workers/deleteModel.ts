/** What is left of a deleted model: who trained it on what, how it measured, and the hash by which its predictions name it. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { DeleteModelTask } from '../contract/tasks.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { COURSE_FILE } from './courseFile.ts';
import { hashOfValues, hashOfWeights } from './hashOfWeights.ts';
import { modelKind, readCheckpoint } from './runFiles.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

const RECORD = 'deleted.json';
const DeletedModel = z.object({
  version: z.literal(1),
  weightsSha256: z.string().nullable(),
  /** A repetition of the training compares with it. */ valuesSha256: z.string().nullable().default(null),
});
type DeletedModel = z.infer<typeof DeletedModel>;
/** Relative to the run's folder. */
const KEPT = new Set([
  RECORD,
  'run.json',
  'inputs.json',
  COURSE_FILE,
  'rerun.json',
  'plans.json',
  'dataset_fingerprint.json',
  'metrics.ndjson',
  join('validation', 'summary.json'),
  join('gate', 'report.json'),
  join('gate', 'report.html'),
]);

/** The record comes first: a deletion that broke off is simply done again. */
export async function runDeleteModel({ runFolder }: DeleteModelTask): Promise<Result<Record<string, unknown>>> {
  try {
    const before = await deletedModel(runFolder);
    const record = before?.weightsSha256
      ? before
      : { version: 1, weightsSha256: await hashOfWeights(runFolder), valuesSha256: await hashOfOwnValues(runFolder) };
    await writeFileAtomic(join(runFolder, RECORD), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
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

/** `null` where there are no weights, or a file of them that nobody can read any more. */
async function hashOfOwnValues(runFolder: string): Promise<string | null> {
  try {
    return hashOfValues((await readCheckpoint(runFolder, await modelKind(runFolder))).arrays);
  } catch (thrown) {
    if (thrown instanceof AppException) return null;
    throw thrown;
  }
}

/** Of a model that was deleted; `null` for one that was not, or that had no weights. */
export const hashOfDeletedWeights = async (runFolder: string): Promise<string | null> => (await deletedModel(runFolder))?.weightsSha256 ?? null;

/** `null` for a model that was not deleted. */
export async function deletedModel(runFolder: string): Promise<DeletedModel | null> {
  try {
    return DeletedModel.parse(JSON.parse(await readFile(join(runFolder, RECORD), 'utf8')));
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof z.ZodError) return null;
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}
