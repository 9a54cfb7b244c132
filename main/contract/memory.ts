/** Memory that a training or a prediction needs, and what needs less of it. */
import { z } from 'zod';
import { TrainingRecipe } from './trainingRecipe.ts';

/**
 * When more memory is needed than there is: `refuse` (where nothing is said) ends the job with what would fit, `fit` takes the first such offer (a
 * training's; a prediction has none), `ignore` starts anyway.
 */
export const MemoryPolicy = z.enum(['refuse', 'fit', 'ignore']);
export type MemoryPolicy = z.infer<typeof MemoryPolicy>;

/** What of a recipe may change on the way, so that a training needs less memory: the weights keep their shapes. */
export const MemoryChoices = TrainingRecipe.pick({ accumulation: true, batchSize: true, patch: true }).partial();
export type MemoryChoices = z.infer<typeof MemoryChoices>;

export const MemoryOffer = z.object({ choices: MemoryChoices, neededBytes: z.number() });
export type MemoryOffer = z.infer<typeof MemoryOffer>;

/** `the batch in 3 parts`, `batches of 3`, `patches of 32×48×32 one by one`. */
export function describeMemoryChoices({ accumulation, batchSize, patch }: MemoryChoices): string {
  if (patch) return `patches of ${patch.join('×')}${accumulation ? ' one by one' : ''}`;
  return batchSize ? `batches of ${batchSize}` : `the batch in ${accumulation ?? 1} parts`;
}

/** `4.9 GB` (10⁹ bytes). */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
