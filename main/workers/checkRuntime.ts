import { ok, type Result } from '../contract/errors.ts';
import type { EngineFactory, TrainingSpec } from '../../models/engine.ts';

/** Two convolutions on 8×8 pixels: small, but forward, backward and the optimiser really run. */
const TINY: TrainingSpec = {
  network: {
    dims: 2,
    architecture: 'plain',
    norm: 'instance',
    inputChannels: 1,
    classes: 2,
    stages: [
      { features: 2, convs: 1, kernel: [3, 3], stride: [1, 1] },
      { features: 2, convs: 1, kernel: [3, 3], stride: [2, 2] },
    ],
    decoderConvs: 1,
    negativeSlope: 0.01,
  },
  patch: [8, 8],
  batchSize: 1,
  deepSupervisionWeights: [1],
  batchDice: false,
  diceIncludesBackground: false,
  diceSmooth: 1e-5,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: 0 },
  emaDecay: 0,
  precision: 'float32',
  xla: false,
};

/** Takes one training step of a tiny network. Throws what the engine throws. Summary: `{ version }`. */
export async function runCheckRuntime(factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  const engine = await factory.createTraining(TINY, 1);
  try {
    const images = Float32Array.from({ length: 64 }, (_, index) => Math.sin(index));
    const labels = Uint8Array.from(images, (value) => (value > 0 ? 1 : 0));
    const { loss } = engine.step(images, labels, 1e-3);
    if (!Number.isFinite(loss)) throw new Error(`the loss of a tiny network is ${loss}`);
    return ok({ version: factory.version });
  } finally {
    engine.dispose();
  }
}
