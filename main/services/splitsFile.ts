/** `splits_final.json` in nnU-Net's format: one entry per fold, each with the ids to train on and to validate on. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';

export const SplitsFile = z
  .array(z.object({ train: z.array(z.string()), val: z.array(z.string()) }))
  .min(1)
  .max(5);
export type SplitsFile = z.infer<typeof SplitsFile>;

/** `null` when there is none. Throws AppException contract/bad-input for a file that is no such list. */
export async function readSplits(file: string): Promise<SplitsFile | null> {
  if (!existsSync(file)) return null;
  try {
    return SplitsFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError) && !(thrown instanceof SyntaxError)) throw thrown;
    const detail = thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown.message;
    throw new AppException({ code: 'contract/bad-input', issues: [`${file}: ${detail}`] });
  }
}

export async function writeSplits(file: string, splits: SplitsFile): Promise<void> {
  await writeFileAtomic(file, Buffer.from(`${JSON.stringify(splits, null, 2)}\n`));
}
