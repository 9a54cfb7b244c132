/** What the presets' planners do differently: nnU-Net v2's `…_planner.py` and `resenc_presets.md`, and NVIDIA's recipe. */
import type { Preset } from '../../contract/vocabulary.ts';

export interface PlannerRules {
  readonly architecture: 'plain' | 'residual';
  /** Feature-map elements that fill a card of `vramGb` by 2 and 3 spatial axes, measured with `REFERENCE_BATCH`. */
  readonly elements: Readonly<Record<2 | 3, number>>;
  readonly vramGb: number;
  /** Convolutions (plain) or blocks (residual) of the encoder by level; deeper levels repeat the last. */
  readonly encoderConvs: readonly number[];
  readonly decoderConvs: number;
  readonly decoderKernels: 'sameLevel' | 'coarserLevel';
  /** One batch sees at most this part of the data set's voxels. */
  readonly largestDatasetPartPerBatch: number;
  /** A patch is small enough when a batch of this many fits; `null`: when the reference batch fits. */
  readonly batchThatMustFit: number | null;
  /** The seed fixes it. */
  readonly batchSize: Readonly<Record<2 | 3, number>> | null;
}

/** Batch sizes that the reference values stand for. */
export const REFERENCE_BATCH = { 2: 12, 3: 2 } as const;

const PLAIN: PlannerRules = {
  architecture: 'plain',
  elements: { 2: 85e6, 3: 560e6 },
  vramGb: 8,
  encoderConvs: [2],
  decoderConvs: 2,
  decoderKernels: 'sameLevel',
  largestDatasetPartPerBatch: 0.05,
  batchThatMustFit: 2,
  batchSize: null,
};
const RESIDUAL: PlannerRules = {
  ...PLAIN,
  architecture: 'residual',
  elements: { 2: 135e6, 3: 680e6 },
  encoderConvs: [1, 3, 4, 6],
  decoderConvs: 1,
  largestDatasetPartPerBatch: 1,
  batchThatMustFit: null,
};

export const PLANNER_RULES: Readonly<Record<Preset, PlannerRules>> = {
  v2: PLAIN,
  seed: { ...PLAIN, decoderKernels: 'coarserLevel', batchSize: { 2: 64, 3: 2 } },
  resenc_m: RESIDUAL,
  resenc_l: { ...RESIDUAL, elements: { 2: 380e6, 3: 2.1e9 }, vramGb: 24 },
  resenc_xl: { ...RESIDUAL, elements: { 2: 560e6, 3: 3.6e9 }, vramGb: 40 },
};
