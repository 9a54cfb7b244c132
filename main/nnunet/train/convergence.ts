/** Whether a training still gets anywhere: the last epochs against as many before them. */
import { z } from 'zod';

/** One finished epoch: its mean loss (null when no step counted) and the Dice of its validation, if there was one. */
export const EpochRecord = z.object({ loss: z.number().nullable(), dice: z.number().nullable() });
export type EpochRecord = z.infer<typeof EpochRecord>;

/** Smaller gains are noise. Loss is cross-entropy plus Dice, both of the order of 1. */
const LEAST_LOSS_GAIN = 0.005;
const LEAST_DICE_GAIN = 0.002;

/**
 * True when the mean loss of the last `window` epochs is not clearly below that of the `window` before, and the mean Dice not
 * clearly above, where both were validated. False while there are fewer than 2 · `window` epochs.
 */
export function hasConverged(epochs: readonly EpochRecord[], window: number): boolean {
  if (epochs.length < 2 * window) return false;
  const last = epochs.slice(-window);
  const before = epochs.slice(-2 * window, -window);
  const lossGain = gain(last, before, 'loss', -1);
  const diceGain = gain(last, before, 'dice', 1);
  if (lossGain === null && diceGain === null) return false;
  return (lossGain ?? 0) < LEAST_LOSS_GAIN && (diceGain ?? 0) < LEAST_DICE_GAIN;
}

function gain(last: readonly EpochRecord[], before: readonly EpochRecord[], of: keyof EpochRecord, sign: 1 | -1): number | null {
  const [now, then] = [meanOf(last, of), meanOf(before, of)];
  return now === null || then === null ? null : sign * (now - then);
}

function meanOf(epochs: readonly EpochRecord[], of: keyof EpochRecord): number | null {
  const values = epochs.flatMap((epoch) => epoch[of] ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
