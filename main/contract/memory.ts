/** Memory that a training or a prediction needs, and what needs less of it. */
import { z } from 'zod';
import { TrainingRecipe } from './trainingRecipe.ts';

/**
 * When more memory is needed than there is: `refuse` (where nothing is said) ends the job with what would fit, `fit` takes the first such offer (a
 * training's; those of a prediction are a person's to take), `ignore` starts anyway.
 */
export const MemoryPolicy = z.enum(['refuse', 'fit', 'ignore']);
export type MemoryPolicy = z.infer<typeof MemoryPolicy>;

/** What of a recipe may change on the way, so that a training needs less memory: the weights keep their shapes. */
export const MemoryChoices = TrainingRecipe.pick({ accumulation: true, batchSize: true, patch: true }).partial();
export type MemoryChoices = z.infer<typeof MemoryChoices>;

export const MemoryOffer = z.object({ choices: MemoryChoices, neededBytes: z.number() });
export type MemoryOffer = z.infer<typeof MemoryOffer>;

/**
 * What a prediction needs less memory with: `windowsPerCall` slices at once (the same masks, slower), or only the first
 * `modelCount` of the models that were to vote.
 */
export const PredictMemoryChoices = z.object({ windowsPerCall: z.int().positive(), modelCount: z.int().positive() }).partial();
export type PredictMemoryChoices = z.infer<typeof PredictMemoryChoices>;

/** `neededBytes` absent: nobody knows how large the cases are. */
export const PredictMemoryOffer = z.object({ choices: PredictMemoryChoices, neededBytes: z.number().optional() });
export type PredictMemoryOffer = z.infer<typeof PredictMemoryOffer>;

/** `one slice at a time with the first model alone`. */
export function describePredictMemoryChoices({ windowsPerCall, modelCount }: PredictMemoryChoices): string {
  const models = modelCount === undefined ? '' : modelCount === 1 ? 'the first model alone' : `the first ${modelCount} models`;
  const slices = windowsPerCall === undefined ? '' : windowsPerCall === 1 ? 'one slice at a time' : `${windowsPerCall} slices at a time`;
  return [slices, models].filter(Boolean).join(' and ');
}

/** `the batch in 3 parts`, `batches of 3`, `patches of 32×48×32 one by one`. */
export function describeMemoryChoices({ accumulation, batchSize, patch }: MemoryChoices): string {
  if (patch) return `patches of ${patch.join('×')}${accumulation ? ' one by one' : ''}`;
  return batchSize ? `batches of ${batchSize}` : `the batch in ${accumulation ?? 1} parts`;
}

/** `4.9 GB` (10⁹ bytes). */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
