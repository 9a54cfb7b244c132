/** Compares a graph's values and gradients with the float64 reference and its central differences. */
import type { ComputePrecision } from '../../../models/engine.ts';
import type { TensorOps } from '../../../models/ops.ts';
import { Graph, tensorInfo } from '../graph.ts';
import type { Tensor } from '../graph.ts';
import { graphOps } from '../graphOps.ts';
import { loadTensorFlow } from '../runtime.ts';
import type { DType } from '../savedModel.ts';
import { encodeSavedModel } from '../savedModel.ts';
import { Session } from '../session.ts';
import { referenceOps, referenceTensor } from './referenceOps.ts';
import type { ReferenceTensor } from './referenceOps.ts';

/** Uniform in (-1, 1), the same on every machine. */
export function randomValues(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

/** An expression over the op set: the same text builds the graph and the reference. */
export type Expression = <T>(ops: TensorOps<T>, inputs: readonly T[]) => T;

export interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export function randomInput(shape: readonly number[], seed: number, map: (value: number) => number = (value) => value): Input {
  return {
    shape,
    values: randomValues(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ).map(map),
  };
}

export interface Evaluation {
  readonly loss: number;
  readonly output: Float32Array;
  readonly gradients: readonly Float32Array[];
}

/** Weighs the output with fixed random numbers so that each of its elements has a gradient of its own. */
function weighted<T>(ops: TensorOps<T>, output: T, weigh: (values: Float32Array, shape: readonly number[]) => T): T {
  const shape = ops.shapeOf(output);
  const weights = weigh(
    randomValues(
      shape.reduce((a, b) => a * b, 1),
      77,
    ),
    shape,
  );
  return ops.sum(
    ops.mul(output, weights),
    shape.map((_, axis) => axis),
  );
}

/** Runs any graph once: feeds by placeholder, fetches by key. */
export async function runGraph<K extends string>(
  graph: Graph,
  feeds: readonly { readonly placeholder: Tensor; readonly values: Float32Array | Int32Array }[],
  fetches: Readonly<Record<K, Tensor>>,
): Promise<Record<K, Float32Array>> {
  const tf = await loadTensorFlow();
  const keys = Object.keys(fetches) as K[];
  // a result may be a placeholder or a constant, which TensorFlow does not let us fetch under two names
  const outputs = Object.fromEntries(keys.map((key, i) => [key, tensorInfo(graph.unary('Identity', fetches[key], `fetch${i}`))]));
  const inputs = Object.fromEntries(feeds.map(({ placeholder }) => [placeholder.name, tensorInfo(placeholder)]));
  const savedModel = encodeSavedModel(graph, { run: { inputs, outputs } });
  const session = await Session.open(tf, { savedModel, signatures: ['run'], variables: { weights: [], optimizer: [] } });
  try {
    const dtypeOf = (dtype: DType) => (dtype === 'int32' ? 'int32' : 'float32');
    const tensors = feeds.map(({ placeholder: p, values }) => [p.name, tf.tensor(values, [...p.shape], dtypeOf(p.dtype))] as const);
    return session.run('run', Object.fromEntries(tensors)) as Record<K, Float32Array>;
  } finally {
    session.dispose();
  }
}

export interface GraphCase {
  readonly expression: Expression;
  readonly inputs: readonly Input[];
  readonly precision: ComputePrecision;
}

/** Value and gradients of each case by one graph: a session costs more than a hundred small operations. */
export async function evaluateGraphs(cases: readonly GraphCase[]): Promise<Evaluation[]> {
  const g = new Graph();
  const feeds: { placeholder: Tensor; values: Float32Array }[] = [];
  const fetches: Record<string, Tensor> = {};
  cases.forEach(({ expression, inputs, precision }, n) => {
    const ops = graphOps(g, precision);
    const placeholders = inputs.map(({ shape }, i) => g.placeholder(`case${n}.input${i}`, shape, 'float'));
    const output = ops.toFloat32(expression(ops, placeholders));
    const loss = weighted(ops, output, (values, shape) => g.constant(values, shape));
    fetches[`${n}.loss`] = loss;
    fetches[`${n}.output`] = output;
    g.gradients(loss, placeholders).forEach((gradient, i) => (fetches[`${n}.gradient${i}`] = gradient));
    placeholders.forEach((placeholder, i) => feeds.push({ placeholder, values: inputs[i]!.values }));
  });
  const result = await runGraph(g, feeds, fetches);
  return cases.map(({ inputs }, n) => ({
    loss: result[`${n}.loss`]![0]!,
    output: result[`${n}.output`]!,
    gradients: inputs.map((_, i) => result[`${n}.gradient${i}`]!),
  }));
}

/** Value and gradients of `expression` by the graph. */
export async function evaluateGraph(expression: Expression, inputs: readonly Input[], precision: ComputePrecision = 'float32'): Promise<Evaluation> {
  return (await evaluateGraphs([{ expression, inputs, precision }]))[0]!;
}

const STEP = 1e-5;
const PROBES_PER_INPUT = 40;

function referenceLoss(expression: Expression, inputs: readonly ReferenceTensor[]): { loss: number; output: Float64Array } {
  const output = expression(referenceOps, inputs);
  const loss = weighted(referenceOps, output, (values, shape) => referenceTensor(shape, values)).values[0]!;
  return { loss, output: output.values };
}

export interface Comparison {
  /** Largest |graph − reference| over the output, relative to the largest output. */
  readonly outputError: number;
  /** Per input: largest |gradient − central difference| over the probed elements, relative to the largest gradient. */
  readonly gradientErrors: readonly number[];
}

/** Central differences at up to 40 elements per input, evenly spread. */
export async function compareWithReference(expression: Expression, inputs: readonly Input[]): Promise<Comparison> {
  const graph = await evaluateGraph(expression, inputs);
  const reference = inputs.map(({ shape, values }) => referenceTensor(shape, values));
  const { output } = referenceLoss(expression, reference);
  const largest = output.reduce((m, value) => Math.max(m, Math.abs(value)), 1e-6);
  const outputError = output.reduce((m, value, i) => Math.max(m, Math.abs(value - graph.output[i]!)), 0) / largest;
  const gradientErrors = reference.map((input, which) => {
    const gradient = graph.gradients[which]!;
    const scale = gradient.reduce((m, value) => Math.max(m, Math.abs(value)), 1e-3);
    const stride = Math.max(1, Math.floor(input.values.length / PROBES_PER_INPUT));
    let error = 0;
    for (let i = 0; i < input.values.length; i += stride) {
      const shifted = (by: number): number => {
        const values = Float64Array.from(input.values);
        values[i]! += by;
        return referenceLoss(
          expression,
          reference.map((t, k) => (k === which ? { shape: t.shape, values } : t)),
        ).loss;
      };
      error = Math.max(error, Math.abs((shifted(STEP) - shifted(-STEP)) / (2 * STEP) - gradient[i]!) / scale);
    }
    return error;
  });
  return { outputError, gradientErrors };
}
