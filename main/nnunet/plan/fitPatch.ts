/** nnU-Net v2's search for patch, topology and batch of one network (default_ and residual_encoder_unet_planners.py). */
import { roundHalfEven } from '../../imaging/roundHalfEven.ts';
import { featureMapElements } from '../../../models/networkCost.ts';
import type { UNetSpec, UNetStage } from '../../../models/engine.ts';
import { REFERENCE_BATCH, type PlannerRules } from './planPresets.ts';
import { v2Topology, type Topology } from './topology.ts';

/** Edge of a square or cube whose area or volume the first patch has: larger than any card can hold. */
const START_EDGE = { 2: 2048, 3: 256 } as const;
const FIRST_FEATURES = 32;
const LARGEST_FEATURES = { 2: 512, 3: 320 } as const;
const SMALLEST_BATCH = 2;

export interface FitRequest {
  readonly rules: PlannerRules;
  /** Scales the reference values: the memory of the card that should be filled, in GB. */
  readonly vramGb: number;
  /** One entry per spatial axis, as `medianShape`. */
  readonly spacingMm: readonly number[];
  readonly medianShape: readonly number[];
  /** Everything but the stages. */
  readonly network: Omit<UNetSpec, 'stages'>;
}

export interface FittedPatch {
  readonly topology: Topology;
  /** Feature-map elements of one patch. */
  readonly elements: number;
  /** What the card holds. */
  readonly reference: number;
}

/** Starts from the largest patch and shrinks its relatively largest axis until the network fits. */
export function fitPatch({ rules, vramGb, spacingMm, medianShape, network }: FitRequest): FittedPatch {
  const { dims } = network;
  const reference = rules.elements[dims] * (vramGb / rules.vramGb);
  const finest = spacingMm.map((mm) => 1 / mm);
  const scale = (START_EDGE[dims] ** dims / product(finest)) ** (1 / dims);
  let patch: readonly number[] = finest.map((n, axis) => Math.min(roundHalfEven(n * scale), medianShape[axis]!));
  for (;;) {
    const topology = v2Topology(spacingMm, patch);
    const elements = featureMapElements({ ...network, stages: stagesOf(topology, dims, rules) }, topology.patch);
    const needed = rules.batchThatMustFit === null ? elements : (elements / REFERENCE_BATCH[dims]) * rules.batchThatMustFit;
    if (needed <= reference) return { topology, elements, reference };
    patch = shrunk(topology, spacingMm, medianShape);
  }
}

function shrunk(topology: Topology, spacing: readonly number[], medianShape: readonly number[]): number[] {
  const { patch, divisors } = topology;
  let axis = 0;
  for (let n = 1; n < patch.length; n++) if (patch[n]! / medianShape[n]! >= patch[axis]! / medianShape[axis]!) axis = n;
  const reduced = patch.map((n, other) => (other === axis ? n - divisors[axis]! : n));
  // the shrunken patch may pool less often: its own divisor is the step (256 → 224, not 192)
  const step = v2Topology(spacing, reduced).divisors[axis]!;
  return patch.map((n, other) => (other === axis ? n - step : n));
}

/** What the card holds beyond the patch goes into the batch. `datasetVoxels`: of all cases, resampled. */
export function batchSizeOf({ topology, elements, reference }: FittedPatch, rules: PlannerRules, datasetVoxels: number): number {
  const dims = topology.patch.length as 2 | 3;
  if (rules.batchSize) return rules.batchSize[dims];
  const cap = roundHalfEven((datasetVoxels * rules.largestDatasetPartPerBatch) / product(topology.patch));
  return Math.max(SMALLEST_BATCH, Math.min(cap, roundHalfEven((reference / elements) * REFERENCE_BATCH[dims])));
}

export function stagesOf({ kernels, strides }: Topology, dims: 2 | 3, { encoderConvs }: PlannerRules): UNetStage[] {
  return kernels.map((kernel, level) => ({
    features: Math.min(FIRST_FEATURES * 2 ** level, LARGEST_FEATURES[dims]),
    convs: encoderConvs[Math.min(level, encoderConvs.length - 1)]!,
    kernel,
    stride: strides[level]!,
  }));
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
