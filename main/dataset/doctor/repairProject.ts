/**
 * Mends what can be mended and deletes nothing: what does not belong moves to `lost-and-found`, what is gone is marked, a mask
 * whose record is in a copy of the database is put on record again. Each deed is in the audit trail.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';
import { type CaseId, FIRST_MASK, MaskNumber, Revision, RevisionSource } from '../../contract/vocabulary.ts';
import { syncFolder } from '../atomicFile.ts';
import type { ProjectStore } from '../projectStore.ts';
import { namesIfThere } from '../readIfThere.ts';
import { imageHashesOf, readLabelmap, sha256Of } from '../storedVolume.ts';
import type { Finding } from './finding.ts';

export interface Deed {
  readonly finding: Finding;
  readonly deed: 'quarantined' | 'registered' | 'markedMissing' | 'markCleared' | 'hashed' | 'left';
  /** Where to, relative to the project; of what was registered: whose it was. */
  readonly detail: string | null;
}

/** `stamp` names the folder inside `lost-and-found`. Throws errno errors of the disk; what was done till then stays done. */
export async function repairProject(store: ProjectStore, findings: readonly Finding[], actor: string, stamp: string): Promise<Deed[]> {
  const deeds: Deed[] = [];
  for (const finding of findings) {
    const deed = await repairOne(store, finding, actor, stamp);
    if (deed.deed !== 'left') deeds.push(deed);
  }
  return deeds;
}

async function repairOne(store: ProjectStore, finding: Finding, actor: string, stamp: string): Promise<Deed> {
  switch (finding.kind) {
    case 'maskMissing':
      return finding.isMarked ? left(finding) : mark(store, finding, actor, true);
    case 'maskBack':
      return mark(store, finding, actor, false);
    case 'maskDamaged': {
      // What is there is not what was saved: nobody shall take it for that.
      const detail = await quarantine(store, finding.path, actor, stamp);
      if (!finding.isMarked) mark(store, finding, actor, true);
      return { finding, deed: 'quarantined', detail };
    }
    case 'maskWithoutRow': {
      const author = await registerFromBackup(store, finding, actor);
      if (author !== null) return { finding, deed: 'registered', detail: author };
      return { finding, deed: 'quarantined', detail: await quarantine(store, finding.path, actor, stamp) };
    }
    case 'imageUnhashed':
      return recordHashes(store, finding, actor);
    case 'caseWithoutRow':
    case 'caseSetAside':
    case 'temporaryFile':
      return { finding, deed: 'quarantined', detail: await quarantine(store, finding.path, actor, stamp) };
    case 'databaseDamaged':
    case 'auditBroken':
    case 'imageMissing':
    case 'imageDamaged':
    case 'journal':
    case 'runMissing':
      return left(finding);
  }
}

const left = (finding: Finding): Deed => ({ finding, deed: 'left', detail: null });

function mark(store: ProjectStore, finding: Extract<Finding, { revision: Revision }>, actor: string, isMissing: boolean): Deed {
  const { caseId, revision } = finding;
  store.transaction(() => {
    store.missing.mark(caseId, revision, isMissing, Date.now());
    store.audit.append({ actor, action: 'repair', subject: caseId, facts: { [isMissing ? 'markedMissing' : 'foundAgain']: revision } });
  });
  return { finding, deed: isMissing ? 'markedMissing' : 'markCleared', detail: null };
}

async function recordHashes(store: ProjectStore, finding: Extract<Finding, { kind: 'imageUnhashed' }>, actor: string): Promise<Deed> {
  const stored = store.cases.find(finding.caseId);
  if (!stored) return left(finding);
  store.cases.recordImageHashes(finding.caseId, await imageHashesOf(stored.image), actor);
  return { finding, deed: 'hashed', detail: null };
}

/** A rename within the project; a place that is taken gets a number. Returns the new path. */
async function quarantine(store: ProjectStore, path: string, actor: string, stamp: string): Promise<string> {
  const from = join(store.folder.path, path);
  let to = '';
  for (let n = 1; to === '' || existsSync(join(store.folder.path, to)); n++)
    to = `${basename(store.folder.lostAndFound)}/${stamp}/${path}${n === 1 ? '' : `-${n}`}`;
  const target = join(store.folder.path, to);
  await mkdir(dirname(target), { recursive: true });
  await rename(from, target);
  await syncFolder(dirname(target));
  store.audit.append({ actor, action: 'repair', facts: { moved: path, to } });
  return to;
}

const RevisionRow = z.object({
  revision: Revision,
  parent: Revision.nullable(),
  source: RevisionSource,
  author: z.string(),
  created_at_ms: z.number(),
  sha256: z.string(),
  mask: MaskNumber.default(FIRST_MASK),
});
type RevisionRow = z.output<typeof RevisionRow>;

/**
 * Only where a copy of the database has the row, the voxels are those it tells of, and it is the next of its case: then it
 * is known whose the mask is. Returns the author; `null`: nobody knows.
 */
async function registerFromBackup(
  store: ProjectStore,
  { caseId, revision, path }: Extract<Finding, { kind: 'maskWithoutRow' }>,
  actor: string,
): Promise<string | null> {
  const row = await rowInBackups(store, caseId, revision);
  if (!row || revision !== store.revisions.nextNumber(caseId)) return null;
  const sha256 = await hashOf(join(store.folder.path, path));
  if (sha256 !== row.sha256) return null;
  store.revisions.reinstate(caseId, { ...row, createdAtMs: row.created_at_ms }, actor);
  return row.author;
}

async function rowInBackups(store: ProjectStore, caseId: CaseId, revision: Revision): Promise<RevisionRow | null> {
  const { backups } = store.folder;
  const names = (await namesIfThere(backups)).filter((name) => name.endsWith('.db')).sort();
  for (const name of names.reverse()) {
    const database = store.openCopy(join(backups, name));
    try {
      // a copy of before there were several masks has no column for them
      const sql = 'SELECT * FROM revisions WHERE case_id = :caseId AND revision = :revision';
      const row = database.get(RevisionRow, sql, { caseId, revision });
      if (row) return row;
    } finally {
      database.close();
    }
  }
  return null;
}

/** `null` for what is no mask. */
async function hashOf(file: string): Promise<string | null> {
  try {
    return sha256Of((await readLabelmap(file)).voxels);
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'disk/corrupt') return null;
    throw thrown;
  }
}
