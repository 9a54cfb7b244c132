/** The tensor engine behind `models/engine.ts`: TensorFlow graphs that this folder emits. */
import type { EngineFactory, InferenceEngine, InferenceOptions, NamedArray, TrainingEngine, TrainingSpec, UNetSpec } from '../../models/engine.ts';
import { initialWeights } from './initialWeights.ts';
import { buildInferenceGraph, buildTrainingGraph } from './networkGraph.ts';
import type { BuiltGraph } from './networkGraph.ts';
import { loadTensorFlow, runtimeVersion } from './runtime.ts';
import type { Tf } from './runtime.ts';
import { Session } from './session.ts';

/** Moments 0, beta powers 1. */
function freshOptimizer(graph: BuiltGraph): NamedArray[] {
  return graph.variables.optimizer.map(({ name, shape }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    return { name, shape, values: shape.length === 0 ? values.fill(1) : values };
  });
}

async function createTraining(tf: Tf, spec: TrainingSpec, seed: number): Promise<TrainingEngine> {
  const graph = buildTrainingGraph(spec);
  const session = await Session.open(tf, graph);
  session.write('weights', initialWeights(graph.parameters, spec.network.negativeSlope, seed));
  session.write('optimizer', freshOptimizer(graph));
  const imageShape = [spec.batchSize, ...spec.patch, spec.network.inputChannels];
  const labelShape = imageShape.slice(0, -1);
  return {
    step(images, labels, learningRate) {
      const { loss, gradientNorm } = session.run('train', {
        image: tf.tensor(images, imageShape, 'float32'),
        labels: tf.tensor(new Int32Array(labels), labelShape, 'int32'), // tfjs has no uint8; 1 ms for 800 000 voxels
        learningRate: tf.scalar(learningRate),
      });
      return { loss: loss![0]!, gradientNorm: gradientNorm![0]!, skipped: !Number.isFinite(gradientNorm![0]!), lossScale: 1 };
    },
    predict: (image) => session.run('predict', { image: tf.tensor(image, [1, ...imageShape.slice(1)], 'float32') }).logits!,
    readWeights: () => session.read('weights'),
    writeWeights: (weights) => session.write('weights', weights),
    readState: () => [...session.read('weights'), ...session.read('optimizer')],
    writeState(state) {
      session.write('weights', state);
      session.write('optimizer', state);
    },
    dispose: () => session.dispose(),
  };
}

async function createInference(
  tf: Tf,
  network: UNetSpec,
  patch: readonly number[],
  weights: readonly NamedArray[],
  { batchSize = 1, precision = 'float32' }: Partial<InferenceOptions> = {},
): Promise<InferenceEngine> {
  const session = await Session.open(tf, buildInferenceGraph(network, patch, { batchSize, precision }));
  session.write('weights', weights);
  const voxels = patch.reduce((a, b) => a * b, 1);
  const shape = [batchSize, ...patch, network.inputChannels];
  return {
    batchSize,
    predict(images) {
      const count = images.length / (voxels * network.inputChannels);
      if (!Number.isInteger(count) || count < 1 || count > batchSize) throw new Error(`${images.length} values are not 1 to ${batchSize} patches`);
      const full = count === batchSize ? images : new Float32Array(batchSize * voxels * network.inputChannels);
      if (full !== images) full.set(images);
      const { logits } = session.run('predict', { image: tf.tensor(full, shape, 'float32') });
      return count === batchSize ? logits! : logits!.subarray(0, count * voxels * network.classes);
    },
    dispose: () => session.dispose(),
  };
}

/** Throws `RuntimeLoadError`. */
export async function loadEngineFactory(): Promise<EngineFactory> {
  const tf = await loadTensorFlow();
  return {
    version: runtimeVersion(tf),
    createTraining: (spec, seed) => createTraining(tf, spec, seed),
    createInference: (network, patch, weights, options) => createInference(tf, network, patch, weights, options),
  };
}
