/** One training step of two small networks against Python TensorFlow (recorded by trainStep.py, weights by formula). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { NamedArray, TrainingSpec } from '../../models/engine.ts';
import { parametersOf } from '../../models/unet.ts';
import { headLevels } from '../../models/unetDecoder.ts';
import { noise } from './noise.ts';

const Recorded = z.object({
  tensorflow: z.string(),
  cases: z.record(
    z.string(),
    z.object({
      loss: z.number(),
      gradientNorm: z.number(),
      tensors: z.record(
        z.string(),
        z.object({ shape: z.array(z.int()), momentNorm: z.number(), moment: z.array(z.number()), weightNorm: z.number(), weight: z.array(z.number()) }),
      ),
    }),
  ),
});
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'trainStep.json'), 'utf8')));

const stages = (features: number[], kernels: number[][], strides: number[][]) =>
  features.map((count, level) => ({ features: count, convs: 2, kernel: kernels[level]!, stride: strides[level]! }));
const adam = { kind: 'adam' as const, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const shared = {
  diceSmooth: 1e-5,
  diceIncludesBackground: false,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  emaDecay: 0,
  precision: 'float32',
  xla: false,
} as const;
const plain = { architecture: 'plain', norm: 'instance' } as const;
const specs: Record<string, TrainingSpec> = {
  '3d': {
    ...shared,
    patch: [6, 12, 8],
    batchSize: 2,
    batchDice: true,
    deepSupervisionWeights: [2 / 3, 1 / 3],
    optimizer: { ...adam, weightDecay: 1e-2, clipNorm: 0.5 },
    network: {
      ...plain,
      dims: 3,
      inputChannels: 2,
      classes: 3,
      decoderConvs: 2,
      negativeSlope: 0.01,
      stages: stages(
        [4, 8, 12],
        [
          [1, 3, 3],
          [3, 3, 3],
          [3, 3, 3],
        ],
        [
          [1, 1, 1],
          [1, 2, 2],
          [2, 2, 2],
        ],
      ),
    },
  },
  '2d': {
    ...shared,
    patch: [16, 12],
    batchSize: 3,
    batchDice: false,
    deepSupervisionWeights: [1],
    optimizer: { ...adam, weightDecay: 0, clipNorm: 0 },
    network: {
      ...plain,
      dims: 2,
      inputChannels: 1,
      classes: 4,
      decoderConvs: 2,
      negativeSlope: 0.01,
      stages: stages(
        [4, 8, 8],
        [
          [3, 3],
          [3, 3],
          [3, 3],
        ],
        [
          [1, 1],
          [2, 2],
          [2, 2],
        ],
      ),
    },
  },
};

const TOLERANCE = 1e-4;
const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
/** Distance of two lists relative to the length of a whole tensor. */
const distance = (a: ArrayLike<number>, b: readonly number[], whole: number): number => norm(b.map((value, index) => a[index]! - value)) / whole;

describe.each(Object.keys(specs))('one train step in %s equals Python TensorFlow', (name) => {
  const spec = specs[name]!;
  const expected = recorded.cases[name]!;

  it(`loss, gradient norm, Adam moments and updated weights to ${TOLERANCE}`, async () => {
    const engine = await (await loadEngineFactory()).createTraining(spec, 0);
    try {
      const parameters = parametersOf(spec.network, headLevels(spec.network, spec.deepSupervisionWeights));
      expect(parameters.map((p) => p.name).sort()).toEqual(Object.keys(expected.tensors).sort());
      const weights: NamedArray[] = parameters.map(({ name: key, shape }) => {
        const values = noise(
          key,
          shape.reduce((a, b) => a * b, 1),
        );
        return { name: key, shape, values: values.map((v) => (key.endsWith('scale') ? 1 + v : shape.length > 1 ? v * 0.5 : v)) };
      });
      engine.writeWeights(weights);
      const voxels = spec.batchSize * spec.patch.reduce((a, b) => a * b, 1);
      const images = noise(`${name}.images`, voxels * spec.network.inputChannels).map((v) => v * 4);
      const labels = Uint8Array.from(noise(`${name}.labels`, voxels), (v) => Math.floor((v + 0.5) * spec.network.classes));
      const { loss, gradientNorm } = engine.step(images, labels, 1e-3);
      expect(Math.abs(loss - expected.loss) / Math.abs(expected.loss)).toBeLessThan(TOLERANCE);
      expect(Math.abs(gradientNorm - expected.gradientNorm) / expected.gradientNorm).toBeLessThan(TOLERANCE);
      const state = new Map(engine.readState().map((array) => [array.name, array.values]));
      for (const [key, tensor] of Object.entries(expected.tensors)) {
        const moment = state.get(`adam.m.${key}`)!;
        expect(Math.abs(norm(moment) - tensor.momentNorm) / tensor.momentNorm, `${key} moment norm`).toBeLessThan(TOLERANCE);
        expect(distance(moment, tensor.moment, tensor.momentNorm), `${key} moment`).toBeLessThan(TOLERANCE);
        expect(distance(state.get(key)!, tensor.weight, tensor.weightNorm), `${key} weight`).toBeLessThan(TOLERANCE);
      }
    } finally {
      engine.dispose();
    }
  });
});
