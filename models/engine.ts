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

/**
 * nnU-Net's U-Net (arXiv 1809.10486): conv–norm–leaky ReLU blocks, strided down, transposed up. `residual`: the encoder's
 * blocks have a skip (ResEnc presets); a stage's `convs` then counts its blocks.
 */
export interface UNetSpec {
  readonly dims: 2 | 3;
  readonly architecture: 'plain' | 'residual';
  readonly norm: 'instance' | 'batch' | 'group' | 'none';
  readonly inputChannels: number;
  /** Output channels: softmax classes with background, or one sigmoid for each region. */
  readonly classes: number;
  readonly stages: readonly UNetStage[];
  readonly decoderConvs: number;
  /** Which kernels a decoder level convolves with: those of its own level (v2; the default), or of the next coarser one (the seed). */
  readonly decoderKernels?: 'sameLevel' | 'coarserLevel' | undefined;
  readonly negativeSlope: number;
}

/** What convolutions compute in; weights, statistics and the loss are float32 always. */
export type ComputePrecision = 'float32' | 'bfloat16' | 'float16';

/** What tensors are computed on. `computeCapability`: of the oldest GPU, e.g. 8.6; null where it is not known. */
export type ComputeDevice = { readonly kind: 'cpu'; readonly convolvesBfloat16: boolean } | { readonly kind: 'gpu'; readonly computeCapability: number | null };

interface OptimizerShared {
  /** λ of λ/2·‖w‖² in the loss (not decoupled); 0 = none. */
  readonly weightDecay: number;
  /** Which arrays decay: convolution kernels (default), all but norm scales and shifts (the seed), or everything (nnU-Net v2). */
  readonly weightDecayOn?: 'kernels' | 'exceptNorms' | 'everything';
  /** Global gradient norm clip; 0 = none. */
  readonly clipNorm: number;
  /** arXiv 1907.08610: every `syncPeriod` updates the slow weights go `slowStep` of the way, and the fast ones join them. */
  readonly lookahead?: { readonly syncPeriod: number; readonly slowStep: number };
}
interface AdaptiveOptimizer extends OptimizerShared {
  /** Adam: arXiv 1412.6980; RAdam: arXiv 1908.03265. */
  readonly kind: 'adam' | 'radam';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}
interface SgdOptimizer extends OptimizerShared {
  readonly kind: 'sgd';
  readonly momentum: number;
  readonly nesterov: boolean;
}
export type OptimizerSpec = AdaptiveOptimizer | SgdOptimizer;

export interface TrainingSpec {
  readonly network: UNetSpec;
  /** Spatial patch, one entry per spatial axis (2 or 3). */
  readonly patch: readonly number[];
  readonly batchSize: number;
  /**
   * The batch is computed in so many parts, one after the other, for one update: less memory. What looks across samples (batch
   * Dice, batch norm) sees one part at a time. Absent: one.
   */
  readonly accumulation?: number | undefined;
  /** Loss weight of each decoder output, finest first, summing to 1; 0 or absent = no head. */
  readonly deepSupervisionWeights: readonly number[];
  /**
   * Labels of coarse outputs by taking every stride-th voxel (nnU-Net v2), or coarse logits nearest-upsampled to the
   * full-size labels (the seed).
   */
  readonly supervision: 'subsampledLabels' | 'upsampledLogits';
  /** Dice sums over the whole batch (true) or per sample (false). */
  readonly batchDice: boolean;
  /** Softmax only: background counts in Dice too. It always counts in cross-entropy. */
  readonly diceIncludesBackground: boolean;
  readonly diceSmooth: number;
  /** Class indices that make up each output: sigmoid outputs with BCE + Dice. null: softmax over the classes. */
  readonly regions: readonly (readonly number[])[] | null;
  /** Voxels of this class count nowhere in the loss. The network has no output for it. */
  readonly ignoreClass: number | null;
  readonly optimizer: OptimizerSpec;
  /** Part of the old average kept at each update, e.g. 0.999; 0 = no average. */
  readonly emaDecay: number;
  readonly precision: ComputePrecision;
  /** Compile the computation with XLA: for GPUs; 12 times slower on a CPU. */
  readonly xla: boolean;
}

export interface StepResult {
  readonly loss: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  /** Loss or gradient was not finite: the graph left weights and optimiser as they were. */
  readonly skipped: boolean;
  /** What the loss was multiplied by in this step: 1 but in float16. */
  readonly lossScale: number;
}

/** Named float32 arrays with their shapes; names are a file format. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface TrainingEngine {
  /** Images [N, …spatial, C] float32, labels [N, …spatial] integer classes. One optimiser update. */
  step(images: Float32Array, labels: Uint8Array | Uint16Array, learningRate: number): StepResult;
  /** One patch [1, …spatial, C] → logits [1, …spatial, classes] with the current weights. */
  predict(image: Float32Array): Float32Array;
  /** Weights only, for inference and warm start. `average`: their moving average; the current ones where `emaDecay` is 0. */
  readWeights(which?: 'current' | 'average'): NamedArray[];
  writeWeights(weights: readonly NamedArray[]): void;
  /** Weights, optimiser moments and counters: everything a resume needs. */
  readState(): NamedArray[];
  writeState(state: readonly NamedArray[]): void;
  dispose(): void;
}

export interface InferenceOptions {
  /** Windows that one call takes at most. */
  readonly batchSize: number;
  readonly precision: ComputePrecision;
  /** Compile with XLA: for GPUs. */
  readonly xla: boolean;
}

export interface InferenceEngine {
  readonly batchSize: number;
  /**
   * One to `batchSize` patches [n, …spatial, C] → logits [n, …spatial, classes]. Fewer than `batchSize` cost as much as all
   * of them, for the graph has one shape. Throws when `images` is not whole patches, or too many.
   */
  predict(images: Float32Array): Float32Array;
  dispose(): void;
}

export interface EngineFactory {
  readonly version: string;
  readonly device: ComputeDevice;
  /** Weights are He-normal (a = negativeSlope), biases 0, norm scale 1, from `seed`. */
  createTraining(spec: TrainingSpec, seed: number): Promise<TrainingEngine>;
  /** By default one window at a time in float32. */
  createInference(network: UNetSpec, patch: readonly number[], weights: readonly NamedArray[], options?: Partial<InferenceOptions>): Promise<InferenceEngine>;
}
