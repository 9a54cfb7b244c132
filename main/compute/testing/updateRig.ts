/** A graph that is only the update: gradients are fed, everything it changes is readable. */
import type { NamedArray, OptimizerSpec } from '../../../models/engine.ts';
import type { Parameter } from '../../../models/parameters.ts';
import { Graph, tensorInfo } from '../graph.ts';
import type { Tensor } from '../graph.ts';
import { loadTensorFlow } from '../runtime.ts';
import { encodeSavedModel } from '../savedModel.ts';
import { Session } from '../session.ts';
import { emitTrainUpdate } from '../trainUpdate.ts';
import { assignVariable, declareVariable, readVariable } from '../variables.ts';
import { randomValues } from './gradientCheck.ts';

const PARAMETERS: readonly Parameter[] = [
  { name: 'encoder.0.0.conv.weight', shape: [5, 3], initializer: 'heNormal', fanIn: 5, decays: true, isTrained: true },
  { name: 'encoder.0.0.norm.scale', shape: [4], initializer: 'ones', fanIn: 0, decays: false, isTrained: true },
  { name: 'head.0.bias', shape: [2], initializer: 'zeros', fanIn: 0, decays: false, isTrained: true },
];
export const PARAMETER_COUNT = PARAMETERS.length;
export const RATE = 0.01;

const sizes = PARAMETERS.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
/** Of about the same size in each step, other values. */
export const gradientsOfStep = (step: number): Float32Array[] => sizes.map((size, i) => randomValues(size, 10 * step + i).map((v) => 3 * v));
export const flat = (arrays: readonly NamedArray[]): number[] => arrays.flatMap(({ values }) => [...values]);
export const normOf = (arrays: readonly ArrayLike<number>[]): number =>
  Math.sqrt(arrays.flatMap((array) => Array.from(array)).reduce((sum, value) => sum + value * value, 0));

export interface StepOutcome {
  readonly norm: number;
  readonly updated: boolean;
}

export interface UpdateRig {
  /** Weights first, then everything else the update keeps. */
  read(): NamedArray[];
  write(state: readonly NamedArray[]): void;
  readonly start: readonly NamedArray[];
  step(gradients: readonly Float32Array[], loss?: number, rate?: number): StepOutcome;
  dispose(): void;
}

export async function openUpdateRig(optimizer: OptimizerSpec, emaDecay = 0): Promise<UpdateRig> {
  const tf = await loadTensorFlow();
  const g = new Graph();
  const weights = PARAMETERS.map(({ name, shape }) => declareVariable(g, name, shape));
  const fed = PARAMETERS.map(({ shape }, i) => g.placeholder(`gradient${i}`, shape, 'float'));
  const [rate, loss] = [g.placeholder('rate', [], 'float'), g.placeholder('loss', [], 'float')];
  const inputs = { parameters: PARAMETERS, weights, values: weights.map((w) => readVariable(g, w)), gradients: fed, loss, learningRate: rate };
  const update = emitTrainUpdate(g, { optimizer, emaDecay }, inputs);
  const all = [...weights, ...update.optimizer, ...update.slow, ...update.average];
  const norm = g.node('Identity', [update.gradientNorm], { T: { type: 'float' } }, [], 'float', { name: 'norm', after: update.done });
  const updated = g.castTo(update.finite, 'float');
  const written = all.map((v) => g.placeholder(`write.${v.name}`, v.shape, 'float'));
  const assigned = all.map((v, i) => assignVariable(g, v, written[i]!));
  const ok = g.node('Identity', [g.scalar(1)], { T: { type: 'float' } }, [], 'float', { name: 'ok', after: assigned });
  const info = (tensors: readonly Tensor[]) => Object.fromEntries(tensors.map((t) => [t.name, tensorInfo(t)]));
  const named = (tensors: readonly Tensor[]) => Object.fromEntries(all.map((v, i) => [v.name, tensorInfo(tensors[i]!)]));
  const signatures = {
    step: { inputs: info([...fed, rate, loss]), outputs: { norm: tensorInfo(norm), updated: tensorInfo(updated) } },
    'write.weights': { inputs: named(written), outputs: info([ok]) },
    'read.weights': { inputs: {}, outputs: named(all.map((v) => g.unary('Identity', readVariable(g, v)))) },
  };
  const session = await Session.open(tf, { savedModel: encodeSavedModel(g, signatures), signatures: Object.keys(signatures), variables: { weights: all } });
  const first = sizes.map((size, i) => randomValues(size, i + 1));
  const copies = [...update.slow, ...update.average];
  const start: NamedArray[] = all.map((v, i) => {
    const copied = i < PARAMETERS.length ? i : copies.indexOf(v) % PARAMETERS.length;
    const values = copied >= 0 ? first[copied]!.slice() : new Float32Array(v.shape.reduce((a, b) => a * b, 1)).fill(v.initial);
    return { name: v.name, shape: v.shape, values };
  });
  session.write('weights', start);
  return {
    start,
    read: () => session.read('weights'),
    write: (state) => session.write('weights', state),
    step(gradients, lossValue = 1, learningRate = RATE) {
      const tensors = Object.fromEntries(gradients.map((values, i) => [`gradient${i}`, tf.tensor(values, [...PARAMETERS[i]!.shape], 'float32')]));
      const result = session.run('step', { ...tensors, rate: tf.scalar(learningRate), loss: tf.scalar(lossValue) });
      return { norm: result.norm![0]!, updated: result.updated![0] === 1 };
    },
    dispose: () => session.dispose(),
  };
}
