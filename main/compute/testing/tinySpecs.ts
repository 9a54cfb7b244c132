import type { TrainingSpec } from '../../../models/engine.ts';
import { randomValues } from './gradientCheck.ts';

const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 12 } as const;

/** Three levels, anisotropic in the first pooling, two deep-supervision heads. */
export const tiny3d: TrainingSpec = {
  network: {
    dims: 3,
    architecture: 'plain',
    norm: 'instance',
    inputChannels: 1,
    classes: 3,
    stages: [
      { features: 4, convs: 2, kernel: [1, 3, 3], stride: [1, 1, 1] },
      { features: 6, convs: 2, kernel: [3, 3, 3], stride: [1, 2, 2] },
      { features: 8, convs: 2, kernel: [3, 3, 3], stride: [2, 2, 2] },
    ],
    decoderConvs: 2,
    negativeSlope: 0.01,
  },
  patch: [6, 12, 16],
  batchSize: 2,
  deepSupervisionWeights: [2 / 3, 1 / 3],
  batchDice: true,
  diceIncludesBackground: false,
  diceSmooth: 1e-5,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  optimizer: adam,
  emaDecay: 0,
  precision: 'float32',
  xla: false,
};

/** Two input channels, four levels, per-sample Dice, one head. */
export const tiny2d: TrainingSpec = {
  network: {
    dims: 2,
    architecture: 'plain',
    norm: 'instance',
    inputChannels: 2,
    classes: 4,
    stages: [4, 6, 8, 8].map((features, level) => ({ features, convs: 2, kernel: [3, 3], stride: level === 0 ? [1, 1] : [2, 2] })),
    decoderConvs: 1,
    negativeSlope: 0.01,
  },
  patch: [24, 32],
  batchSize: 3,
  deepSupervisionWeights: [1],
  batchDice: false,
  diceIncludesBackground: false,
  diceSmooth: 1e-5,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  optimizer: { ...adam, weightDecay: 3e-5 },
  emaDecay: 0,
  precision: 'float32',
  xla: false,
};

/** Residual blocks with and without projection, strides in one and in all axes, two input channels. */
export const tinyResidual: TrainingSpec = {
  ...tiny3d,
  network: {
    ...tiny3d.network,
    architecture: 'residual',
    inputChannels: 2,
    decoderConvs: 1,
    stages: tiny3d.network.stages.map((stage, level) => ({ ...stage, features: [4, 6, 6][level]!, convs: [1, 2, 2][level]! })),
  },
};

/** Bands of classes; the image shows the class plus noise, so a network can learn it. */
export function bandBatch(spec: TrainingSpec, seed: number): { images: Float32Array; labels: Uint8Array } {
  const voxels = spec.batchSize * spec.patch.reduce((a, b) => a * b, 1);
  const { inputChannels, classes } = spec.network;
  const noise = randomValues(voxels * inputChannels, seed);
  const width = spec.patch[spec.patch.length - 1]!;
  const labels = Uint8Array.from({ length: voxels }, (_, i) => Math.floor(((i % width) * classes) / width));
  const images = noise.map((value, i) => 0.3 * value + labels[Math.floor(i / inputChannels)]! - 1);
  return { images, labels };
}
