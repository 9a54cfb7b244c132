/** Mixed precision with float16 and dynamic loss scaling. On a CPU half convolutions are slow: everything here is tiny. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory, NamedArray, TrainingEngine, TrainingSpec } from '../../models/engine.ts';
import { loadEngineFactory } from './engineFactory.ts';
import { evaluateGraph, randomInput } from './testing/gradientCheck.ts';
import type { Expression } from './testing/gradientCheck.ts';
import { bandBatch, tiny2d, tiny3d } from './testing/tinySpecs.ts';

const RATE = 3e-3;
const small = (spec: TrainingSpec, patch: number[]): TrainingSpec => ({ ...spec, patch, batchSize: 2, precision: 'float16', emaDecay: 0.9 });
const specs: [string, TrainingSpec][] = [
  ['3D', small(tiny3d, [4, 8, 8])],
  ['2D', small(tiny2d, [16, 16])],
];
let factory: EngineFactory;
beforeAll(async () => {
  factory = await loadEngineFactory();
});

const SCALING = ['lossScale.scale', 'lossScale.goodSteps'];
const scalingOf = (engine: TrainingEngine): number[] => SCALING.map((name) => engine.readState().find((array) => array.name === name)!.values[0]!);
const withoutScaling = (state: readonly NamedArray[]): NamedArray[] => state.filter(({ name }) => !SCALING.includes(name));
function setScaling(engine: TrainingEngine, ...values: number[]): void {
  const scalars = SCALING.map((name, index) => ({ name, shape: [], values: Float32Array.of(values[index]!) }));
  engine.writeState([...withoutScaling(engine.readState()), ...scalars]);
}

describe.each(specs)('float16 training, %s', (_, spec) => {
  it('learns as float32 does, with a scale that starts at 2^15', async () => {
    const losses = [];
    for (const precision of ['float16', 'float32'] as const) {
      const engine = await factory.createTraining({ ...spec, precision }, 1);
      const { images, labels } = bandBatch(spec, 1);
      const first = engine.step(images, labels, RATE);
      expect(first.lossScale).toBe(precision === 'float16' ? 32768 : 1);
      let last = first;
      for (let i = 0; i < 25; i++) last = engine.step(images, labels, RATE);
      expect(last.loss).toBeLessThan(first.loss - 0.3);
      losses.push(last.loss);
      engine.dispose();
    }
    expect(Math.abs(losses[0]! - losses[1]!)).toBeLessThan(0.15);
  });

  it('an overflow halves the scale and changes no bit of weights, moments and averages; then training goes on', async () => {
    const engine = await factory.createTraining(spec, 1);
    const { images, labels } = bandBatch(spec, 1);
    engine.step(images, labels, RATE);
    setScaling(engine, 2 ** 24, 700);
    const before = withoutScaling(engine.readState());
    const overflown = engine.step(images, labels, RATE);
    expect(overflown).toMatchObject({ skipped: true, lossScale: 2 ** 24 });
    expect(Number.isFinite(overflown.loss)).toBe(true); // the loss is computed in float32: only the way back overflows
    expect(Number.isFinite(overflown.gradientNorm)).toBe(false);
    expect(withoutScaling(engine.readState())).toEqual(before);
    expect(scalingOf(engine)).toEqual([2 ** 23, 0]);
    let next = engine.step(images, labels, RATE);
    for (let i = 0; i < 12 && next.skipped; i++) next = engine.step(images, labels, RATE);
    expect(next.skipped).toBe(false);
    expect(withoutScaling(engine.readState())).not.toEqual(before);
    engine.dispose();
  });

  it('doubles after 2000 good steps and does not fall below 1', async () => {
    const engine = await factory.createTraining(spec, 1);
    const { images, labels } = bandBatch(spec, 1);
    const after = (scale: number, good: number, image = images): number[] => {
      setScaling(engine, scale, good);
      engine.step(image, labels, 0);
      return scalingOf(engine);
    };
    expect(after(64, 1998)).toEqual([64, 1999]);
    expect(after(64, 1999)).toEqual([128, 0]);
    expect(
      after(
        1,
        5,
        images.map(() => NaN),
      ),
    ).toEqual([1, 0]);
    engine.dispose();
  });

  it('gradients do not depend on the scale', async () => {
    const engine = await factory.createTraining({ ...spec, optimizer: { ...spec.optimizer, clipNorm: 0 } }, 1);
    const { images, labels } = bandBatch(spec, 1);
    const norms = [2 ** 8, 2 ** 12].map((scale) => {
      setScaling(engine, scale, 0);
      return engine.step(images, labels, 0).gradientNorm;
    });
    expect(norms[1]! / norms[0]!).toBeCloseTo(1, 2);
    engine.dispose();
  });
});

describe('float16 operations against float32', () => {
  const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const error = (a: Float32Array, b: Float32Array): number => norm(a.map((value, i) => value - b[i]!)) / (norm(a) + 1e-12);

  it.each<[string, Expression, number[][]]>([
    [
      'convolution',
      (ops, [x, w]) => ops.conv(ops.toCompute(x!), ops.toCompute(w!), [1, 2, 2]),
      [
        [1, 3, 5, 4, 4],
        [3, 3, 3, 4, 6],
      ],
    ],
    [
      'convolution at depth 2',
      (ops, [x, w]) => ops.conv(ops.toCompute(x!), ops.toCompute(w!), [1, 1, 1]),
      [
        [1, 2, 5, 4, 4],
        [3, 3, 3, 4, 6],
      ],
    ],
    [
      'convolution in 2D',
      (ops, [x, w]) => ops.conv(ops.toCompute(x!), ops.toCompute(w!), [2, 2]),
      [
        [2, 5, 6, 4],
        [3, 3, 4, 6],
      ],
    ],
    [
      'transposed convolution',
      (ops, [x, w]) => ops.convTranspose(ops.toCompute(x!), ops.toCompute(w!), [4, 5, 6], [2, 2, 2]),
      [
        [1, 2, 3, 3, 4],
        [2, 2, 2, 6, 4],
      ],
    ],
    ['bias', (ops, [x, b]) => ops.bias(ops.toCompute(x!), ops.toCompute(b!)), [[2, 8, 8, 8, 4], [4]]],
    ['instance norm', (ops, [x, s, b]) => ops.instanceNorm(ops.toCompute(x!), s!, b!, 1e-5), [[2, 4, 6, 8, 8], [8], [8]]],
  ])('%s: output and gradients within 0.5 %%', async (_, expression, shapes) => {
    const inputs = shapes.map((shape, i) => randomInput(shape, i + 1, (v) => v + 0.2));
    const [exact, half] = [await evaluateGraph(expression, inputs), await evaluateGraph(expression, inputs, 'float16')];
    expect(error(exact.output, half.output)).toBeLessThan(0.005);
    exact.gradients.forEach((gradient, i) => expect(error(gradient, half.gradients[i]!)).toBeLessThan(0.005));
  });
});
