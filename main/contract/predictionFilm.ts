/** How the prediction of one case became what it is while a network learnt: one slice of it, a picture for each validation. */
import { z } from 'zod';
import { CaseId } from './vocabulary.ts';

const FilmFrame = z.object({
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  elapsedSeconds: z.number(),
  /** Mean over the classes, of the whole case; `null`: it has none of them, and none was predicted. */
  dice: z.number().nullable(),
});
export type FilmFrame = z.infer<typeof FilmFrame>;

export const PredictionFilm = z.object({
  version: z.literal(1),
  /** The first that the run is validated on. */
  caseId: CaseId,
  /** Along k of the stored grid, where most of its mask lies. */
  sliceK: z.int().nonnegative(),
  sliceCount: z.int().positive(),
  /** What the pictures have cost; the predictions are those of the validation. */
  spentMs: z.number().nonnegative(),
  /** By step. */
  frames: z.array(FilmFrame),
});
export type PredictionFilm = z.infer<typeof PredictionFilm>;
