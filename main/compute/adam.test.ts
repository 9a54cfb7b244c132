import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedArray, OptimizerSpec } from '../../models/engine.ts';
import { assignVariable, declareAdam, declareVariable, emitAdam, readVariable } from './adam.ts';
import { Graph, tensorInfo } from './graph.ts';
import { loadTensorFlow } from './runtime.ts';
import type { Tf } from './runtime.ts';
import { encodeSavedModel } from './savedModel.ts';
import { Session } from './session.ts';
import { randomValues } from './testing/gradientCheck.ts';

const SHAPES = [[5, 3], [4]];
const base = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 0 } as const;
const RATE = 0.01;
let tf: Tf;
beforeAll(async () => {
  tf = await loadTensorFlow();
});

/** A graph whose gradients are fed, with everything it changes readable. */
async function openOptimizer(optimizer: Extract<OptimizerSpec, { kind: 'adam' | 'radam' }>) {
  const g = new Graph();
  const weights = SHAPES.map((shape, i) => declareVariable(g, `w${i}`, shape));
  const state = declareAdam(g, weights);
  const optimizerVariables = [...state.firstMoments, ...state.secondMoments, state.beta1Power, state.beta2Power];
  const all = [...weights, ...optimizerVariables];
  const fed = SHAPES.map((shape, i) => g.placeholder(`gradient${i}`, shape, 'float'));
  const rate = g.placeholder('rate', [], 'float');
  const { gradientNorm, done } = emitAdam(g, optimizer, weights, state, fed, rate);
  const norm = g.node('Identity', [gradientNorm], { T: { type: 'float' } }, [], 'float', { name: 'norm', after: done });
  const written = all.map((v) => g.placeholder(`write.${v.name}`, v.shape, 'float'));
  const assigned = all.map((v, i) => assignVariable(g, v, written[i]!));
  const ok = g.node('Identity', [g.scalar(1)], { T: { type: 'float' } }, [], 'float', { name: 'ok', after: assigned });
  const info = (tensors: readonly Parameters<typeof tensorInfo>[0][]) => Object.fromEntries(tensors.map((t) => [t.name, tensorInfo(t)]));
  const signatures = {
    step: { inputs: info([...fed, rate]), outputs: { norm: tensorInfo(norm) } },
    'write.weights': { inputs: Object.fromEntries(all.map((v, i) => [v.name, tensorInfo(written[i]!)])), outputs: info([ok]) },
    'read.weights': { inputs: {}, outputs: Object.fromEntries(all.map((v) => [v.name, tensorInfo(g.unary('Identity', readVariable(g, v)))])) },
  };
  const session = await Session.open(tf, {
    savedModel: encodeSavedModel(g.nodes, signatures),
    signatures: Object.keys(signatures),
    variables: { weights: all, optimizer: [] },
  });
  const start: NamedArray[] = all.map((v, i) => {
    const count = v.shape.reduce((a, b) => a * b, 1);
    const values = v.shape.length === 0 ? Float32Array.of(1) : i < SHAPES.length ? randomValues(count, i + 1) : new Float32Array(count);
    return { name: v.name, shape: v.shape, values };
  });
  session.write('weights', start);
  const step = (gradients: readonly Float32Array[]): number => {
    const inputs = Object.fromEntries(gradients.map((values, i) => [`gradient${i}`, tf.tensor(values, [...SHAPES[i]!], 'float32')]));
    return session.run('step', { ...inputs, rate: tf.scalar(RATE) }).norm![0]!;
  };
  return { session, start, step };
}

const sizes = SHAPES.map((shape) => shape.reduce((a, b) => a * b, 1));
const gradientsOfStep = (step: number): Float32Array[] => sizes.map((size, i) => randomValues(size, 10 * step + i).map((v) => 3 * v));
const flat = (arrays: readonly NamedArray[]): number[] => arrays.flatMap(({ values }) => [...values]);

/** arXiv 1412.6980, with ε added to the uncorrected square root ("epsilon hat") as TensorFlow does. */
function referenceAdam(start: readonly Float32Array[], steps: number, clipNorm: number): number[][] {
  const weights = start.map((values) => [...values]);
  const m = weights.map((w) => w.map(() => 0));
  const v = weights.map((w) => w.map(() => 0));
  for (let step = 1; step <= steps; step++) {
    const gradients = gradientsOfStep(step);
    const norm = Math.sqrt(gradients.flatMap((g) => [...g]).reduce((sum, value) => sum + value * value, 0));
    const scale = clipNorm > 0 ? Math.min(1, clipNorm / norm) : 1;
    const rate = (RATE * Math.sqrt(1 - base.beta2 ** step)) / (1 - base.beta1 ** step);
    weights.forEach((w, i) =>
      w.forEach((_, k) => {
        const g = gradients[i]![k]! * scale;
        m[i]![k]! += (1 - base.beta1) * (g - m[i]![k]!);
        v[i]![k]! += (1 - base.beta2) * (g * g - v[i]![k]!);
        w[k]! -= (rate * m[i]![k]!) / (Math.sqrt(v[i]![k]!) + base.epsilon);
      }),
    );
  }
  return weights;
}

describe('Adam', () => {
  it.each([0, 2, 1000])('follows the published update for 20 steps, clipped at %d', async (clipNorm) => {
    const { session, start, step } = await openOptimizer({ ...base, clipNorm });
    for (let i = 1; i <= 20; i++) step(gradientsOfStep(i));
    const expected = referenceAdam(start.slice(0, SHAPES.length).map(({ values }) => values), 20, clipNorm);
    const now = session.read('weights');
    expected.forEach((values, i) => values.forEach((value, k) => expect(now[i]!.values[k]).toBeCloseTo(value, 5)));
    session.dispose();
  });

  it('reports the norm before clipping', async () => {
    const { session, step } = await openOptimizer({ ...base, clipNorm: 0.5 });
    const gradients = gradientsOfStep(1);
    const expected = Math.sqrt(gradients.flatMap((g) => [...g]).reduce((sum, value) => sum + value * value, 0));
    expect(step(gradients)).toBeCloseTo(expected, 4);
    session.dispose();
  });

  it.each([
    ['NaN', NaN, 0],
    ['infinity', Infinity, 0],
    ['NaN under clipping', NaN, 2],
    ['infinity under clipping', -Infinity, 2],
    ['a finite number whose square overflows', 1e30, 2],
  ])('%s in one gradient leaves every bit of the state as it was, in the first step and later', async (_, poison, clipNorm) => {
    const { session, start, step } = await openOptimizer({ ...base, clipNorm });
    const poisoned = gradientsOfStep(1);
    poisoned[1]![2] = poison;
    expect(Number.isFinite(step(poisoned))).toBe(false);
    expect(flat(session.read('weights'))).toEqual(flat(start));
    step(gradientsOfStep(1));
    const before = flat(session.read('weights'));
    expect(before).not.toEqual(flat(start));
    step(poisoned);
    expect(flat(session.read('weights'))).toEqual(before);
    session.dispose();
  });

  it('with all gradients 0 moves nothing and stays finite, clipped or not', async () => {
    for (const clipNorm of [0, 2]) {
      const { session, start, step } = await openOptimizer({ ...base, clipNorm });
      expect(step(sizes.map((size) => new Float32Array(size)))).toBe(0);
      expect(flat(session.read('weights').slice(0, SHAPES.length))).toEqual(flat(start.slice(0, SHAPES.length)));
      session.dispose();
    }
  });
});
