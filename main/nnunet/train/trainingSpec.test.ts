import { describe, expect, it } from 'vitest';
import { planExperiment } from '../plan/planExperiment.ts';
import { configurationOf } from '../plan/plan.ts';
import { trainingRecipe } from './trainingPreset.ts';
import { planWith, trainingSpec } from './trainingSpec.ts';

const plan = planExperiment({
  fingerprint: {
    version: 1,
    spacingsDhwMm: [[1, 1, 1]],
    shapesAfterCropDhw: [[36, 50, 35]],
    medianRelativeSizeAfterCropping: 1,
    foregroundIntensities: [{ mean: 1, median: 1, std: 2, min: 0, max: 9, percentile005: 0, percentile995: 8 }],
  },
  channelNames: ['MR'],
  legend: [{ labelValue: 1, name: 'anterior', colorRgb: [255, 0, 0] }],
  labelRules: { regions: [], ignoreLabelValue: null },
  preset: 'v2',
  task: null,
  vramGb: null,
});
const featuresWith = (baseFeatures: number | null): readonly number[] => {
  const recipe = trainingRecipe('v2', { epochs: 1 }, { baseFeatures }, false);
  const configuration = configurationOf(planWith(recipe, plan, '3d_fullres'), '3d_fullres');
  return trainingSpec(recipe, plan, configuration, 'float32').network.stages.map(({ features }) => features);
};

describe('the width of the network', () => {
  it('is the planned one unless another is chosen', () => expect(featuresWith(null)).toEqual([32, 64, 128, 256]));
  it('keeps the proportion of the stages', () => expect(featuresWith(8)).toEqual([8, 16, 32, 64]));
  it('changes the chosen configuration only', () => {
    const changed = planWith(trainingRecipe('v2', { epochs: 1 }, { baseFeatures: 8 }, false), plan, '3d_fullres');
    expect(configurationOf(changed, '2d')).toEqual(configurationOf(plan, '2d'));
  });
});
