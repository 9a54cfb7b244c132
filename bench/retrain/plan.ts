/** What `run.mjs` hands over, and which cases an experiment gets. */
import { z } from 'zod';
import { seededRandom } from '../../main/imaging/phantom.ts';
import type { Site } from './playedProject.ts';

export const Plan = z.object({
  work: z.string(),
  computeScript: z.string(),
  experiments: z.array(z.enum(['rounds', 'ordering', 'poisoned', 'sparse', 'forgetting'])).min(1),
  configuration: z.enum(['2d', '3d_fullres']),
  /** Real images in `images/` and `labels/`; `null`: phantoms. */
  dataFolder: z.string().nullable(),
  heldOut: z.array(z.string()),
  /** Cases of one subject together. Empty for phantoms, which are made. */
  poolBySubject: z.array(z.array(z.string())),
  heldOutCount: z.int().positive(),
  validationCount: z.int().nonnegative(),
  firstCount: z.int().positive(),
  perRound: z.int().positive(),
  rounds: z.int().positive(),
  orderingRounds: z.int().positive(),
  /** Steps of a first model and of a full retraining, and of an incremental one. */
  fullSteps: z.int().positive(),
  incrementalSteps: z.int().positive(),
  batchSize: z.int().positive().nullable(),
  baseFeatures: z.int().positive().nullable(),
  /** Of a first and a full training; a retraining takes a tenth. */
  learningRate: z.number().positive(),
  withoutReplay: z.boolean(),
  orders: z.array(z.enum(['classBalanced', 'entropy', 'foregroundAwareRandom', 'random'])).min(1),
  /** Part of the slices that the sparse reader paints. */
  sparsePart: z.number().positive().max(1),
  seeds: z.array(z.int()).min(1),
});
export type Plan = z.infer<typeof Plan>;

export interface Deal {
  readonly site: Site;
  readonly heldOut: Site;
  readonly validation: readonly string[];
  readonly first: readonly string[];
  /** Not in the project yet. */
  readonly rest: readonly string[];
  readonly seed: number;
}

/** Every seed shuffles the subjects anew; the held-out cases stay. */
export function dealOf(plan: Plan, site: Site, heldOut: readonly string[], poolBySubject: readonly (readonly string[])[], seed: number): Deal {
  const random = seededRandom(seed);
  const pool = poolBySubject
    .map((cases) => ({ cases, place: random() }))
    .sort((a, b) => a.place - b.place)
    .flatMap(({ cases }) => cases);
  const { validationCount, firstCount } = plan;
  const rest = pool.slice(validationCount + firstCount);
  return {
    site,
    seed,
    rest,
    heldOut: { folder: site.folder, caseIds: heldOut },
    validation: pool.slice(0, validationCount),
    first: pool.slice(validationCount, validationCount + firstCount),
  };
}
