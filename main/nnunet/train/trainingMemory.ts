/**
 * How much memory a training needs on a processor, predicted from its spec before anything is built, and what would need
 * less. The factors were fitted to measured peaks (`npm run bench -- memory`; docs/benchmarks.md has the errors).
 */
import type { TrainingSpec } from '../../../models/engine.ts';
import { featureMapElements, parameterElements } from '../../../models/networkCost.ts';
import type { MemoryChoices, MemoryOffer } from '../../contract/memory.ts';
import { patchSteps } from './trainingSpec.ts';

/** What activations and their gradients take of each feature-map element, in float32 elements; with 16 bits the norm and the loss stay at 32. */
const ACTIVATION_FACTOR: Readonly<Record<TrainingSpec['precision'], number>> = { float32: 2.4, bfloat16: 2.1, float16: 2.1 };
/** Node, TensorFlow, the graph of forward and backward pass, room for convolutions to work in. */
const PROGRAM_BYTES = 660 * 2 ** 20;
/** With gradients, moments, the update, and the copies of a checkpoint on its way to disk. */
const COPIES_OF_WEIGHTS = 7;
/** In use, drawn ahead by the batch thread, and on its way into TensorFlow. */
const BATCHES_HELD = 4;
const FLOAT_BYTES = 4;
/** No network is trained on less. */
const SMALLEST_PATCH_VOXELS = 16;

export interface TrainingSurroundings {
  /** Preprocessed volumes that the batch thread keeps unpacked. */
  readonly cachedBytes: number;
  /** For the largest validation case, beyond program and weights. */
  readonly validationBytes: number;
}

/** Peak resident bytes of the compute process. */
export function trainingBytes(spec: TrainingSpec, { cachedBytes, validationBytes }: TrainingSurroundings): number {
  const { network, patch, batchSize, accumulation = 1 } = spec;
  const samplesAtOnce = Math.ceil(batchSize / accumulation);
  const activations = samplesAtOnce * featureMapElements(network, patch) * ACTIVATION_FACTOR[spec.precision] * FLOAT_BYTES;
  const batches = BATCHES_HELD * batchSize * product(patch) * (network.inputChannels * FLOAT_BYTES + FLOAT_BYTES);
  return PROGRAM_BYTES + weightBytes(spec) * COPIES_OF_WEIGHTS + Math.max(activations, validationBytes) + batches + cachedBytes;
}

function weightBytes({ network, deepSupervisionWeights }: TrainingSpec): number {
  const heads = deepSupervisionWeights.flatMap((weight, level) => (weight > 0 ? [level] : []));
  return FLOAT_BYTES * parameterElements(network, heads);
}

/**
 * What fits into `availableBytes`, the one that changes least first: the batch in parts, a smaller batch, and where a single
 * sample is too much, smaller patches one sample at a time. Empty where nothing does.
 */
export function offersFitting(spec: TrainingSpec, surroundings: TrainingSurroundings, availableBytes: number): MemoryOffer[] {
  const offerOf = (choices: MemoryChoices): MemoryOffer => ({ choices, neededBytes: trainingBytes(changedBy(spec, choices), surroundings) });
  const firstFitting = (all: readonly MemoryChoices[]): MemoryOffer[] =>
    all
      .map(offerOf)
      .filter(({ neededBytes }) => neededBytes <= availableBytes)
      .slice(0, 1);
  const { batchSize, accumulation = 1 } = spec;
  const parts = range(accumulation + 1, batchSize).map((count) => ({ accumulation: count }));
  const batches = range(1, batchSize - 1)
    .reverse()
    .map((count) => ({ batchSize: count, accumulation: 1 }));
  const offers = [...firstFitting(parts), ...firstFitting(batches)];
  return offers.length > 0 ? offers : firstFitting(smallerPatches(spec).map((patch) => ({ accumulation: batchSize, patch })));
}

/** Of a training that ran out of memory though nothing foretold it: twice as many parts; then smaller patches. */
export function offersBelow(spec: TrainingSpec): MemoryOffer[] {
  const { batchSize, accumulation = 1 } = spec;
  const [patch] = smallerPatches(spec);
  const choices: MemoryChoices[] = accumulation < batchSize ? [{ accumulation: Math.min(batchSize, accumulation * 2) }] : patch ? [{ patch: [...patch] }] : [];
  const surroundings = { cachedBytes: 0, validationBytes: 0 };
  return choices.map((one) => ({ choices: one, neededBytes: trainingBytes(changedBy(spec, one), surroundings) }));
}

const changedBy = (spec: TrainingSpec, { accumulation, batchSize, patch }: MemoryChoices): TrainingSpec => ({
  ...spec,
  batchSize: batchSize ?? spec.batchSize,
  accumulation: accumulation ?? spec.accumulation,
  patch: patch ?? spec.patch,
});

/** Ever smaller ones: each a step shorter along the axis with the most steps left. The network stays the same. */
function smallerPatches({ network, patch }: TrainingSpec): number[][] {
  const step = patchSteps(network.stages);
  const patches: number[][] = [];
  for (let current = [...patch]; ;) {
    const counts = current.map((size, axis) => size / step[axis]!);
    const axis = counts.indexOf(Math.max(...counts));
    const size = current[axis]! - step[axis]!;
    // instance norm needs more than one voxel at the coarsest level
    if (size < Math.max(SMALLEST_PATCH_VOXELS, 2 * step[axis]!)) return patches;
    current = current.map((value, n) => (n === axis ? size : value));
    patches.push(current);
  }
}

const range = (first: number, last: number): number[] => Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
