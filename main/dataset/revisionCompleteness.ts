/** The files beside a revision's mask that say what its unpainted voxels mean. A revision without them is complete. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { COMPLETE, RevisionCompleteness } from '../contract/completeness.ts';
import { AppException } from '../contract/errors.ts';
import type { CaseId, Revision } from '../contract/vocabulary.ts';
import { readTextSync } from '../vault/readSealed.ts';
import { writeFileNow } from '../vault/writeSealed.ts';
import type { ProjectFolder } from './projectFolder.ts';

const FileVersion = z.object({ version: z.literal(1) });

export interface NewCompleteness {
  readonly completeness: RevisionCompleteness;
  /** Whole and fsynced, in the case's labels folder; `null` where no background was painted. */
  readonly pendingBackground: string | null;
}

/** Throws `disk/corrupt` for a damaged file. */
export function readCompleteness(folder: ProjectFolder, caseId: CaseId, revision: Revision): RevisionCompleteness {
  const path = folder.completeness(caseId, revision);
  if (!existsSync(path)) return COMPLETE;
  try {
    const stored: unknown = JSON.parse(readTextSync(path));
    FileVersion.parse(stored);
    return RevisionCompleteness.parse(stored);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError) && !(thrown instanceof z.ZodError)) throw thrown;
    throw new AppException({ code: 'disk/corrupt', path, detail: thrown.message });
  }
}

/**
 * Puts the files where the revision's will be, before the revision is on record. What a crash left under that number goes:
 * it belongs to no revision. The caller syncs the folder.
 */
export function settleCompleteness(folder: ProjectFolder, caseId: CaseId, revision: Revision, fresh: NewCompleteness | undefined): void {
  const path = folder.completeness(caseId, revision);
  const background = folder.paintedBackground(caseId, revision);
  rmSync(path, { force: true });
  rmSync(background, { force: true });
  if (!fresh) return;
  if (fresh.pendingBackground !== null) renameSync(fresh.pendingBackground, background);
  writeFileNow(path, Buffer.from(`${JSON.stringify({ version: 1, ...fresh.completeness }, null, 2)}\n`), 'wx');
}
