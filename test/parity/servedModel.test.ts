/** An exported SavedModel gives other programs the probabilities that our own engine finds. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import { loadTensorFlow } from '../../main/compute/runtime.ts';
import { encodeServingModel } from '../../main/compute/servingModel.ts';
import { randomValues } from '../../main/compute/testing/gradientCheck.ts';
import { bandBatch, tiny2d, tiny3d, tinyResidual } from '../../main/compute/testing/tinySpecs.ts';
import type { TrainingSpec } from '../../models/engine.ts';

const TOLERANCE = 1e-5;
/** `npm test` fetches Python's TensorFlow; vitest alone does without. */
const { MASKLOOP_REFERENCE_PYTHON: python, MASKLOOP_TENSORFLOW_PACKAGES: packages } = process.env;
const hasPythonTensorFlow = python !== undefined && packages !== undefined;

type Activation = 'softmax' | 'sigmoid';
const batchNorm = { ...tinyResidual, network: { ...tinyResidual.network, norm: 'batch' as const } };
const models: [string, TrainingSpec, Activation][] = [
  ['plain 3D', tiny3d, 'softmax'],
  ['plain 2D, regions', tiny2d, 'sigmoid'],
  ['residual 3D, batch norm', batchNorm, 'softmax'],
];

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-served-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function probabilitiesOf(logits: Float32Array, classes: number, activation: Activation): number[] {
  if (activation === 'sigmoid') return Array.from(logits, (value) => 1 / (1 + Math.exp(-value)));
  return Array.from(logits, (value, i) => {
    const first = i - (i % classes);
    const total = logits.subarray(first, first + classes).reduce((sum, other) => sum + Math.exp(other - value), 0);
    return 1 / total;
  });
}

/** A network trained for a few steps, exported; an image for it and what we make of it. */
async function exported(name: string, spec: TrainingSpec, activation: Activation) {
  const engine = await (await loadEngineFactory()).createTraining(spec, 3);
  const { images, labels } = bandBatch(spec, 1);
  for (let i = 0; i < 5; i++) engine.step(images, labels, 1e-2);
  const folder = join(root, name.replaceAll(/\W/g, '_'));
  mkdirSync(join(folder, 'variables'), { recursive: true });
  writeFileSync(join(folder, 'saved_model.pb'), encodeServingModel(spec.network, spec.patch, engine.readWeights(), activation));
  const image = randomValues(images.length / spec.batchSize, 9);
  const expected = probabilitiesOf(engine.predict(image), spec.network.classes, activation);
  engine.dispose();
  return { folder, image, expected };
}

const largestError = (given: ArrayLike<number>, expected: readonly number[]): number => {
  expect(given.length).toBe(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - given[i]!)), 0);
};

describe.each(models)('exported SavedModel: %s', (name, spec, activation) => {
  it('loaded afresh gives the probabilities of the engine', async () => {
    const { folder, image, expected } = await exported(name, spec, activation);
    const tf = await loadTensorFlow();
    const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
    const input = tf.tensor(image, [1, ...spec.patch, spec.network.inputChannels], 'float32');
    const { probabilities } = model.predict({ image: input }) as Record<string, typeof input>;
    expect(probabilities!.shape).toEqual([1, ...spec.patch, spec.network.classes]);
    expect(largestError(probabilities!.dataSync(), expected)).toBeLessThan(TOLERANCE);
    model.dispose();
    tf.dispose([input, probabilities!]);
  });

  it.skipIf(!hasPythonTensorFlow)(
    `gives them to Python TensorFlow too, to ${TOLERANCE} (skipped where Python's TensorFlow is not fetched; npm test fetches it)`,
    async () => {
      const { folder, image, expected } = await exported(`${name} for Python`, spec, activation);
      writeFileSync(join(folder, 'input.f32'), new Uint8Array(image.buffer));
      const output = join(folder, 'output.f32');
      const script = join(import.meta.dirname, 'servedModel.py');
      execFileSync(python!, [script, folder, join(folder, 'input.f32'), output], { env: { ...process.env, PYTHONPATH: packages }, stdio: 'pipe' });
      const bytes = readFileSync(output);
      const probabilities = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      expect(largestError(probabilities, expected)).toBeLessThan(TOLERANCE);
    },
    120_000,
  );
});

it('an export without an array of the network is refused', async () => {
  const engine = await (await loadEngineFactory()).createTraining(tiny2d, 3);
  const weights = engine.readWeights();
  engine.dispose();
  expect(() => encodeServingModel(tiny2d.network, tiny2d.patch, weights.slice(1), 'softmax')).toThrow(weights[0]!.name);
});
