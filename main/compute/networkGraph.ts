/** Whole graphs with their signatures: `train`, `predict`, and reading and writing of weights and optimiser state. */
import type { InferenceOptions, TrainingSpec, UNetSpec } from '../../models/engine.ts';
import type { Parameter } from '../../models/parameters.ts';
import { deepSupervisedLoss } from '../../models/trainingLoss.ts';
import { buildUNet, parametersOf } from '../../models/unet.ts';
import { headLevels } from '../../models/unetDecoder.ts';
import { overParts } from './batchParts.ts';
import type { BatchResult } from './batchParts.ts';
import { Graph, tensorInfo } from './graph.ts';
import type { Tensor } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { declareLossScale } from './lossScale.ts';
import { encodeSavedModel } from './savedModel.ts';
import type { Signature } from './savedModel.ts';
import { VARIABLE_GROUPS } from './session.ts';
import type { SessionGraph, VariableGroup } from './session.ts';
import { emitTrainUpdate } from './trainUpdate.ts';
import { assignVariable, declareVariable, readVariable } from './variables.ts';
import type { Variable } from './variables.ts';
import { compileWithXla } from './xlaFunction.ts';

export interface BuiltGraph extends SessionGraph {
  readonly parameters: readonly Parameter[];
  /** `slow` (Lookahead) and `average` hold a copy of each weight, in the same order, or nothing. */
  readonly variables: Readonly<Record<VariableGroup, readonly Variable[]>>;
}

/** `read`: every variable of the group by its name; `write`: the same names in, `written` out. */
function stateSignatures(g: Graph, group: VariableGroup, variables: readonly Variable[]): Record<string, Signature> {
  const read = variables.map((v) => g.unary('Identity', readVariable(g, v), `read.${v.name}`));
  const fed = variables.map((v) => g.placeholder(`write.${v.name}`, v.shape, 'float'));
  const assigned = variables.map((v, index) => assignVariable(g, v, fed[index]!));
  const options = { name: `written.${group}`, after: assigned };
  const written = g.node('Identity', [g.scalar(1)], { T: { type: 'float' } }, [], 'float', options);
  const byName = (tensors: readonly Tensor[]) => Object.fromEntries(variables.map((v, index) => [v.name, tensorInfo(tensors[index]!)]));
  return { [`read.${group}`]: { inputs: {}, outputs: byName(read) }, [`write.${group}`]: { inputs: byName(fed), outputs: { written: tensorInfo(written) } } };
}

function predictSignature(
  g: Graph,
  network: UNetSpec,
  patch: readonly number[],
  { batchSize, precision, xla }: InferenceOptions,
  weights: ReadonlyMap<string, Variable>,
): Signature {
  const image = g.placeholder('predict.image', [batchSize, ...patch, network.inputChannels], 'float');
  const read = new Map<string, Tensor>();
  const parameter = (name: string): Tensor => {
    if (!read.has(name)) read.set(name, readVariable(g, weights.get(name)!));
    return read.get(name)!;
  };
  const emitted = buildUNet(graphOps(g, precision), network, [0], image, { parameter }).get(0)!;
  const [logits] = xla ? compileWithXla(g, 'predict_computation', [image, ...read.values()], [emitted]) : [emitted];
  return { inputs: { image: tensorInfo(image) }, outputs: { logits: tensorInfo(g.unary('Identity', logits!, 'predict.logits')) } };
}

/** PyTorch's; keras' 0.99 would need hundreds of steps to forget where it started. */
const RUNNING_STATISTICS_KEPT = 0.9;

/** Batch norm's means and variances for prediction follow those of the batches, but not those of a skipped step. */
function moveRunningStatistics(
  g: Graph,
  weights: readonly Variable[],
  current: ReadonlyMap<string, Tensor>,
  batch: ReadonlyMap<string, Tensor>,
  finite: Tensor,
): Tensor[] {
  return weights.flatMap((variable) => {
    const value = batch.get(variable.name);
    if (!value) return [];
    const old = current.get(variable.name)!;
    const kept = g.binary('Mul', old, g.scalar(RUNNING_STATISTICS_KEPT));
    const next = g.binary('AddV2', kept, g.binary('Mul', value, g.scalar(1 - RUNNING_STATISTICS_KEPT)));
    return [assignVariable(g, variable, g.select(finite, next, old))];
  });
}

interface PureInputs {
  readonly heads: readonly number[];
  readonly image: Tensor;
  readonly labels: Tensor;
  /** Every weight by its name, and those that are trained. */
  readonly current: ReadonlyMap<string, Tensor>;
  readonly values: readonly Tensor[];
  /** Of the loss, in float16. */
  readonly scale: Tensor | null;
}

/** Forward and backward: loss, gradients of `values` whatever the scale, and statistics of one part of the batch. */
function partResult(g: Graph, spec: TrainingSpec, { heads, image, labels, current, values, scale }: PureInputs): BatchResult {
  const ops = graphOps(g, spec.precision);
  const statistics = new Map<string, Tensor>();
  const outputs = buildUNet(ops, spec.network, heads, image, {
    parameter: (name) => current.get(name)!,
    onBatchStatistic: (name, value) => statistics.set(name, value),
  });
  const loss = deepSupervisedLoss(ops, spec, outputs, labels);
  const gradients = scale ? unscaled(g, g.gradients(loss, values, scale), scale) : g.gradients(loss, values);
  return { loss, gradients, statistics };
}

/** All that a step computes before it changes anything. */
function lossAndGradients(g: Graph, spec: TrainingSpec, whole: PureInputs): BatchResult {
  const { image, labels, current, scale } = whole;
  const result = overParts(g, spec.accumulation ?? 1, image, labels, (partImage, partLabels) =>
    partResult(g, spec, { ...whole, image: partImage, labels: partLabels }),
  );
  const { loss, gradients, statistics } = result;
  if (!spec.xla) return result;
  const inputs = [image, labels, ...current.values(), ...(scale ? [scale] : [])];
  const [compiledLoss, ...others] = compileWithXla(g, 'train_computation', inputs, [loss, ...gradients, ...statistics.values()]);
  return {
    loss: compiledLoss!,
    gradients: others.slice(0, gradients.length),
    statistics: new Map([...statistics.keys()].map((name, index) => [name, others[gradients.length + index]!])),
  };
}

interface TrainPart {
  readonly signature: Signature;
  readonly variables: Omit<BuiltGraph['variables'], 'weights'>;
}

function trainPart(g: Graph, spec: TrainingSpec, heads: readonly number[], parameters: readonly Parameter[], weights: readonly Variable[]): TrainPart {
  const shape = [spec.batchSize, ...spec.patch];
  const image = g.placeholder('train.image', [...shape, spec.network.inputChannels], 'float');
  const labels = g.placeholder('train.labels', shape, 'int32');
  const learningRate = g.placeholder('train.learningRate', [], 'float');
  const current = new Map(weights.map((w) => [w.name, readVariable(g, w)]));
  const trained = parameters.filter((p) => p.isTrained);
  const values = trained.map(({ name }) => current.get(name)!);
  const lossScale = spec.precision === 'float16' ? declareLossScale(g) : null;
  const { loss, gradients, statistics } = lossAndGradients(g, spec, { heads, image, labels, current, values, scale: lossScale?.scale ?? null });
  const trainedWeights = weights.filter((_, index) => parameters[index]!.isTrained);
  const update = emitTrainUpdate(g, spec, { parameters: trained, weights: trainedWeights, values, gradients, loss, learningRate });
  const moved = moveRunningStatistics(g, weights, current, statistics, update.finite);
  const done = [...update.done, ...moved, ...(lossScale?.update(update.finite) ?? [])];
  const result = (name: string, value: Tensor, after: readonly Tensor[] = []) =>
    tensorInfo(g.node('Identity', [value], { T: { type: 'float' } }, [], 'float', { name: `train.${name}`, after }));
  return {
    signature: {
      inputs: { image: tensorInfo(image), labels: tensorInfo(labels), learningRate: tensorInfo(learningRate) },
      outputs: {
        loss: result('loss', loss, done),
        gradientNorm: result('gradientNorm', update.gradientNorm),
        updated: result('updated', g.castTo(update.finite, 'float')),
        lossScale: result('lossScale', lossScale?.scale ?? g.scalar(1)),
      },
    },
    variables: { optimizer: [...update.optimizer, ...(lossScale?.state ?? [])], slow: update.slow, average: update.average },
  };
}

/** The scale is a power of two: dividing by it is exact. */
const unscaled = (g: Graph, gradients: readonly Tensor[], scale: Tensor): Tensor[] => {
  const inverse = g.binary('RealDiv', g.scalar(1), scale);
  return gradients.map((gradient) => g.binary('Mul', gradient, inverse));
};

export function buildTrainingGraph(spec: TrainingSpec): BuiltGraph {
  const g = new Graph();
  const heads = headLevels(spec.network, spec.deepSupervisionWeights);
  const parameters = parametersOf(spec.network, heads);
  const weights = parameters.map((p) => declareVariable(g, p.name, p.shape));
  const train = trainPart(g, spec, heads, parameters, weights);
  const byName = new Map(weights.map((w) => [w.name, w]));
  const predict = predictSignature(g, spec.network, spec.patch, { batchSize: 1, precision: spec.precision, xla: spec.xla }, byName);
  return built(g, { train: train.signature, predict }, parameters, { weights, ...train.variables });
}

/** Prediction only: no optimiser state, no gradients. */
export function buildInferenceGraph(network: UNetSpec, patch: readonly number[], options: InferenceOptions): BuiltGraph {
  const g = new Graph();
  const parameters = parametersOf(network, [0]);
  const weights = parameters.map((p) => declareVariable(g, p.name, p.shape));
  const predict = predictSignature(g, network, patch, options, new Map(weights.map((w) => [w.name, w])));
  return built(g, { predict }, parameters, { weights, optimizer: [], slow: [], average: [] });
}

/** Adds reading and writing of each group of variables. */
function built(g: Graph, computations: Readonly<Record<string, Signature>>, parameters: readonly Parameter[], variables: BuiltGraph['variables']): BuiltGraph {
  const signatures: Record<string, Signature> = { ...computations };
  for (const group of VARIABLE_GROUPS) {
    if (variables[group].length > 0) Object.assign(signatures, stateSignatures(g, group, variables[group]));
  }
  return { savedModel: encodeSavedModel(g, signatures), signatures: Object.keys(signatures), parameters, variables };
}
