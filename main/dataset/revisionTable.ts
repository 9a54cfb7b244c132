import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { platform } from 'node:process';
import { z } from 'zod';
import type { RevisionInfo } from '../contract/api.ts';
import type { AuditAction } from '../contract/audit.ts';
import type { RevisionCompleteness } from '../contract/completeness.ts';
import { CaseId, FIRST_MASK, MaskNumber, Revision, RevisionSource } from '../contract/vocabulary.ts';
import { trainingMaskOf } from './maskTable.ts';
import { IMPORT_AUTHOR, MODEL_AUTHOR } from '../contract/provenance.ts';
import type { AuditTable } from './audit/auditTable.ts';
import type { Database } from './database.ts';
import type { ProjectFolder } from './projectFolder.ts';
import { type NewCompleteness, readCompleteness, settleCompleteness } from './revisionCompleteness.ts';

const RevisionRow = z.object({
  case_id: CaseId,
  revision: Revision,
  parent: Revision.nullable(),
  source: RevisionSource,
  author: z.string(),
  created_at_ms: z.number(),
  sha256: z.string(),
  mask: MaskNumber,
  accepted_revision: Revision.nullable(),
});

const AcceptanceRow = z.object({ revision: Revision, author: z.string(), at_ms: z.number() });

const SELECT = `
  SELECT r.*, (
    SELECT a.revision FROM acceptances a JOIN revisions o ON o.case_id = a.case_id AND o.revision = a.revision
    WHERE a.case_id = r.case_id AND o.mask = r.mask ORDER BY a.id DESC LIMIT 1
  ) AS accepted_revision
  FROM revisions r`;
const INSERT = 'INSERT INTO revisions (case_id, revision, parent, source, author, created_at_ms, sha256, mask)';
/** Whether a row belongs to the mask that trainings learn from. */
const OF_TRAINING_MASK = `r.mask = ${trainingMaskOf('r.case_id')}`;

export interface NewRevision {
  readonly caseId: CaseId;
  /** Whole and fsynced, in the case's labels folder. It becomes the revision's file. */
  readonly pendingFile: string;
  readonly parent: Revision | null;
  readonly source: RevisionSource;
  readonly author: string;
  /** Who asked for it, where that is not the author: for an import or a prediction. */
  readonly actor?: string | undefined;
  readonly sha256: string;
  readonly isAccepted: boolean;
  /** Absent: the one that trainings learn from. */
  readonly mask?: MaskNumber | undefined;
  /** Absent: every unpainted voxel is background. */
  readonly unpainted?: NewCompleteness | undefined;
}

/**
 * Immutable labelmaps of the cases and which of them is accepted, in each mask of a case one. What does not name a mask is about
 * the one that trainings learn from. Triggers in the database refuse every change.
 */
export class RevisionTable {
  constructor(
    private readonly database: Database,
    private readonly folder: ProjectFolder,
    private readonly audit: AuditTable,
  ) {}

  /** Oldest first. */
  ofCase(caseId: CaseId): RevisionInfo[] {
    return this.database.all(RevisionRow, `${SELECT} WHERE r.case_id = :caseId AND ${OF_TRAINING_MASK} ORDER BY r.revision`, { caseId }).map(toInfo);
  }

  /** Oldest first. */
  ofMask(caseId: CaseId, mask: MaskNumber): RevisionInfo[] {
    return this.database.all(RevisionRow, `${SELECT} WHERE r.case_id = :caseId AND r.mask = :mask ORDER BY r.revision`, { caseId, mask }).map(toInfo);
  }

  /** Of all masks, deleted ones too, oldest first. */
  ofAllMasks(caseId: CaseId): RevisionInfo[] {
    return this.database.all(RevisionRow, `${SELECT} WHERE r.case_id = :caseId ORDER BY r.revision`, { caseId }).map(toInfo);
  }

  /** The revisions of every case, oldest first. */
  byCase(): Map<CaseId, RevisionInfo[]> {
    return this.#grouped(`${SELECT} WHERE ${OF_TRAINING_MASK} ORDER BY r.case_id, r.revision`);
  }

  /** The same of all masks, deleted ones too. */
  byCaseOfAllMasks(): Map<CaseId, RevisionInfo[]> {
    return this.#grouped(`${SELECT} ORDER BY r.case_id, r.revision`);
  }

  #grouped(sql: string): Map<CaseId, RevisionInfo[]> {
    const byCase = new Map<CaseId, RevisionInfo[]>();
    for (const row of this.database.all(RevisionRow, sql)) {
      const revisions = byCase.get(row.case_id);
      if (revisions) revisions.push(toInfo(row));
      else byCase.set(row.case_id, [toInfo(row)]);
    }
    return byCase;
  }

  find(caseId: CaseId, revision: Revision): RevisionInfo | undefined {
    const sql = `${SELECT} WHERE r.case_id = :caseId AND r.revision = :revision`;
    const row = this.database.get(RevisionRow, sql, { caseId, revision });
    return row && toInfo(row);
  }

  latest(caseId: CaseId): RevisionInfo | undefined {
    const sql = `${SELECT} WHERE r.case_id = :caseId AND ${OF_TRAINING_MASK} ORDER BY r.revision DESC LIMIT 1`;
    const row = this.database.get(RevisionRow, sql, { caseId });
    return row && toInfo(row);
  }

  latestOfMask(caseId: CaseId, mask: MaskNumber): RevisionInfo | undefined {
    const row = this.database.get(RevisionRow, `${SELECT} WHERE r.case_id = :caseId AND r.mask = :mask ORDER BY r.revision DESC LIMIT 1`, { caseId, mask });
    return row && toInfo(row);
  }

  /** What the next revision of the case is called, whichever mask it is of. */
  nextNumber(caseId: CaseId): Revision {
    const row = this.database.get(z.object({ n: z.number() }), 'SELECT coalesce(max(revision), 0) + 1 AS n FROM revisions WHERE case_id = :caseId', { caseId });
    return Revision.parse(row?.n);
  }

  /**
   * Gives the pending file its number, then writes the row: a row never points at a file that is not there.
   * Synchronous on purpose: nothing can take the number in between. A crash in between leaves a file without a row;
   * the next revision of that number moves it to lost-and-found.
   */
  commit(fresh: NewRevision, atMs: number): RevisionInfo {
    const { caseId, parent, source, author, sha256 } = fresh;
    const revision = this.nextNumber(caseId);
    const mask = fresh.mask ?? this.#trainingMask(caseId);
    const file = this.folder.revision(caseId, revision);
    settleCompleteness(this.folder, caseId, revision, fresh.unpainted);
    if (fresh.pendingFile !== file) {
      if (existsSync(file) && existsSync(fresh.pendingFile)) this.#setAside(file, caseId, atMs);
      renameSync(fresh.pendingFile, file);
    } else if (!existsSync(file)) throw new Error(`no labelmap at ${file}`);
    syncFolderNow(this.folder.labels(caseId));
    this.database.transaction(() => {
      this.database.run(`${INSERT} VALUES (:caseId, :revision, :parent, :source, :author, :atMs, :sha256, :mask)`, {
        caseId,
        revision,
        parent,
        source,
        author,
        atMs,
        sha256,
        mask,
      });
      this.audit.append({
        actor: fresh.actor ?? author,
        action: actionOf(author),
        subject: caseId,
        facts: { revision, parent, source, sha256, ...(mask !== FIRST_MASK && { mask }) },
      });
      if (fresh.isAccepted) this.accept(caseId, revision, author, atMs, fresh.actor);
    });
    return { revision, parent, source, author, createdAtMs: atMs, sha256, accepted: fresh.isAccepted, mask };
  }

  /** The record of a mask whose file lies in its place, as a copy of the database has it; who brought it back is on record too. */
  reinstate(caseId: CaseId, { revision, parent, source, author, createdAtMs, sha256, mask }: Omit<RevisionInfo, 'accepted'>, actor: string): void {
    this.database.transaction(() => {
      this.database.run(`${INSERT} VALUES (:caseId, :revision, :parent, :source, :author, :createdAtMs, :sha256, :mask)`, {
        caseId,
        revision,
        parent,
        source,
        author,
        createdAtMs,
        sha256,
        mask,
      });
      this.audit.append({ actor, action: 'repair', subject: caseId, facts: { reinstated: true, revision, parent, source, author, sha256 } });
    });
  }

  #trainingMask(caseId: CaseId): MaskNumber {
    return MaskNumber.parse(this.database.get(z.object({ mask: z.number() }), `SELECT ${trainingMaskOf(':caseId')} AS mask`, { caseId })?.mask);
  }

  /** Nobody was told that this mask was saved, but somebody may have drawn it. */
  #setAside(file: string, caseId: CaseId, atMs: number): void {
    mkdirSync(this.folder.lostAndFound, { recursive: true });
    renameSync(file, join(this.folder.lostAndFound, `${caseId}-${atMs}-${basename(file)}`));
  }

  /** What the unpainted voxels of a revision mean. Throws `disk/corrupt`. */
  completeness(caseId: CaseId, revision: Revision): RevisionCompleteness {
    return readCompleteness(this.folder, caseId, revision);
  }

  /** Who accepted this revision last and when; `null` unless it is the accepted labelmap of its mask. */
  acceptance(caseId: CaseId, revision: Revision): { author: string; atMs: number } | null {
    const sql = `SELECT a.revision, a.author, a.at_ms FROM acceptances a JOIN revisions o ON o.case_id = a.case_id AND o.revision = a.revision
      WHERE a.case_id = :caseId AND o.mask = (SELECT mask FROM revisions WHERE case_id = :caseId AND revision = :revision) ORDER BY a.id DESC LIMIT 1`;
    const row = this.database.get(AcceptanceRow, sql, { caseId, revision });
    return row?.revision === revision ? { author: row.author, atMs: row.at_ms } : null;
  }

  /** The cases that people accepted first, oldest first; what came in with an import does not count. */
  firstVerified(count: number, importAuthor: string): CaseId[] {
    const sql = `SELECT a.case_id FROM acceptances a JOIN revisions r ON r.case_id = a.case_id AND r.revision = a.revision
      WHERE a.author <> :importAuthor AND ${OF_TRAINING_MASK} GROUP BY a.case_id ORDER BY min(a.id) LIMIT :count`;
    return this.database.all(z.object({ case_id: CaseId }), sql, { count, importAuthor }).map((row) => row.case_id);
  }

  /** From now on this is the accepted labelmap of its mask; earlier acceptances stay on record. `actor`: who did it, in somebody's name. */
  accept(caseId: CaseId, revision: Revision, author: string, atMs: number, actor = author): void {
    this.database.transaction(() => {
      this.database.run('INSERT INTO acceptances (case_id, revision, author, at_ms) VALUES (:caseId, :revision, :author, :atMs)', {
        caseId,
        revision,
        author,
        atMs,
      });
      this.audit.append({ actor, action: 'accept', subject: caseId, facts: { accepted: revision, ...(actor !== author && { inTheNameOf: author }) } });
    });
  }
}

function actionOf(author: string): AuditAction {
  if (author === IMPORT_AUTHOR) return 'import';
  return author === MODEL_AUTHOR ? 'predict' : 'save';
}

function toInfo(row: z.output<typeof RevisionRow>): RevisionInfo {
  return {
    revision: row.revision,
    parent: row.parent,
    source: row.source,
    author: row.author,
    createdAtMs: row.created_at_ms,
    sha256: row.sha256,
    accepted: row.accepted_revision === row.revision,
    mask: row.mask,
  };
}

/** The rename itself must survive a power cut before the row does. Windows cannot open folders. */
function syncFolderNow(folder: string): void {
  if (platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
