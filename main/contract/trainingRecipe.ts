/** How a network is trained: every choice of a training, with the words of the seed's command line where it has them. */
import { z } from 'zod';

export const OptimizerName = z.enum(['adam', 'radam', 'sgd']);
export const SchedulerName = z.enum(['none', 'poly', 'cosine', 'cosine_annealing']);
export const NormName = z.enum(['instance', 'batch', 'group', 'none']);
/** `none` writes no checkpoint at all: such a run can neither go on nor predict. */
export const CheckpointStrategy = z.enum(['last_and_best', 'last_only', 'none']);

/** Replaying less lets a network forget (docs/learning.md). */
export const LEAST_REPLAY = 0.25;

/** Complete, as kept in `run.json`; a preset fills in what the user did not choose. */
export const TrainingRecipe = z.object({
  optimizer: OptimizerName,
  /** Slow weights that follow the fast ones (arXiv 1907.08610). */
  lookahead: z.boolean(),
  /** SGD only. */
  momentum: z.number().min(0).lt(1),
  nesterov: z.boolean(),
  /** L2 in the loss. */
  weightDecay: z.number().nonnegative(),
  weightDecayOn: z.enum(['kernels', 'exceptNorms', 'everything']),
  learningRate: z.number().positive(),
  scheduler: SchedulerName,
  /** Of `poly`. */
  endLearningRate: z.number().nonnegative(),
  /** Of `cosine_annealing`: each cycle is twice as long as the one before; `null` = one cycle over the whole budget. */
  firstCycleSteps: z.int().positive().nullable(),
  /** Part of the budget over which the rate rises from near 0. */
  warmUp: z.number().min(0).max(0.5),
  /** Longest global gradient; 0 = not clipped. */
  gradientClip: z.number().nonnegative(),
  /** Decay of the averaged weights, which then validate and predict; 0 = none. */
  ema: z.number().min(0).lt(1),
  deepSupervision: z.boolean(),
  /** Coarse outputs against labels made coarse (v2), or made fine against the labels (seed). */
  supervision: z.enum(['subsampledLabels', 'upsampledLogits']),
  /** `null` = as planned. */
  norm: NormName.nullable(),
  negativeSlope: z.number().min(0).max(1).nullable(),
  batchSize: z.int().positive().nullable(),
  /** Feature maps of the finest stage (nnU-Net's `UNet_base_num_features`, 32 there); the other stages keep their proportion. Absent: as planned. */
  baseFeatures: z.int().min(4).max(128).nullable().optional(),
  /** A batch is computed in so many parts for one update: less memory; batch Dice and batch norm see one part at a time. Absent: one. */
  accumulation: z.int().positive().optional(),
  /** Voxels of a patch along each axis of the network, for less memory; each a multiple of what the network halves it by. `null` or absent: as planned. */
  patch: z.array(z.int().positive()).min(2).max(3).nullable().optional(),
  /** Dice over the whole batch; `null` = as planned. */
  lossBatchReduction: z.boolean().nullable(),
  lossIncludeBackground: z.boolean(),
  diceSmooth: z.number().nonnegative(),
  /** Part of every batch that is forced onto foreground. */
  oversampling: z.number().min(0).max(1),
  /**
   * Retraining: part of the patches from cases that the parent knows, at least a quarter; absent: half. 0 only to show what is forgotten
   * without: no interface offers it.
   */
  replay: z.union([z.literal(0), z.number().min(LEAST_REPLAY).max(1)]).optional(),
  /** Part of the patches of a corrected case that are centred on what was corrected. Absent: none. */
  correctedRegions: z.number().min(0).max(1).optional(),
  /** Seed, 2D: a batch holds runs of neighbouring slices of so many volumes. */
  nvol: z.int().positive(),
  stepsPerEpoch: z.int().positive().nullable(),
  /** Without `stepsPerEpoch`: an epoch draws so many patches per training case, in 10 to 250 steps. */
  patchesPerCase: z.int().positive(),
  /** No validation in the first so many epochs. */
  skipEval: z.int().nonnegative(),
  /** Ends the training after so many validations in a row without a better one; `null` = never. */
  patience: z.int().positive().nullable(),
  /** Ends the training when neither loss nor validation got better over so many epochs, against as many before; `null` or absent = never. */
  convergedAfter: z.int().min(2).nullable().optional(),
  /** Validates on mirrored copies as well. */
  tta: z.boolean(),
  ckptStrategy: CheckpointStrategy,
  /** Keeps the weights of every so many epochs beside the last and the best; `null` = not. */
  saveEvery: z.int().positive().nullable(),
  saveIntervalSeconds: z.number().nonnegative(),
  /** TensorFlow compiles the train step (GPU only: 12 times slower on a CPU). */
  xla: z.boolean(),
});
export type TrainingRecipe = z.infer<typeof TrainingRecipe>;

/** What a user chose; the rest is the preset's. */
export const TrainingChoices = TrainingRecipe.partial();
export type TrainingChoices = z.infer<typeof TrainingChoices>;
