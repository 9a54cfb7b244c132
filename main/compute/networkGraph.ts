/** Whole graphs with their signatures: `train`, `predict`, and reading and writing of weights and optimiser state. */
import type { InferenceOptions, TrainingSpec, UNetSpec } from '../../models/engine.ts';
import { deepSupervisedLoss } from '../../models/diceCrossEntropy.ts';
import type { Parameter } from '../../models/parameters.ts';
import { buildUNet, parametersOf } from '../../models/unet.ts';
import { headLevels } from '../../models/unetDecoder.ts';
import { assignVariable, declareAdam, declareVariable, emitAdam, readVariable } from './adam.ts';
import type { Variable } from './adam.ts';
import { Graph, tensorInfo } from './graph.ts';
import type { Tensor } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { encodeSavedModel } from './savedModel.ts';
import type { Signature } from './savedModel.ts';

/** Variables that are read and written together, by the signatures `read.<group>` and `write.<group>`. */
export type VariableGroup = 'weights' | 'optimizer';
type NamedShape = { readonly name: string; readonly shape: readonly number[] };

export interface BuiltGraph {
  readonly savedModel: Uint8Array;
  readonly signatures: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly variables: Readonly<Record<VariableGroup, readonly NamedShape[]>>;
}

/** `read`: every variable of the group by its name; `write`: the same names in, `written` out. */
function stateSignatures(g: Graph, group: VariableGroup, variables: readonly Variable[]): Record<string, Signature> {
  const read = variables.map((v) => g.unary('Identity', readVariable(g, v), `read.${v.name}`));
  const fed = variables.map((v) => g.placeholder(`write.${v.name}`, v.shape, 'float'));
  const assigned = variables.map((v, index) => assignVariable(g, v, fed[index]!));
  const options = { name: `written.${group}`, after: assigned };
  const written = g.node('Identity', [g.scalar(1)], { T: { type: 'float' } }, [], 'float', options);
  const byName = (tensors: readonly Tensor[]) =>
    Object.fromEntries(variables.map((v, index) => [v.name, tensorInfo(tensors[index]!)]));
  return {
    [`read.${group}`]: { inputs: {}, outputs: byName(read) },
    [`write.${group}`]: { inputs: byName(fed), outputs: { written: tensorInfo(written) } },
  };
}

function predictSignature(g: Graph, network: UNetSpec, patch: readonly number[], { batchSize, precision }: InferenceOptions, weights: ReadonlyMap<string, Variable>): Signature {
  const image = g.placeholder('predict.image', [batchSize, ...patch, network.inputChannels], 'float');
  const parameter = (name: string): Tensor => readVariable(g, weights.get(name)!);
  const logits = buildUNet(graphOps(g, precision), network, [0], image, { parameter }).get(0)!;
  return { inputs: { image: tensorInfo(image) }, outputs: { logits: tensorInfo(g.unary('Identity', logits, 'predict.logits')) } };
}

/** Adds λ/2·‖w‖² of the decaying parameters to the loss through its gradient, as the seed does (not decoupled). */
function withWeightDecay(g: Graph, decay: number, parameters: readonly Parameter[], values: readonly Tensor[], gradients: readonly Tensor[]): Tensor[] {
  if (decay === 0) return [...gradients];
  return gradients.map((gradient, index) =>
    parameters[index]!.decays ? g.binary('AddV2', gradient, g.binary('Mul', values[index]!, g.scalar(decay))) : gradient,
  );
}

/** PyTorch's; keras' 0.99 would need hundreds of steps to forget where it started. */
const RUNNING_STATISTICS_KEPT = 0.9;

/** Batch norm's means and variances for prediction follow those of the batches, but not those of a skipped step. */
function moveRunningStatistics(g: Graph, weights: readonly Variable[], current: ReadonlyMap<string, Tensor>, batch: ReadonlyMap<string, Tensor>, finite: Tensor): Tensor[] {
  return weights.flatMap((variable) => {
    const value = batch.get(variable.name);
    if (!value) return [];
    const old = current.get(variable.name)!;
    const kept = g.binary('Mul', old, g.scalar(RUNNING_STATISTICS_KEPT));
    const next = g.binary('AddV2', kept, g.binary('Mul', value, g.scalar(1 - RUNNING_STATISTICS_KEPT)));
    return [assignVariable(g, variable, g.select(finite, next, old))];
  });
}

function trainSignature(g: Graph, spec: TrainingSpec, heads: readonly number[], parameters: readonly Parameter[], weights: readonly Variable[]): { signature: Signature; state: readonly Variable[] } {
  const shape = [spec.batchSize, ...spec.patch];
  const image = g.placeholder('train.image', [...shape, spec.network.inputChannels], 'float');
  const labels = g.placeholder('train.labels', shape, 'int32');
  const learningRate = g.placeholder('train.learningRate', [], 'float');
  const trained = parameters.filter((p) => p.isTrained);
  const byName = new Map(weights.map((w) => [w.name, readVariable(g, w)]));
  const values = trained.map(({ name }) => byName.get(name)!);
  const trainedWeights = weights.filter((_, index) => parameters[index]!.isTrained);
  const ops = graphOps(g, spec.precision);
  const statistics = new Map<string, Tensor>();
  const outputs = buildUNet(ops, spec.network, heads, image, {
    parameter: (name) => byName.get(name)!,
    onBatchStatistic: (name, value) => statistics.set(name, value),
  });
  const loss = deepSupervisedLoss(ops, spec, outputs, labels);
  const gradients = withWeightDecay(g, spec.optimizer.weightDecay, trained, values, g.gradients(loss, values));
  if (spec.optimizer.kind !== 'adam') throw new Error(`no optimiser '${spec.optimizer.kind}' yet`);
  const adam = declareAdam(g, trainedWeights);
  const { gradientNorm, done } = emitAdam(g, spec.optimizer, trainedWeights, adam, gradients, learningRate);
  const finite = g.node('IsFinite', [gradientNorm], { T: { type: 'float' } }, [], 'bool');
  const moved = moveRunningStatistics(g, weights, byName, statistics, finite);
  const lossOut = g.node('Identity', [loss], { T: { type: 'float' } }, [], 'float', { name: 'train.loss', after: [...done, ...moved] });
  const normOut = g.unary('Identity', gradientNorm, 'train.gradientNorm');
  const inputs = { image, labels, learningRate };
  return {
    signature: {
      inputs: Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [key, tensorInfo(tensor)])),
      outputs: { loss: tensorInfo(lossOut), gradientNorm: tensorInfo(normOut) },
    },
    state: [...adam.firstMoments, ...adam.secondMoments, adam.beta1Power, adam.beta2Power],
  };
}

export function buildTrainingGraph(spec: TrainingSpec): BuiltGraph {
  const g = new Graph();
  const heads = headLevels(spec.network, spec.deepSupervisionWeights);
  const parameters = parametersOf(spec.network, heads);
  const weights = parameters.map((p) => declareVariable(g, p.name, p.shape));
  const train = trainSignature(g, spec, heads, parameters, weights);
  const byName = new Map(weights.map((w) => [w.name, w]));
  const predict = predictSignature(g, spec.network, spec.patch, { batchSize: 1, precision: spec.precision }, byName);
  const signatures = {
    train: train.signature,
    predict,
    ...stateSignatures(g, 'weights', weights),
    ...stateSignatures(g, 'optimizer', train.state),
  };
  return built(g, signatures, parameters, { weights, optimizer: train.state });
}

/** Prediction only: no optimiser state, no gradients. */
export function buildInferenceGraph(network: UNetSpec, patch: readonly number[], options: InferenceOptions): BuiltGraph {
  const g = new Graph();
  const parameters = parametersOf(network, [0]);
  const weights = parameters.map((p) => declareVariable(g, p.name, p.shape));
  const predict = predictSignature(g, network, patch, options, new Map(weights.map((w) => [w.name, w])));
  return built(g, { predict, ...stateSignatures(g, 'weights', weights) }, parameters, { weights, optimizer: [] });
}

function built(
  g: Graph,
  signatures: Readonly<Record<string, Signature>>,
  parameters: readonly Parameter[],
  variables: BuiltGraph['variables'],
): BuiltGraph {
  return { savedModel: encodeSavedModel(g.nodes, signatures), signatures: Object.keys(signatures), parameters, variables };
}
