import type { Plan, PlanConfiguration, PlannedChannel } from '../plan/plan.ts';

const channel: PlannedChannel = { name: 'MR', normalization: 'zscore', insideMaskOnly: false, mean: 0, std: 1, percentile005: 0, percentile995: 0 };

/** A valid plan of one 3D configuration at 1 mm, to be changed by a test. */
export function smallPlan(changes: Partial<Plan> & { readonly channel?: Partial<PlannedChannel> } = {}): Plan {
  const { channel: changed, ...rest } = changes;
  return {
    version: 2,
    preset: 'v2',
    transposeForward: [0, 1, 2],
    channels: [{ ...channel, ...changed }],
    classes: [
      { labelValue: 1, name: 'one' },
      { labelValue: 2, name: 'two' },
    ],
    regions: null,
    ignoreClass: null,
    ignoreLabelValue: null,
    configurations: [smallConfiguration()],
    ...rest,
  };
}

export function smallConfiguration(changes: Partial<PlanConfiguration> = {}): PlanConfiguration {
  return {
    name: '3d_fullres',
    previousStage: null,
    spacingDhwMm: [1, 1, 1],
    medianShapeDhw: [16, 16, 16],
    patch: [8, 8, 8],
    batchSize: 2,
    batchDice: false,
    architecture: 'plain',
    norm: 'instance',
    stages: [{ features: 8, convs: 2, kernel: [3, 3, 3], stride: [1, 1, 1] }],
    decoderConvs: 2,
    negativeSlope: 0.01,
    deepSupervisionWeights: [1],
    ...changes,
  };
}
