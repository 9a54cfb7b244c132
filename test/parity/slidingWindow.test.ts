/** Our engine's graph under our sliding window against float64 numpy (recorded by slidingWindow.py, weights by formula). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { ShapeDhw } from '../../main/imaging/tensorShape.ts';
import { inferPlanes, type InferSpec } from '../../main/nnunet/infer/infer.ts';
import { imageSource } from '../../main/nnunet/infer/windowSource.ts';
import type { NamedArray, UNetSpec } from '../../models/engine.ts';
import { parametersOf } from '../../models/unet.ts';
import { noise } from './noise.ts';

const Recorded = z.object({ cases: z.record(z.string(), z.array(z.number())) });
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'slidingWindow.json'), 'utf8')));

const network = (dims: 2 | 3, inputChannels: number, classes: number, features: number[], kernels: number[][], strides: number[][]): UNetSpec => ({
  dims,
  architecture: 'plain',
  norm: 'instance',
  inputChannels,
  classes,
  decoderConvs: 1,
  negativeSlope: 0.01,
  stages: features.map((count, level) => ({ features: count, convs: 1, kernel: kernels[level]!, stride: strides[level]! })),
});
const cases: Record<string, { shape: ShapeDhw; spec: InferSpec; network: UNetSpec }> = {
  '3d': {
    shape: [11, 6, 13],
    spec: { patch: [8, 8, 8], outputs: 2, mirror: true, overlap: 0.5, blend: 'gaussian', batchSize: 2 },
    network: network(
      3,
      2,
      2,
      [3, 4, 5],
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
  '2d': {
    shape: [3, 14, 11],
    spec: { patch: [8, 8], outputs: 3, mirror: false, overlap: 0.25, blend: 'flatGaussian', batchSize: 5 },
    network: network(
      2,
      1,
      3,
      [4, 6],
      [
        [3, 3],
        [3, 3],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ),
  },
};

describe.each(Object.keys(cases))('sliding window in %s', (name) => {
  it('agrees with float64 numpy to 1e-5', async () => {
    const { shape, spec, network: ofCase } = cases[name]!;
    const weights: NamedArray[] = parametersOf(ofCase, [0]).map(({ name: key, shape: size }) => {
      const values = noise(
        key,
        size.reduce((a, b) => a * b, 1),
      );
      return { name: key, shape: size, values: key.endsWith('scale') ? values.map((v) => 1 + v) : values };
    });
    const engine = await (await loadEngineFactory()).createInference(ofCase, spec.patch, weights, { batchSize: spec.batchSize });
    try {
      const voxels = shape[0] * shape[1] * shape[2];
      const image = new Float32Array(voxels * ofCase.inputChannels);
      for (let c = 0; c < ofCase.inputChannels; c++)
        image.set(
          noise(`${name}.image.${c}`, voxels).map((v) => v * 4),
          c * voxels,
        );
      const logits: number[] = [];
      const hooks = { predict: (windows: Float32Array) => engine.predict(windows), mayGoOn: () => Promise.resolve(true) };
      for await (const plane of inferPlanes(imageSource(image, shape, ofCase.inputChannels), shape, spec, hooks)) logits.push(...plane);
      const expected = recorded.cases[name]!;
      expect(logits.length).toBe(expected.length);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.5);
      const worst = Math.max(...expected.map((value, n) => Math.abs(value - logits[n]!)));
      expect(worst).toBeLessThan(1e-5);
    } finally {
      engine.dispose();
    }
  });
});
