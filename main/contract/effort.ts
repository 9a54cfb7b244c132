/** How much work a case was: time spent on it and what became of its prediction (docs/learning.md, "Effort"). */
import { z } from 'zod';
import { AppError } from './errors.ts';
import { CaseId, LabelValue, Revision, RevisionSource } from './vocabulary.ts';

/** From a prediction to the mask that was accepted. Distances are `null` where no class is in both. */
export const MaskChange = z.object({
  voxelsChanged: z.int().nonnegative(),
  /** Means over the classes that are in either mask. */
  dice: z.number().min(0).max(1).nullable(),
  assdMm: z.number().nonnegative().nullable(),
  hd95Mm: z.number().nonnegative().nullable(),
});
export type MaskChange = z.infer<typeof MaskChange>;

/** What a comparison says of one accepted mask. */
export const ComparedMask = z.object({
  /** The classes of the accepted mask. */
  labels: z.array(z.object({ labelValue: LabelValue, voxelCount: z.int().positive() })),
  /** `null`: it began without a prediction. */
  change: MaskChange.nullable(),
});
export type ComparedMask = z.infer<typeof ComparedMask>;

export const CaseEffort = z.object({
  caseId: CaseId,
  /** The accepted one. */
  revision: Revision,
  acceptedAtMs: z.number(),
  /** The prediction it descends from; `null`: drawn or imported without one. */
  predictedRevision: Revision.nullable(),
  /** Whose prediction that is. */
  source: RevisionSource.nullable(),
  /** Models are counted in the order in which they first predicted; 0: without a model. */
  round: z.int().nonnegative(),
  /** With the case open and hands at work; `null`: nobody measured it. */
  activeSeconds: z.number().nonnegative().nullable(),
  change: MaskChange.nullable(),
  /** Why the masks could not be compared. */
  problem: AppError.nullable(),
});
export type CaseEffort = z.infer<typeof CaseEffort>;

/** Figures of the cases of one round; `null` where no case has the figure. */
export const RoundEffort = z.object({
  round: z.int().nonnegative(),
  source: RevisionSource.nullable(),
  caseCount: z.int().positive(),
  medianActiveSeconds: z.number().nullable(),
  meanVoxelsChanged: z.number().nullable(),
  meanDice: z.number().nullable(),
  meanAssdMm: z.number().nullable(),
  meanHd95Mm: z.number().nullable(),
});
export type RoundEffort = z.infer<typeof RoundEffort>;

/** An answer to a wrong clock: nobody is at work on one case for longer between two saves. */
export const ActiveSeconds = z.number().min(0).max(86_400);
