/** How much memory a prediction needs on a processor, known before the case is read. Fitted as `trainingMemory.ts`. */
import type { UNetSpec } from '../../../models/engine.ts';
import { featureMapElements, parameterElements } from '../../../models/networkCost.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { patchDhw } from '../patchWindow.ts';

/** Node, TensorFlow and its threads, before any network. */
const PROGRAM_BYTES = 420 * 2 ** 20;
/** Read, handed to TensorFlow, kept there. */
const COPIES_OF_WEIGHTS = 3;
/** A convolution holds its input, its output and room to work in; earlier levels wait as skips. */
const ACTIVATION_FACTOR = 0.83;
const FLOAT_BYTES = 4;

export interface PredictedCase {
  readonly channels: number;
  /** As stored, after cropping at most. */
  readonly storedShapeDhw: ShapeDhw;
  /** As the network sees it. */
  readonly shapeDhw: ShapeDhw;
}

export interface PredictingNetwork {
  readonly network: UNetSpec;
  readonly patch: readonly number[];
  readonly windowsPerCall: number;
  /** Networks that are loaded together. */
  readonly count: number;
}

/** Peak resident bytes of the compute process. */
export function inferenceBytes(predicting: PredictingNetwork, predicted: PredictedCase): number {
  const weights = FLOAT_BYTES * parameterElements(predicting.network, [0]);
  return PROGRAM_BYTES + weights * COPIES_OF_WEIGHTS * predicting.count + caseBytes(predicting, predicted);
}

/** Of one case, beyond program and weights: windows and slabs of logits, or the resampling before them. */
export function caseBytes({ network, patch, windowsPerCall }: PredictingNetwork, { channels, storedShapeDhw, shapeDhw }: PredictedCase): number {
  const outputs = network.classes;
  const stored = product(storedShapeDhw);
  const seen = product(shapeDhw);
  const preprocessing = FLOAT_BYTES * (channels * (seen + stored) + 2 * Math.max(seen, stored));
  const activations = windowsPerCall * featureMapElements(network, patch) * ACTIVATION_FACTOR * FLOAT_BYTES;
  const depth = patchDhw(patch)[0];
  const slab = FLOAT_BYTES * Math.min(shapeDhw[0], depth + windowsPerCall - 1) * shapeDhw[1] * shapeDhw[2] * (outputs + 1);
  const windows = FLOAT_BYTES * 4 * windowsPerCall * product(patch) * (outputs + network.inputChannels);
  const kept = FLOAT_BYTES * channels * (seen + stored);
  return Math.max(preprocessing, kept + activations + slab + windows);
}

/** 0 without cases. */
export const largestCase = (predicting: PredictingNetwork, cases: readonly PredictedCase[]): number =>
  cases.reduce((most, one) => Math.max(most, caseBytes(predicting, one)), 0);

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
