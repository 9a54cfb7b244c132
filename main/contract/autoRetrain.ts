/** A retraining that starts by itself. */
import { z } from 'zod';
import { AppError } from './errors.ts';

/** Kept in the project; off until the user says so. */
export const AutoRetrainSettings = z.object({
  /** So many label maps that no training was given yet start one; `null`: none starts by itself. */
  afterAccepted: z.int().positive().nullable(),
  /** How long it learns, pauses not counted. */
  minutes: z.number().positive(),
});
export type AutoRetrainSettings = z.infer<typeof AutoRetrainSettings>;

export const AutoRetrainState = AutoRetrainSettings.extend({
  newlyAccepted: z.int().nonnegative(),
  /** Why the last one could not start. */
  problem: AppError.nullable(),
});
export type AutoRetrainState = z.infer<typeof AutoRetrainState>;
