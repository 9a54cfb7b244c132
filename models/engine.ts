/**
 * The port between the training/inference loops (main/nnunet) and the tensor library (main/compute).
 * Knows only arrays: no case, no file, no plan. Arrays are channels-last: images [N, D, H, W, C] (2D: [N, H, W, C])
 * with W fastest, i.e. a one-channel patch is a straight copy of i-fastest volume memory. Calls block their thread.
 */

/** One resolution level of the encoder; `kernel` and `stride` have one entry per spatial axis (2 or 3). */
export interface UNetStage {
  readonly features: number;
  readonly convs: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
}

/** nnU-Net's plain convolutional U-Net (arXiv 1809.10486): conv–instance norm–leaky ReLU blocks, strided down, transposed up. */
export interface UNetSpec {
  readonly dims: 2 | 3;
  readonly inputChannels: number;
  /** Output classes, background included. */
  readonly classes: number;
  readonly stages: readonly UNetStage[];
  readonly decoderConvs: number;
  readonly negativeSlope: number;
}

export type ComputePrecision = 'float32' | 'bfloat16';

export interface TrainingSpec {
  readonly network: UNetSpec;
  /** Spatial patch, one entry per spatial axis (2 or 3). */
  readonly patch: readonly number[];
  readonly batchSize: number;
  /** Loss weight of each decoder output, finest first, summing to 1; 0 or absent = no head. */
  readonly deepSupervisionWeights: readonly number[];
  /** Dice sums over the whole batch (true) or per sample (false). Background is left out of Dice, kept in cross-entropy. */
  readonly batchDice: boolean;
  readonly diceSmooth: number;
  readonly optimizer: {
    readonly kind: 'adam';
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    /** L2 in the loss, as in the seed; 0 = none. */
    readonly weightDecay: number;
    /** Global gradient norm clip; 0 = none. */
    readonly clipNorm: number;
  };
  readonly precision: ComputePrecision;
}

export interface StepResult {
  readonly loss: number;
  /** Global gradient norm before clipping. Not finite → the update was skipped inside the graph. */
  readonly gradientNorm: number;
}

/** Named float32 arrays with their shapes; names are a file format. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface TrainingEngine {
  /** Images [N, …spatial, C] float32, labels [N, …spatial] integer classes. One optimiser update. */
  step(images: Float32Array, labels: Uint8Array, learningRate: number): StepResult;
  /** One patch [1, …spatial, C] → logits [1, …spatial, classes] with the current weights. */
  predict(image: Float32Array): Float32Array;
  /** Weights only, for inference and warm start. */
  readWeights(): NamedArray[];
  writeWeights(weights: readonly NamedArray[]): void;
  /** Weights, optimiser moments and counters: everything a resume needs. */
  readState(): NamedArray[];
  writeState(state: readonly NamedArray[]): void;
  dispose(): void;
}

export interface InferenceEngine {
  /** One patch [1, …spatial, C] → logits [1, …spatial, classes]. */
  predict(image: Float32Array): Float32Array;
  dispose(): void;
}

export interface EngineFactory {
  readonly version: string;
  /** Weights are He-normal (a = negativeSlope), biases 0, norm scale 1, from `seed`. */
  createTraining(spec: TrainingSpec, seed: number): Promise<TrainingEngine>;
  createInference(network: UNetSpec, patch: readonly number[], weights: readonly NamedArray[]): Promise<InferenceEngine>;
}
