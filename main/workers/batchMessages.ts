/** What a training and the thread that makes its batches tell each other. Both come from one build, so nothing is checked. */
import type { AppError } from '../contract/errors.ts';
import type { TrainCase } from '../contract/tasks.ts';
import type { Batch, SamplerSpec } from '../nnunet/train/patches.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import type { RandomState } from '../nnunet/random.ts';

/** Everything a thread needs to draw batches: cases are read by the thread itself. */
export interface BatchThreadTask {
  readonly preprocessedFolder: string;
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly cases: readonly TrainCase[];
  readonly spec: SamplerSpec;
}

export type ToBatchThread =
  /** Batches of this generation follow from this random state; those under way are forgotten. */
  | { readonly type: 'start'; readonly generation: number; readonly state: RandomState }
  /** An empty or used-up batch, handed over to be filled. */
  | { readonly type: 'room'; readonly batch: Batch };

export type FromBatchThread =
  /** `state`: random state after this batch. */
  | { readonly type: 'batch'; readonly generation: number; readonly batch: Batch; readonly state: RandomState }
  | { readonly type: 'failed'; readonly error: AppError };

/** The memory of a batch moves to the other thread; it is not copied. */
export const memoryOf = ({ images, labels }: Batch): ArrayBuffer[] => [images.buffer, labels.buffer];
