import { describe, expect, it } from 'vitest';
import { TrainingRecipe } from '../../contract/trainingRecipe.ts';
import { Preset } from '../../contract/vocabulary.ts';
import { defaultEpochs, trainingRecipe } from './trainingPreset.ts';

describe('training presets', () => {
  it.each(Preset.options)('%s: every recipe is a whole one', (preset) => {
    for (const length of [{ minutes: 5 }, { epochs: 3 }, { epochs: 1000 }, {}]) {
      expect(TrainingRecipe.parse(trainingRecipe(preset, length, {}, false))).toBeTruthy();
    }
  });

  it('v2 with the time it needs is nnU-Net’s own trainer', () => {
    expect(defaultEpochs('v2', false)).toBe(1000);
    expect(trainingRecipe('v2', {}, {}, false)).toMatchObject({
      optimizer: 'sgd',
      momentum: 0.99,
      nesterov: true,
      learningRate: 1e-2,
      weightDecay: 3e-5,
      weightDecayOn: 'everything',
      scheduler: 'poly',
      endLearningRate: 0,
      warmUp: 0,
      gradientClip: 12,
      stepsPerEpoch: 250,
      oversampling: 0.33,
    });
  });

  it('v2 by the clock, or for few epochs, is Adam with a warm-up', () => {
    for (const length of [{ minutes: 15 }, { minutes: 600, epochs: 1000 }, { epochs: 249 }]) {
      expect(trainingRecipe('v2', length, {}, false)).toMatchObject({ optimizer: 'adam', learningRate: 1e-3, warmUp: 0.05, stepsPerEpoch: null });
    }
  });

  it('another optimiser brings its own rate, not the length of the epochs', () => {
    expect(trainingRecipe('v2', { minutes: 5 }, { optimizer: 'sgd' }, false)).toMatchObject({ learningRate: 1e-2, warmUp: 0, stepsPerEpoch: null });
    expect(trainingRecipe('v2', {}, { optimizer: 'radam' }, false)).toMatchObject({ optimizer: 'radam', learningRate: 1e-3, warmUp: 0.05, stepsPerEpoch: 250 });
    expect(trainingRecipe('seed', { minutes: 5 }, { optimizer: 'sgd' }, false)).toMatchObject({ learningRate: 3e-4, nesterov: false });
  });

  it('seed is what NVIDIA’s code does', () => {
    expect(defaultEpochs('seed', false)).toBe(300);
    expect(trainingRecipe('seed', {}, {}, false)).toMatchObject({
      optimizer: 'adam',
      learningRate: 3e-4,
      weightDecay: 1e-4,
      scheduler: 'cosine_annealing',
      firstCycleSteps: 4096,
      gradientClip: 0,
      warmUp: 0,
      ema: 0,
      lossBatchReduction: true,
      supervision: 'upsampledLogits',
      patchesPerCase: 1,
    });
    expect(trainingRecipe('seed', { minutes: 5 }, {}, false).firstCycleSteps).toBeNull();
  });

  it('a choice wins over everything, an undefined one over nothing; a warm start learns a tenth as fast', () => {
    expect(trainingRecipe('v2', { minutes: 1 }, {}, true).learningRate).toBeCloseTo(1e-4, 12);
    const chosen = trainingRecipe('v2', { minutes: 1 }, { learningRate: 0.5, ema: undefined, patience: 3 }, true);
    expect(chosen).toMatchObject({ learningRate: 0.5, ema: 0.999, patience: 3 });
  });

  it.each(Preset.options)('%s: a warm start is short, falls to 0 after a warm-up, and hands in the average of its last weights', (preset) => {
    expect(defaultEpochs(preset, true)).toBe(20);
    const [first, again] = [trainingRecipe(preset, { minutes: 10 }, {}, false), trainingRecipe(preset, {}, {}, true)];
    expect(TrainingRecipe.parse(again)).toMatchObject({
      scheduler: 'poly',
      endLearningRate: 0,
      warmUp: 0.05,
      stepsPerEpoch: null,
      ema: 0.999,
      ckptStrategy: 'last_only',
      replay: 0.5,
      correctedRegions: 1 / 3,
    });
    expect(again.learningRate).toBeCloseTo(first.learningRate / 10, 12);
    expect(first).toMatchObject({ ema: 0, ckptStrategy: 'last_and_best', correctedRegions: 0 });
  });

  it('replays at least a quarter', () => {
    const recipe = trainingRecipe('v2', {}, {}, true);
    expect(TrainingRecipe.safeParse({ ...recipe, replay: 0.24 }).success).toBe(false);
    expect(TrainingRecipe.parse({ ...recipe, replay: 0.25 }).replay).toBe(0.25);
  });
});
