/** XLA is for GPUs; on a CPU it compiles for seconds and runs slower, so the nets are as small as they get. */
import { describe, expect, it } from 'vitest';
import type { TrainingSpec } from '../../models/engine.ts';
import { loadEngineFactory } from './engineFactory.ts';
import { Graph } from './graph.ts';
import { buildTrainingGraph } from './networkGraph.ts';
import { bandBatch, tiny2d, tiny3d } from './testing/tinySpecs.ts';
import { compileWithXla } from './xlaFunction.ts';

const smaller = (spec: TrainingSpec, patch: number[], changes: Partial<TrainingSpec['network']> = {}): TrainingSpec => ({
  ...spec,
  patch,
  batchSize: 2,
  network: { ...spec.network, stages: spec.network.stages.slice(0, 2), decoderConvs: 1, ...changes },
});

describe('compiled with XLA', () => {
  it.each<[string, TrainingSpec]>([
    ['3D', smaller(tiny3d, [4, 8, 8])],
    [
      '2D with batch norm, regions and an ignored class',
      { ...smaller(tiny2d, [8, 8], { norm: 'batch' }), regions: [[1, 2, 3], [2, 3], [3], [1]], ignoreClass: 4 },
    ],
  ])('%s: losses, weights and predictions are those without', async (_, spec) => {
    const factory = await loadEngineFactory();
    const { images, labels } = bandBatch(spec, 1);
    const [plain, compiled] = await Promise.all([false, true].map((xla) => factory.createTraining({ ...spec, xla }, 1)));
    for (let i = 0; i < 3; i++) {
      const [a, b] = [plain!, compiled!].map((engine) => engine.step(images, labels, 1e-3));
      expect(b!.loss).toBeCloseTo(a!.loss, 4);
      expect(b!.gradientNorm / a!.gradientNorm).toBeCloseTo(1, 3);
    }
    const patch = images.slice(0, images.length / spec.batchSize);
    const [expected, found] = [plain!.predict(patch), compiled!.predict(patch)];
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 2));
    const weights = compiled!.readWeights();
    const inference = await factory.createInference(spec.network, spec.patch, weights, { xla: true });
    inference.predict(patch).forEach((value, i) => expect(value).toBeCloseTo(found[i]!, 4));
    for (const engine of [plain!, compiled!, inference]) engine.dispose();
  });

  it('in float16, where the loss scale goes through the function', async () => {
    const factory = await loadEngineFactory();
    const spec: TrainingSpec = { ...smaller(tiny2d, [8, 8]), precision: 'float16' };
    const { images, labels } = bandBatch(spec, 1);
    const [exact, compiled] = await Promise.all([
      factory.createTraining({ ...spec, precision: 'float32' }, 1),
      factory.createTraining({ ...spec, xla: true }, 1),
    ]);
    const [a, b] = [exact, compiled].map((engine) => engine.step(images, labels, 1e-3));
    expect(b!.skipped).toBe(false);
    expect(b!.loss).toBeCloseTo(a!.loss, 1);
    expect(b!.gradientNorm / a!.gradientNorm).toBeCloseTo(1, 1);
    for (const engine of [exact, compiled]) engine.dispose();
  });

  it('only where it is asked for', () => {
    const spec = smaller(tiny3d, [4, 8, 8]);
    const text = (xla: boolean) => Buffer.from(buildTrainingGraph({ ...spec, xla }).savedModel).toString('latin1');
    for (const part of ['train_computation', 'predict_computation', '_XlaMustCompile']) {
      expect(text(true)).toContain(part);
      expect(text(false)).not.toContain(part);
    }
  });

  it('refuses a computation that needs more than its inputs', () => {
    const g = new Graph();
    const [a, b] = [g.placeholder('a', [2], 'float'), g.placeholder('b', [2], 'float')];
    const sum = g.binary('AddV2', a, b);
    expect(() => compileWithXla(g, 'f', [a], [sum])).toThrow("'b', which is not among its inputs");
  });
});
