/** What a user interface is told about journals of strokes: the changes of a mask that were painted and not saved yet. */
import { z } from 'zod';
import { CaseId, FIRST_MASK, MaskNumber, Revision } from './vocabulary.ts';

export const JournalId = z
  .string()
  .regex(/^journal-[0-9a-f]{16}$/)
  .brand('JournalId');
export type JournalId = z.infer<typeof JournalId>;

/** One page that was loaded; after a reload it is another. */
export const WindowId = z
  .string()
  .regex(/^[0-9a-f-]{36}$/)
  .brand('WindowId');
export type WindowId = z.infer<typeof WindowId>;

/**
 * Why the changes of a journal cannot be laid over a mask. `header`: nobody knows what they belong to. `base`: the revision they
 * were painted on is gone or another one. `grid`: the case has other voxels now.
 */
export const JournalObstacle = z.enum(['header', 'base', 'grid']);
export type JournalObstacle = z.infer<typeof JournalObstacle>;

export const JournalInfo = z.object({
  journalId: JournalId,
  caseId: CaseId,
  /** Relative to the project folder, with slashes. */
  file: z.string(),
  byteCount: z.int().nonnegative(),
  /** `null`: painted where there was no mask yet, or the header is lost. */
  baseRevision: Revision.nullable(),
  /** Which of the case's masks it was painted in. */
  mask: MaskNumber.default(FIRST_MASK),
  /** Whole ones, from the beginning on. */
  changeCount: z.int().nonnegative(),
  /** When the last of them came; of an unreadable journal when its file was written. */
  lastChangeAtMs: z.number(),
  /** Changes that had been written follow a damaged place, and are not counted. */
  isDamaged: z.boolean(),
  obstacle: JournalObstacle.nullable(),
  /** The window that writes it is still there. */
  isBeingPainted: z.boolean(),
});
export type JournalInfo = z.infer<typeof JournalInfo>;

/** `saved`: all of it is in a revision. `recovered`: all of it is in another journal. `discarded`: the user does not want it; kept aside for a while. */
export const JournalEnd = z.enum(['saved', 'recovered', 'discarded']);
export type JournalEnd = z.infer<typeof JournalEnd>;
