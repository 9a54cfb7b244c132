/** A recipe that changes after its run was begun: in the database, which a resumed training goes by, and in `run.json`. */
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { MemoryChoices } from '../contract/memory.ts';
import type { RunId } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import { parseStoredJson } from '../dataset/storedJson.ts';

/** Who changed what after how many steps; kept in `run.json` under `changes`. */
export const RecipeChange = z.object({ atMs: z.number(), author: z.string(), afterStep: z.int().nonnegative(), choices: z.record(z.string(), z.unknown()) });
const ChangedRecord = z.looseObject({ options: z.looseObject({}), changes: z.array(RecipeChange).default([]) });

/** `afterStep`: how far the run was when it happened, which may be before it is written. Does nothing without choices. Throws not-found, disk/corrupt. */
export async function changeRecipe(store: ProjectStore, runId: RunId, choices: MemoryChoices, author: string, afterStep: number): Promise<void> {
  if (Object.keys(choices).length === 0) return;
  const options = store.runs.options(runId);
  if (!options) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  const changed = { ...options, recipe: { ...options.recipe, ...choices } };
  const path = join(store.folder.run(runId), 'run.json');
  const bytes = await readIfThere(path);
  if (bytes) {
    const record = parseStoredJson(ChangedRecord, bytes.toString('utf8'), path);
    const changes = [...record.changes, { atMs: Date.now(), author, afterStep, choices }];
    await writeFileAtomic(path, Buffer.from(`${JSON.stringify({ ...record, options: changed, changes }, null, 2)}\n`));
  }
  store.runs.setOptions(runId, changed);
}
