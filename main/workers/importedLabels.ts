/** What a case folder remembers of the segmentations that were imported for it, so that none is imported twice. */
import { join } from 'node:path';
import { z } from 'zod';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

const FILE = 'imported-labels.json';
const ImportedLabelsJson = z.object({ version: z.literal(1), /** SHA-256 of the files. */ sha256: z.array(z.string()) });

/** `null` when nothing is on record, as in cases of older versions. */
export async function readImportedLabels(caseFolder: string): Promise<ReadonlySet<string> | null> {
  try {
    return new Set(ImportedLabelsJson.parse(JSON.parse(await readFile(join(caseFolder, FILE), 'utf8'))).sha256);
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

export async function writeImportedLabels(caseFolder: string, hashes: Iterable<string>): Promise<void> {
  const json: z.infer<typeof ImportedLabelsJson> = { version: 1, sha256: [...new Set(hashes)] };
  await writeFileAtomic(join(caseFolder, FILE), Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
}
