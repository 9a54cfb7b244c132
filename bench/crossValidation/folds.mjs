import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** glibc hands memory of every step back to the kernel by default; both contestants keep it. */
export const keepMemory = { MALLOC_TRIM_THRESHOLD_: '17179869184', MALLOC_MMAP_THRESHOLD_: '17179869184', MALLOC_TOP_PAD_: '268435456' };

/** @returns {string} folder of the real volumes; throws where there is none (a clone elsewhere has no shared data) */
export function hippocampusFolder() {
  const places = [process.env.MASKLOOP_SHARED_DATA, join(root, '../shared/data'), '/work/shared/data'].filter(Boolean);
  const found = places.map((place) => join(place, 'msd_hippocampus')).find((folder) => existsSync(folder));
  if (!found) throw new Error('the shared data is not here: this benchmark needs msd_hippocampus');
  return found;
}

export const subjectOf = (caseId) => Math.floor((Number(/(\d+)/.exec(caseId)[1]) + 1) / 2);

/**
 * Five folds of whole subjects: two volumes, ids 2k-1 and 2k, are one person's. Subjects are ordered by a hash of their number
 * and dealt out in turn, the same way on every machine.
 *
 * @param {string} folder of the data set, with `images/`
 * @returns {{ caseIds: string[], splits: { train: string[], val: string[] }[] }} splits as `splits_final.json`
 */
export function subjectFolds(folder) {
  const caseIds = readdirSync(join(folder, 'images'))
    .filter((name) => name.endsWith('.nii.gz'))
    .map((name) => name.slice(0, -'.nii.gz'.length))
    .sort();
  const hash = (subject) => createHash('sha256').update(`hippocampus subject ${subject}`).digest('hex');
  const subjects = [...new Set(caseIds.map(subjectOf))].sort((a, b) => (hash(a) < hash(b) ? -1 : 1));
  const foldOf = new Map(subjects.map((subject, index) => [subject, index % 5]));
  const splits = [0, 1, 2, 3, 4].map((fold) => ({
    train: caseIds.filter((id) => foldOf.get(subjectOf(id)) !== fold),
    val: caseIds.filter((id) => foldOf.get(subjectOf(id)) === fold),
  }));
  return { caseIds, splits };
}
