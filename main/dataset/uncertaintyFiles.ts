/** What a prediction left beside its revision: a map of its uncertainty, and the numbers of it. Nothing depends on their being there. */
import { renameSync } from 'node:fs';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { CaseUncertainty } from '../contract/uncertainty.ts';
import type { CaseId, Revision } from '../contract/vocabulary.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileNow } from '../vault/writeSealed.ts';
import type { ProjectFolder } from './projectFolder.ts';
import { isMissingFile } from './readIfThere.ts';

const UncertaintyFile = CaseUncertainty.extend({
  version: z.literal(1),
  /** Of the prediction's raw voxels: after a crash the number of a revision may be given a second time. */
  labelSha256: z.string(),
});

export interface PredictedRevision {
  readonly caseId: CaseId;
  readonly revision: Revision;
  readonly sha256: string;
}

/** `pendingMap` becomes the map of the revision. Synchronous, as the commit of the revision before it; the numbers come last and vouch for the map. */
export function keepUncertainty(
  folder: ProjectFolder,
  { caseId, revision, sha256 }: PredictedRevision,
  pendingMap: string,
  { bits, labels }: CaseUncertainty,
): void {
  renameSync(pendingMap, folder.uncertaintyMap(caseId, revision));
  const content: z.infer<typeof UncertaintyFile> = { version: 1, labelSha256: sha256, bits, labels };
  writeFileNow(pendingMap, Buffer.from(`${JSON.stringify(content)}\n`), 'w');
  renameSync(pendingMap, folder.uncertainty(caseId, revision));
}

/** `null` for a prediction that left none. Throws `disk/corrupt`. */
export async function readUncertainty(folder: ProjectFolder, { caseId, revision, sha256 }: PredictedRevision): Promise<CaseUncertainty | null> {
  const path = folder.uncertainty(caseId, revision);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
  const parsed = UncertaintyFile.safeParse(jsonOr(text));
  if (!parsed.success) throw new AppException({ code: 'disk/corrupt', path, detail: parsed.error.message });
  const { labelSha256, bits, labels } = parsed.data;
  return labelSha256 === sha256 ? { bits, labels } : null;
}

/** `undefined` for what is no JSON. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
