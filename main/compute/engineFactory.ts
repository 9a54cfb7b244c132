/** The tensor engine behind `models/engine.ts`: TensorFlow graphs that this folder emits. */
import type { EngineFactory, InferenceEngine, InferenceOptions, NamedArray, TrainingEngine, TrainingSpec, UNetSpec } from '../../models/engine.ts';
import { detectDevice } from './device.ts';
import { initialWeights } from './initialWeights.ts';
import { buildInferenceGraph, buildTrainingGraph } from './networkGraph.ts';
import type { BuiltGraph } from './networkGraph.ts';
import { loadTensorFlow, runtimeVersion } from './runtime.ts';
import type { Tf } from './runtime.ts';
import { Session, VARIABLE_GROUPS } from './session.ts';

function freshOptimizer(graph: BuiltGraph): NamedArray[] {
  return graph.variables.optimizer.map(({ name, shape, initial }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    return { name, shape, values: values.fill(initial) };
  });
}

/** Writes weights and what starts as a copy of them. */
function writeWeights(session: Session, { variables }: BuiltGraph, weights: readonly NamedArray[]): void {
  session.write('weights', weights);
  const written = new Map(weights.map((array) => [array.name, array]));
  for (const group of ['slow', 'average'] as const) {
    session.write(
      group,
      variables[group].map(({ name }) => ({ ...written.get(name.slice(group.length + 1))!, name })),
    );
  }
}

/** Running statistics have no average of their own: they are one. */
function readAverage(session: Session): NamedArray[] {
  const averages = new Map(session.read('average').map(({ name, values }) => [name, values]));
  return session.read('weights').map((array) => ({ ...array, values: averages.get(`average.${array.name}`) ?? array.values }));
}

async function createTraining(tf: Tf, spec: TrainingSpec, seed: number): Promise<TrainingEngine> {
  const graph = buildTrainingGraph(spec);
  const session = await Session.open(tf, graph);
  writeWeights(session, graph, initialWeights(graph.parameters, spec.network.negativeSlope, seed));
  session.write('optimizer', freshOptimizer(graph));
  const imageShape = [spec.batchSize, ...spec.patch, spec.network.inputChannels];
  const labelShape = imageShape.slice(0, -1);
  return {
    step(images, labels, learningRate) {
      const { loss, gradientNorm, updated, lossScale } = session.run('train', {
        image: tf.tensor(images, imageShape, 'float32'),
        labels: tf.tensor(new Int32Array(labels), labelShape, 'int32'), // tfjs has no uint8; 1 ms for 800 000 voxels
        learningRate: tf.scalar(learningRate),
      });
      return { loss: loss![0]!, gradientNorm: gradientNorm![0]!, skipped: updated![0] === 0, lossScale: lossScale![0]! };
    },
    predict: (image) => session.run('predict', { image: tf.tensor(image, [1, ...imageShape.slice(1)], 'float32') }).logits!,
    readWeights: (which) => (which === 'average' ? readAverage(session) : session.read('weights')),
    writeWeights: (weights) => writeWeights(session, graph, weights),
    readState: () => VARIABLE_GROUPS.flatMap((group) => session.read(group)),
    writeState(state) {
      for (const group of VARIABLE_GROUPS) session.write(group, state);
    },
    dispose: () => session.dispose(),
  };
}

async function createInference(
  tf: Tf,
  network: UNetSpec,
  patch: readonly number[],
  weights: readonly NamedArray[],
  { batchSize = 1, precision = 'float32', xla = false }: Partial<InferenceOptions> = {},
): Promise<InferenceEngine> {
  const session = await Session.open(tf, buildInferenceGraph(network, patch, { batchSize, precision, xla }));
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
    device: detectDevice(tf),
    createTraining: (spec, seed) => createTraining(tf, spec, seed),
    createInference: (network, patch, weights, options) => createInference(tf, network, patch, weights, options),
  };
}
