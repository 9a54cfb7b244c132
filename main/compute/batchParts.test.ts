import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory, TrainingSpec } from '../../models/engine.ts';
import { loadEngineFactory } from './engineFactory.ts';
import { bandBatch, tiny2d, tiny3d } from './testing/tinySpecs.ts';

let factory: EngineFactory;
beforeAll(async () => {
  factory = await loadEngineFactory();
});

/** Loss, gradient norm and all state after three updates. */
async function threeSteps(spec: TrainingSpec) {
  const engine = await factory.createTraining(spec, 1);
  const results = [1, 2, 3].map((seed) => {
    const { images, labels } = bandBatch(spec, seed);
    return engine.step(images, labels, 1e-2);
  });
  const values = engine.readState().flatMap((array) => [...array.values]);
  engine.dispose();
  return { results, values };
}
const farthest = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
const sgd: TrainingSpec['optimizer'] = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 3e-5, clipNorm: 12 };

describe.each<[string, TrainingSpec]>([
  ['3D', tiny3d],
  ['2D', tiny2d],
])('a batch in parts, %s', (_, tiny) => {
  // SGD: Adam's first steps are signs of gradients, which rounding may turn
  const spec: TrainingSpec = { ...tiny, batchSize: 5, batchDice: false, optimizer: sgd };

  it.each([2, 3, 5])('%i parts make the same updates as the whole batch', async (accumulation) => {
    const [whole, parts] = [await threeSteps(spec), await threeSteps({ ...spec, accumulation })];
    expect(
      farthest(
        whole.results.map(({ loss }) => loss),
        parts.results.map(({ loss }) => loss),
      ),
    ).toBeLessThan(1e-5);
    expect(
      farthest(
        whole.results.map(({ gradientNorm }) => gradientNorm),
        parts.results.map(({ gradientNorm }) => gradientNorm),
      ),
    ).toBeLessThan(1e-4);
    expect(farthest(whole.values, parts.values)).toBeLessThan(2e-5);
  });

  it('a sample that is not finite skips the whole update', async () => {
    const engine = await factory.createTraining({ ...spec, accumulation: 5 }, 1);
    const { images, labels } = bandBatch(spec, 1);
    images[7] = NaN;
    expect(engine.step(images, labels, 1e-2).skipped).toBe(true);
    engine.dispose();
  });
});

describe('a batch in parts', () => {
  it('batch norm: running means are those of the whole batch where the network does not see them', async () => {
    const spec: TrainingSpec = { ...tiny3d, batchSize: 4, network: { ...tiny3d.network, norm: 'batch' } };
    const firstMean = async (accumulation: number): Promise<number[]> => {
      const engine = await factory.createTraining({ ...spec, accumulation }, 1);
      const { images, labels } = bandBatch(spec, 1);
      engine.step(images, labels, 0);
      const mean = engine.readWeights().find(({ name }) => /mean/i.test(name))!;
      engine.dispose();
      return [...mean.values];
    };
    const whole = await firstMean(1);
    expect(
      farthest(
        whole,
        whole.map(() => 0),
      ),
    ).toBeGreaterThan(1e-4);
    expect(farthest(whole, await firstMean(2))).toBeLessThan(1e-6);
  });

  it('refuses more parts than samples', async () => {
    await expect(factory.createTraining({ ...tiny3d, batchSize: 2, accumulation: 3 }, 1)).rejects.toThrow('3 parts of a batch of 2');
  });
});
