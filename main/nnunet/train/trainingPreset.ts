/** The defaults of a training, as one table. */
import type { TrainingChoices, TrainingRecipe } from '../../contract/trainingRecipe.ts';
import type { Preset } from '../../contract/vocabulary.ts';

/** nnU-Net v2's trainer (nnUNetTrainer.py): SGD with Nesterov momentum, epochs of 250 steps. */
const V2_LONG: TrainingRecipe = {
  optimizer: 'sgd',
  lookahead: false,
  momentum: 0.99,
  nesterov: true,
  weightDecay: 3e-5,
  weightDecayOn: 'everything',
  learningRate: 1e-2,
  scheduler: 'poly',
  endLearningRate: 0,
  firstCycleSteps: null,
  warmUp: 0,
  gradientClip: 12,
  ema: 0,
  deepSupervision: true,
  supervision: 'subsampledLabels',
  norm: null,
  negativeSlope: null,
  batchSize: null,
  lossBatchReduction: null,
  lossIncludeBackground: false,
  diceSmooth: 1e-5,
  oversampling: 0.33,
  nvol: 2,
  replay: 0.5,
  correctedRegions: 0,
  stepsPerEpoch: 250,
  patchesPerCase: 4,
  skipEval: 0,
  patience: null,
  convergedAfter: null,
  tta: false,
  ckptStrategy: 'last_and_best',
  saveEvery: null,
  saveIntervalSeconds: 60,
  xla: false,
};

/** For minutes instead of days: Adam gets there in a fraction of the steps (measured on hippocampus, docs/benchmarks.md). */
const V2_SHORT: TrainingRecipe = { ...V2_LONG, optimizer: 'adam', weightDecayOn: 'kernels', learningRate: 1e-3, warmUp: 0.05, stepsPerEpoch: null };

/** NVIDIA's recipe (seed `runtime/args.py` and `scripts/train.py`): no clipping, no warm-up, restarts every 4096, 8192 … steps. */
const SEED_LONG: TrainingRecipe = {
  ...V2_LONG,
  optimizer: 'adam',
  nesterov: false,
  weightDecay: 1e-4,
  weightDecayOn: 'exceptNorms',
  learningRate: 3e-4,
  scheduler: 'cosine_annealing',
  endLearningRate: 1e-5,
  firstCycleSteps: 4096,
  gradientClip: 0,
  supervision: 'upsampledLogits',
  lossBatchReduction: true,
  diceSmooth: 1e-6,
  stepsPerEpoch: null,
  patchesPerCase: 1,
};
/** The seed's first cycle would outlast a short training: its rate would never fall. */
const SEED_SHORT: TrainingRecipe = { ...SEED_LONG, firstCycleSteps: null };

interface PresetRow {
  readonly long: TrainingRecipe;
  readonly short: TrainingRecipe;
  /** When no end is asked for. */
  readonly epochs: number;
}
const V2: PresetRow = { long: V2_LONG, short: V2_SHORT, epochs: 1000 };
const PRESETS: Readonly<Record<Preset, PresetRow>> = {
  v2: V2,
  resenc_m: V2,
  resenc_l: V2,
  resenc_xl: V2,
  seed: { long: SEED_LONG, short: SEED_SHORT, epochs: 300 },
};

/** From here on a v2 training has the time its own optimiser needs. */
const LONG_EPOCHS = 250;
/** A warm start keeps what it knows. */
const WARM_START_PART = 0.1;
const WARM_START_EPOCHS = 20;

/**
 * A fresh short schedule down to 0 at a tenth of the rate; corrections are looked at more often. The average of the weights
 * is the candidate, as it is at the end: choosing the best of several validations would flatter it before the gate, which
 * measures on the same cases. The average forgets its first steps (`weightCopies.ts`), so one decay serves every length.
 */
const warmStartRow = (row: TrainingRecipe): TrainingRecipe => ({
  ...row,
  learningRate: row.learningRate * WARM_START_PART,
  warmUp: 0.05,
  scheduler: 'poly',
  endLearningRate: 0,
  firstCycleSteps: null,
  ema: 0.999,
  correctedRegions: 1 / 3,
  ckptStrategy: 'last_only',
});

export interface RunLength {
  readonly epochs?: number | undefined;
  readonly minutes?: number | undefined;
}

/** Epochs of a training for which no end was asked for. */
export const defaultEpochs = (preset: Preset, isWarmStart: boolean): number => (isWarmStart ? WARM_START_EPOCHS : PRESETS[preset].epochs);

/**
 * The whole recipe. A training is long when it has no time limit and at least 250 epochs; `optimizer` 'sgd' takes v2's own
 * rate and momentum in a short one too, and 'adam' or 'radam' those of a short one in a long one.
 */
export function trainingRecipe(preset: Preset, { epochs, minutes }: RunLength, choices: TrainingChoices, isWarmStart: boolean): TrainingRecipe {
  const { long, short } = PRESETS[preset];
  const isLong = minutes === undefined && (epochs ?? defaultEpochs(preset, isWarmStart)) >= LONG_EPOCHS;
  const { optimizer } = choices;
  const wanted = optimizer === undefined || short.optimizer === long.optimizer ? undefined : optimizer === 'sgd' ? long : short;
  const lengthRow = isLong ? long : short;
  const row = wanted ? { ...wanted, stepsPerEpoch: lengthRow.stepsPerEpoch } : lengthRow;
  const chosen = Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined));
  return { ...(isWarmStart ? warmStartRow(row) : row), ...chosen } as TrainingRecipe;
}
