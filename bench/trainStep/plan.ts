import type { TrainingSpec } from '../../models/engine.ts';

/** What nnU-Net v2's planner makes of MSD Task04 Hippocampus, 3d_fullres (notes: golden plans). */
export const hippocampusTraining: TrainingSpec = {
  network: {
    dims: 3,
    architecture: 'plain',
    norm: 'instance',
    inputChannels: 1,
    classes: 3,
    stages: [32, 64, 128, 256].map((features, level) => ({ features, convs: 2, kernel: [3, 3, 3], stride: level === 0 ? [1, 1, 1] : [2, 2, 2] })),
    decoderConvs: 2,
    negativeSlope: 0.01,
  },
  patch: [40, 56, 40],
  batchSize: 9,
  deepSupervisionWeights: [2 / 3, 1 / 3, 0],
  batchDice: true,
  diceIncludesBackground: false,
  diceSmooth: 1e-5,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 12 },
  emaDecay: 0,
  precision: 'float32',
  xla: false,
};
