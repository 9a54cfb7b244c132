/** The audit trail of a project: who did what and when. */
import { z } from 'zod';

export const AuditAction = z.enum([
  /** The trail begins; a project of before has masks that no entry tells of, and a digest of them. */
  'begin',
  'import',
  /** A case was opened. */
  'view',
  /** A mask was saved, also one brought to a new legend or restored. */
  'save',
  'predict',
  'accept',
  /** A mask of a case was added, renamed, deleted, brought back, or made the one that trainings learn from. */
  'mask',
  'exclude',
  'include',
  'legend',
  'train',
  'judge',
  'chooseModel',
  'deleteModel',
  'importModel',
  'exportModel',
  'export',
  /** Objects were sent to a DICOM node. */
  'send',
  /** `maskloop doctor --repair` did something. */
  'repair',
  /** A passphrase was set, changed or taken away; never which. */
  'passphrase',
]);
export type AuditAction = z.infer<typeof AuditAction>;

export const AuditEntry = z.object({
  seq: z.int().positive(),
  /** By the clock of the computer, which people can set. */
  atMs: z.number(),
  /** One opening of the project by one program. */
  session: z.string(),
  /** Milliseconds since the session began, by a clock nobody can set. */
  uptimeMs: z.number(),
  actor: z.string(),
  action: AuditAction,
  /** The case or run it is about. */
  subject: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  previousSha256: z.string(),
  sha256: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Absent: any. */
export const AuditFilter = z.object({
  actor: z.string().optional(),
  action: AuditAction.optional(),
  /** Letters that stand in the name of the case or run, capital or not. */
  subject: z.string().max(200).optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

/** The newest entry: noted elsewhere, it shows later whether the trail was cut short or written anew. */
export const AuditHead = z.object({ seq: z.int().positive(), sha256: z.string() });
export type AuditHead = z.infer<typeof AuditHead>;

export const AuditVerification = z.object({
  count: z.int(),
  head: AuditHead.nullable(),
  /** `null`: every link holds. `headMissing`, `headDiffers`: what was noted elsewhere is not there any more, or otherwise. */
  firstBroken: z.object({ seq: z.int(), problem: z.enum(['changed', 'outOfOrder', 'missing', 'notLinked', 'headMissing', 'headDiffers']) }).nullable(),
  /** Every mask on record is one that the trail tells of, or that was there before the trail began, unchanged. */
  masksMatch: z.boolean(),
  /** Entries before which the clock of the computer went back. */
  clockSetBack: z.array(z.object({ seq: z.int(), byMs: z.number() })),
  /** The head that this user's settings folder remembers, if any; it was checked. */
  remembered: AuditHead.nullable(),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
