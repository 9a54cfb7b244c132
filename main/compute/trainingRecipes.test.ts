/** Whole engines with each optimiser, Lookahead and averaged weights: they learn, resume to the bit and start from others' weights. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory, NamedArray, OptimizerSpec, TrainingSpec } from '../../models/engine.ts';
import { loadEngineFactory } from './engineFactory.ts';
import { bandBatch, tiny2d, tiny3d } from './testing/tinySpecs.ts';

const lookahead = { syncPeriod: 2, slowStep: 0.5 };
const sgd: OptimizerSpec = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 3e-5, weightDecayOn: 'everything', clipNorm: 12 };
const radam: OptimizerSpec = {
  kind: 'radam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 1e-4,
  weightDecayOn: 'exceptNorms',
  clipNorm: 0,
  lookahead,
};
const seedLoss = { supervision: 'upsampledLogits', diceSmooth: 1e-6, diceIncludesBackground: true } as const;
const recipes: [string, TrainingSpec, number][] = [
  ["v2's SGD, averaged", { ...tiny3d, optimizer: sgd, emaDecay: 0.9 }, 1e-2],
  ["the seed's loss with RAdam and Lookahead", { ...tiny3d, ...seedLoss, optimizer: radam }, 1e-2],
  [
    'regions with an ignored class, Lookahead and average',
    { ...tiny2d, regions: [[1, 2, 3], [2, 3], [3], [1]], ignoreClass: 4, optimizer: { ...tiny2d.optimizer, lookahead }, emaDecay: 0.9 },
    3e-3,
  ],
];
let factory: EngineFactory;
beforeAll(async () => {
  factory = await loadEngineFactory();
});
const valuesOf = (arrays: readonly NamedArray[]): Float32Array[] => arrays.map(({ values }) => values);

/** Some voxels of the band batch become unknown where the recipe can ignore them. */
function batchOf(spec: TrainingSpec, seed: number): { images: Float32Array; labels: Uint8Array } {
  const { images, labels } = bandBatch(spec, seed);
  return { images, labels: labels.map((label, i) => (spec.ignoreClass !== null && i % 3 === 0 ? spec.ignoreClass : label)) };
}

describe.each(recipes)('%s', (_, spec, rate) => {
  it('learns a batch by heart', async () => {
    const engine = await factory.createTraining(spec, 1);
    const { images, labels } = batchOf(spec, 1);
    const first = engine.step(images, labels, rate);
    let last = first;
    for (let i = 0; i < 100; i++) last = engine.step(images, labels, rate);
    expect(first).toMatchObject({ skipped: false, lossScale: 1 });
    expect(last.loss).toBeLessThan(first.loss - 0.8); // Lookahead halves the pace; -1 is perfect
    engine.dispose();
  });

  it('resumes bit for bit from its state', async () => {
    const batches = [1, 2, 3, 4, 5].map((seed) => batchOf(spec, seed));
    const whole = await factory.createTraining(spec, 1);
    for (const { images, labels } of batches.slice(0, 3)) whole.step(images, labels, rate);
    const saved = whole.readState();
    const resumed = await factory.createTraining(spec, 99);
    resumed.writeState(saved);
    for (const { images, labels } of batches.slice(3)) {
      expect(resumed.step(images, labels, rate)).toEqual(whole.step(images, labels, rate));
    }
    expect(valuesOf(resumed.readState())).toEqual(valuesOf(whole.readState()));
    for (const engine of [whole, resumed]) engine.dispose();
  });

  it('a NaN skips the step, says so, and changes no bit', async () => {
    const engine = await factory.createTraining(spec, 1);
    const { images, labels } = batchOf(spec, 1);
    engine.step(images, labels, rate);
    const before = valuesOf(engine.readState());
    const poisoned = images.slice();
    poisoned[7] = NaN;
    expect(engine.step(poisoned, labels, rate).skipped).toBe(true);
    expect(valuesOf(engine.readState())).toEqual(before);
    expect(engine.step(images, labels, rate).skipped).toBe(false);
    engine.dispose();
  });

  it('a warm start begins every copy of the weights at the given ones', async () => {
    const [parent, child] = await Promise.all([1, 2].map((seed) => factory.createTraining(spec, seed)));
    const { images, labels } = batchOf(spec, 1);
    for (const engine of [parent!, child!]) for (let i = 0; i < 3; i++) engine.step(images, labels, rate);
    const weights = parent!.readWeights();
    child!.writeWeights(weights);
    expect(valuesOf(child!.readWeights('current'))).toEqual(valuesOf(weights));
    expect(valuesOf(child!.readWeights('average'))).toEqual(valuesOf(weights));
    const slow = child!.readState().filter(({ name }) => name.startsWith('slow.'));
    expect(valuesOf(slow)).toEqual(slow.length > 0 ? valuesOf(weights) : []);
    for (const engine of [parent!, child!]) engine.dispose();
  });
});

describe('averaged weights', () => {
  it('have the names of the weights, lag behind them, and are the weights where there is no average', async () => {
    const { images, labels } = bandBatch(tiny3d, 1);
    for (const emaDecay of [0, 0.9]) {
      const engine = await factory.createTraining({ ...tiny3d, emaDecay }, 1);
      for (let i = 0; i < 5; i++) engine.step(images, labels, 1e-2);
      const [current, average] = [engine.readWeights(), engine.readWeights('average')];
      expect(average.map(({ name, shape }) => ({ name, shape }))).toEqual(current.map(({ name, shape }) => ({ name, shape })));
      if (emaDecay === 0) expect(valuesOf(average)).toEqual(valuesOf(current));
      else expect(valuesOf(average)).not.toEqual(valuesOf(current));
      engine.dispose();
    }
  });

  it("take batch norm's running statistics as they are", async () => {
    const engine = await factory.createTraining({ ...tiny2d, network: { ...tiny2d.network, norm: 'batch' }, emaDecay: 0.9 }, 1);
    const { images, labels } = bandBatch(tiny2d, 1);
    for (let i = 0; i < 3; i++) engine.step(images, labels, 1e-2);
    const [current, average] = [engine.readWeights(), engine.readWeights('average')];
    current.forEach((array, i) => {
      if (/norm\.(mean|variance)$/.test(array.name)) expect(average[i]!.values).toEqual(array.values);
    });
    expect(average.find(({ name }) => name.endsWith('conv.weight'))!.values).not.toEqual(current.find(({ name }) => name.endsWith('conv.weight'))!.values);
    engine.dispose();
  });
});
