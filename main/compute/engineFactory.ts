/** The tensor engine behind `models/engine.ts`: TensorFlow graphs that this folder emits. */
import type { EngineFactory, InferenceEngine, NamedArray, TrainingEngine, TrainingSpec } from '../../models/engine.ts';
import { initialWeights } from './initialWeights.ts';
import { buildInferenceGraph, buildTrainingGraph } from './networkGraph.ts';
import type { BuiltGraph } from './networkGraph.ts';
import { loadTensorFlow } from './runtime.ts';
import type { Tf } from './runtime.ts';
import { Session } from './session.ts';

const zeros = (shape: readonly number[]): Float32Array => new Float32Array(shape.reduce((a, b) => a * b, 1));

/** Moments 0, beta powers 1. */
function freshOptimizer(graph: BuiltGraph): NamedArray[] {
  return graph.variables
    .slice(graph.parameters.length)
    .map(({ name, shape }) => ({ name, shape, values: shape.length === 0 ? Float32Array.of(1) : zeros(shape) }));
}

async function createTraining(tf: Tf, spec: TrainingSpec, seed: number): Promise<TrainingEngine> {
  const graph = buildTrainingGraph(spec);
  const session = await Session.open(tf, graph, ['train', 'predict', 'read', 'write']);
  const weightNames = new Set(graph.parameters.map((p) => p.name));
  session.write([...initialWeights(graph.parameters, spec.network.negativeSlope, seed), ...freshOptimizer(graph)]);
  const imageShape = [spec.batchSize, ...spec.patch, spec.network.inputChannels];
  const labelShape = imageShape.slice(0, -1);
  return {
    step(images, labels, learningRate) {
      const { loss, gradientNorm } = session.run('train', {
        image: tf.tensor(images, imageShape, 'float32'),
        labels: tf.tensor(Int32Array.from(labels), labelShape, 'int32'),
        learningRate: tf.scalar(learningRate),
        lossScale: tf.scalar(1),
      });
      return { loss: loss![0]!, gradientNorm: gradientNorm![0]! };
    },
    predict: (image) => session.run('predict', { image: tf.tensor(image, [1, ...imageShape.slice(1)], 'float32') }).logits!,
    readWeights: () => session.read(weightNames),
    writeWeights(weights) {
      session.write([...weights, ...session.read().filter(({ name }) => !weightNames.has(name))]);
    },
    readState: () => session.read(),
    writeState: (state) => session.write(state),
    dispose: () => session.dispose(),
  };
}

async function createInference(
  tf: Tf,
  network: TrainingSpec['network'],
  patch: readonly number[],
  weights: readonly NamedArray[],
): Promise<InferenceEngine> {
  const session = await Session.open(tf, buildInferenceGraph(network, patch), ['predict', 'read', 'write']);
  session.write(weights);
  const shape = [1, ...patch, network.inputChannels];
  return {
    predict: (image) => session.run('predict', { image: tf.tensor(image, shape, 'float32') }).logits!,
    dispose: () => session.dispose(),
  };
}

/** Throws `RuntimeLoadError`. */
export async function loadEngineFactory(): Promise<EngineFactory> {
  const tf = await loadTensorFlow();
  return {
    version: tf.version['tfjs-node'] ? `tfjs-node ${tf.version['tfjs-node']}` : 'unknown',
    createTraining: (spec, seed) => createTraining(tf, spec, seed),
    createInference: (network, patch, weights) => createInference(tf, network, patch, weights),
  };
}
