import type { CallInput } from '../../../main/contract/api.ts';
import type { Amp, Fold, Preset } from '../../../main/contract/vocabulary.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

/** What the fold-out holds. `null` and `''`: as the preset says. Numbers are `null` while their field is empty. */
export interface AdvancedChoices {
  preset: Preset;
  fold: Fold;
  optimizer: '' | 'adam' | 'radam' | 'sgd';
  learningRate: number | null;
  batchSize: number | null;
  amp: Amp;
  averageWeights: boolean;
  /** Percent of the patches that repeat known cases; of a retraining only. */
  replayPercent: number | null;
  stopWhenConverged: boolean;
}

/** Epochs that must bring nothing before a training ends early. */
const CONVERGED_AFTER = 5;
/** Less would let the model forget. */
export const LEAST_REPLAY_PERCENT = 25;
/** Of the averaged weights: about the last thousand steps count. */
const EMA_DECAY = 0.999;

export const presetDefaults = (): AdvancedChoices => ({
  preset: 'v2',
  fold: 0,
  optimizer: '',
  learningRate: null,
  batchSize: null,
  amp: 'off',
  averageWeights: false,
  replayPercent: null,
  stopWhenConverged: false,
});

/** What keeps a training from starting, in words; `null` when nothing does. */
export function problemOf({ learningRate, batchSize, replayPercent }: AdvancedChoices): string | null {
  if (learningRate !== null && !(learningRate > 0)) return t('advanced.problem.learningRate');
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0)) return t('advanced.problem.batchSize');
  if (replayPercent !== null && !(replayPercent >= LEAST_REPLAY_PERCENT && replayPercent <= 100))
    return t('advanced.problem.replay', { least: LEAST_REPLAY_PERCENT });
  return null;
}

/** `isRetraining`: what concerns known cases counts. */
export function trainingInput(choices: AdvancedChoices, isRetraining = false): Pick<CallInput<'nnunet.train'>, 'preset' | 'fold' | 'amp' | 'choices'> {
  const { preset, fold, amp, optimizer, learningRate, batchSize, averageWeights, replayPercent, stopWhenConverged } = choices;
  return {
    preset,
    fold,
    amp,
    choices: {
      ...(optimizer !== '' && { optimizer }),
      ...(learningRate !== null && { learningRate }),
      ...(batchSize !== null && { batchSize }),
      ...(averageWeights && { ema: EMA_DECAY }),
      ...(isRetraining && replayPercent !== null && { replay: replayPercent / 100 }),
      ...(stopWhenConverged && { convergedAfter: CONVERGED_AFTER }),
    },
  };
}
