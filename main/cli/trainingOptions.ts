/** Options of a training that override its preset; the seed's names where it has them. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LEAST_REPLAY, TrainingChoices } from '../contract/trainingRecipe.ts';
import { positiveInteger, positiveNumber, wholeNumber } from './commonOptions.ts';

/** `true` and `false`, as the seed writes them. */
function trueOrFalse(text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new InvalidArgumentError("'true' or 'false' is needed.");
}

function numberFrom0(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value)) throw new InvalidArgumentError('a number from 0 is needed.');
  return value;
}

function partOf1(text: string): number {
  const value = numberFrom0(text);
  if (value > 1) throw new InvalidArgumentError('a number from 0 to 1 is needed.');
  return value;
}

function partBelow1(text: string): number {
  const value = partOf1(text);
  if (value === 1) throw new InvalidArgumentError('a number from 0 to below 1 is needed.');
  return value;
}

function replayPart(text: string): number {
  const value = partOf1(text);
  if (value < LEAST_REPLAY) throw new InvalidArgumentError(`a number from ${LEAST_REPLAY} to 1 is needed.`);
  return value;
}

function epochWindow(text: string): number {
  const value = positiveInteger(text);
  if (value < 2) throw new InvalidArgumentError('a whole number above 1 is needed.');
  return value;
}

function patchSize(text: string): number[] {
  if (!/^\d+(x\d+){1,2}$/.test(text)) throw new InvalidArgumentError("sizes like '64x96x96' (2D: '256x256') are needed.");
  return text.split('x').map(Number);
}

function warmUpPart(text: string): number {
  const value = partOf1(text);
  if (value > 0.5) throw new InvalidArgumentError('a number from 0 to 0.5 is needed.');
  return value;
}

interface RecipeOption {
  readonly flags: string;
  readonly help: string;
  readonly parse: ((text: string) => unknown) | readonly string[];
}

const RECIPE_OPTIONS: { readonly [K in keyof TrainingChoices]?: RecipeOption } = {
  optimizer: { flags: '--optimizer <name>', help: 'update rule', parse: ['adam', 'radam', 'sgd'] },
  lookahead: { flags: '--lookahead <bool>', help: 'slow weights follow the fast ones', parse: trueOrFalse },
  momentum: { flags: '--momentum <x>', help: 'of sgd', parse: partBelow1 },
  nesterov: { flags: '--nesterov <bool>', help: 'of sgd', parse: trueOrFalse },
  weightDecay: { flags: '--weight-decay <x>', help: 'L2 in the loss', parse: numberFrom0 },
  learningRate: { flags: '--learning-rate <x>', help: 'initial learning rate', parse: positiveNumber },
  scheduler: { flags: '--scheduler <name>', help: 'how the learning rate falls', parse: ['none', 'poly', 'cosine', 'cosine_annealing'] },
  endLearningRate: { flags: '--end-learning-rate <x>', help: 'of poly', parse: numberFrom0 },
  firstCycleSteps: {
    flags: '--cosine-annealing-first-cycle-steps <n>',
    help: 'of cosine_annealing; each cycle is twice as long as the last',
    parse: positiveInteger,
  },
  warmUp: { flags: '--warm-up <part>', help: 'part of the training in which the rate rises, 0 to 0.5', parse: warmUpPart },
  gradientClip: { flags: '--gradient-clip <x>', help: 'longest gradient; 0 = not clipped', parse: numberFrom0 },
  ema: { flags: '--ema <decay>', help: 'average the weights with this decay (0.999, say); 0 = not', parse: partBelow1 },
  deepSupervision: { flags: '--deep-supervision <bool>', help: 'coarse outputs learn too', parse: trueOrFalse },
  norm: { flags: '--norm <name>', help: 'normalisation layers', parse: ['instance', 'batch', 'group', 'none'] },
  negativeSlope: { flags: '--negative-slope <x>', help: 'of the leaky ReLU', parse: partOf1 },
  batchSize: { flags: '--batch-size <n>', help: 'patches per step', parse: positiveInteger },
  baseFeatures: {
    flags: '--base-features <n>',
    help: 'feature maps of the finest stage, best a multiple of 8; fewer are faster (default: as planned)',
    parse: positiveInteger,
  },
  accumulation: {
    flags: '--accumulate <n>',
    help: 'compute a batch in n parts for one update: less memory, batch Dice and batch norm over a part',
    parse: positiveInteger,
  },
  patch: {
    flags: '--patch <DxHxW>',
    help: 'voxels of a patch, smaller than planned for less memory; multiples of what the network halves it by',
    parse: patchSize,
  },
  lossBatchReduction: { flags: '--loss-batch-reduction <bool>', help: 'Dice over the whole batch', parse: trueOrFalse },
  lossIncludeBackground: { flags: '--loss-include-background <bool>', help: 'background counts in Dice', parse: trueOrFalse },
  oversampling: { flags: '--oversampling <part>', help: 'part of a batch that is forced onto foreground', parse: partOf1 },
  replay: { flags: '--replay <part>', help: 'with --from: part of the patches from cases the parent knows, 0.25 to 1', parse: replayPart },
  correctedRegions: { flags: '--corrected-regions <part>', help: 'part of the patches of a corrected case that show what was corrected', parse: partOf1 },
  nvol: { flags: '--nvol <n>', help: '2D of the seed: volumes whose slices share a batch', parse: positiveInteger },
  stepsPerEpoch: { flags: '--steps-per-epoch <n>', help: 'optimiser steps per epoch', parse: positiveInteger },
  skipEval: { flags: '--skip-eval <n>', help: 'no validation in the first n epochs', parse: wholeNumber },
  patience: { flags: '--patience <n>', help: 'stop after n validations without a better one', parse: positiveInteger },
  convergedAfter: { flags: '--converged <epochs>', help: 'stop when neither loss nor Dice got better over so many epochs', parse: epochWindow },
  tta: { flags: '--tta <bool>', help: 'validate on mirrored copies as well', parse: trueOrFalse },
  ckptStrategy: { flags: '--ckpt-strategy <name>', help: 'which checkpoints are kept', parse: ['last_and_best', 'last_only', 'none'] },
  saveEvery: { flags: '--save-every <n>', help: 'keep the weights of every n-th epoch too', parse: positiveInteger },
  saveIntervalSeconds: { flags: '--save-interval <seconds>', help: 'between checkpoints to resume from', parse: numberFrom0 },
  xla: { flags: '--xla <bool>', help: 'compile the step (GPU only: slower on a CPU)', parse: trueOrFalse },
};

const optionOf = ({ flags, help, parse }: RecipeOption): Option => {
  const option = new Option(flags, help);
  return typeof parse === 'function' ? option.argParser(parse) : option.choices(parse);
};

export function addTrainingOptions(command: Command): Command {
  for (const entry of Object.values(RECIPE_OPTIONS)) command.addOption(optionOf(entry).helpGroup('Overriding the preset:'));
  return command;
}

/** What was given on the command line. */
export function trainingChoices(options: object): TrainingChoices {
  const given = new Map(Object.entries(options));
  const chosen = Object.entries(RECIPE_OPTIONS).map(([key, entry]) => [key, given.get(optionOf(entry).attributeName())]);
  return TrainingChoices.parse(Object.fromEntries(chosen.filter(([, value]) => value !== undefined)));
}
