/** nnU-Net v2's experiment planner for `2d` and `3d_fullres` (default_experiment_planner.py), and the seed's variant. */
import type { ConfigurationName, Preset, Segment } from '../contract/vocabulary.ts';
import { resizedShape } from '../imaging/resizedShape.ts';
import { roundHalfEven } from '../imaging/roundHalfEven.ts';
import { transposedShape } from '../imaging/tensorShape.ts';
import { featureMapElements } from '../../models/networkCost.ts';
import type { UNetStage } from '../../models/engine.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import type { Plan, PlanConfiguration, PlannedChannel } from './plan.ts';
import { medianTriple, percentile } from './statistics.ts';
import { seedTopology, v2Topology, type Topology } from './topology.ts';

type Triple = [number, number, number];

/** Feature-map elements that fill the reference card, and the batch they were measured with (8 GB target). */
const REFERENCE = {
  2: { elements: 85e6, batchSize: 12, startEdge: 2048, largestFeatures: 512, seedBatchSize: 64 },
  3: { elements: 560e6, batchSize: 2, startEdge: 256, largestFeatures: 320, seedBatchSize: 2 },
} as const;
const ANISOTROPY_LIMIT = 3;
const FIRST_FEATURES = 32;
const CONVS_PER_LEVEL = 2;
const NEGATIVE_SLOPE = 0.01;
const SMALLEST_BATCH = 2;
const LARGEST_DATASET_PART_PER_BATCH = 0.05;
/** Below this relative size after cropping, z-score is taken inside the non-zero mask. */
const MASKED_NORMALIZATION_BELOW = 0.75;
/** A patch that sees less of the median volume than this makes v2 plan a low-resolution configuration. */
const LOWRES_BELOW_PATCH_PART = 0.25;
const LOWRES_SPACING_STEP = 1.03;

export interface PlanRequest {
  readonly fingerprint: DatasetFingerprint;
  readonly channelNames: readonly string[];
  readonly legend: readonly Segment[];
  readonly preset: Preset;
}

/** Plans every configuration the data allow (`3d_fullres` not for single slices). Pure: same request, same plan. */
export function planExperiment({ fingerprint, channelNames, legend, preset }: PlanRequest): Plan {
  const spacingMm = fullresSpacing(fingerprint);
  const transposeForward = coarsestFirst(spacingMm);
  const shapes = fingerprint.shapesAfterCropDhw.map((shape, n) =>
    resizedShape(shape, fingerprint.spacingsDhwMm[n]!, spacingMm),
  );
  const spacing = transposedShape(spacingMm, transposeForward);
  const medianShape = transposedShape(medianTriple(shapes), transposeForward);
  const dataset: DatasetSize = {
    voxels: medianShape[0] * medianShape[1] * medianShape[2] * shapes.length,
    caseCount: shapes.length,
    classes: legend.length + 1,
    channels: channelNames.length,
  };
  const configurations: PlanConfiguration[] = [planConfiguration('2d', spacing, medianShape, dataset, preset, true)];
  if (medianShape[0] > 1) {
    const fullres = planConfiguration('3d_fullres', spacing, medianShape, dataset, preset, false);
    const batchDice = preset === 'seed' || lowresIsPlanned(fullres, spacing, medianShape, dataset);
    configurations.push({ ...fullres, batchDice });
  }
  return {
    version: 2,
    preset,
    transposeForward,
    channels: channelNames.map((name, channel) => plannedChannel(name, fingerprint, channel, preset)),
    classes: [...legend]
      .sort((a, b) => a.labelValue - b.labelValue)
      .map(({ labelValue, name }) => ({ labelValue, name })),
    regions: null,
    ignoreClass: null,
    ignoreLabelValue: null,
    configurations,
  };
}

interface DatasetSize {
  readonly voxels: number;
  readonly caseCount: number;
  readonly classes: number;
  readonly channels: number;
}

/** Median spacing; a coarse axis of few slices takes the 10th percentile instead, never finer than the other axes. */
function fullresSpacing({ spacingsDhwMm, shapesAfterCropDhw }: DatasetFingerprint): Triple {
  const target = medianTriple(spacingsDhwMm);
  const size = medianTriple(shapesAfterCropDhw);
  const worst = target.indexOf(Math.max(...target)) as 0 | 1 | 2;
  const others = [0, 1, 2].filter((axis) => axis !== worst);
  const otherSpacing = Math.max(...others.map((axis) => target[axis]!));
  const hasCoarseVoxels = target[worst] > ANISOTROPY_LIMIT * otherSpacing;
  const hasFewSlices = size[worst] * ANISOTROPY_LIMIT < Math.min(...others.map((axis) => size[axis]!));
  if (hasCoarseVoxels && hasFewSlices) {
    const along = Float64Array.from(spacingsDhwMm, (spacing) => spacing[worst]).sort();
    const tenth = percentile(along, 10);
    target[worst] = tenth < otherSpacing ? otherSpacing + 1e-5 : tenth;
  }
  return target;
}

function coarsestFirst(spacingMm: Triple): Triple {
  const coarsest = spacingMm.indexOf(Math.max(...spacingMm));
  const rest = [0, 1, 2].filter((axis) => axis !== coarsest);
  return [coarsest, rest[0]!, rest[1]!];
}

function planConfiguration(
  name: ConfigurationName,
  spacingDhwMm: Triple,
  medianShapeDhw: Triple,
  dataset: DatasetSize,
  preset: Preset,
  batchDice: boolean,
): PlanConfiguration {
  const first = name === '2d' ? 1 : 0;
  const dims = name === '2d' ? 2 : 3;
  const spacing = spacingDhwMm.slice(first);
  const { topology, elements } = fitPatch(spacing, medianShapeDhw.slice(first), dims, dataset);
  const isSeed = preset === 'seed';
  const chosen = isSeed ? seedTopology(spacing, topology.patch) : topology;
  const stages = stagesOf(chosen, dims);
  return {
    name,
    previousStage: null,
    spacingDhwMm: [name === '2d' ? null : spacingDhwMm[0], spacingDhwMm[1], spacingDhwMm[2]],
    medianShapeDhw,
    patch: chosen.patch,
    batchSize: isSeed ? REFERENCE[dims].seedBatchSize : batchSizeOf(topology.patch, elements, dims, dataset.voxels),
    batchDice,
    architecture: 'plain',
    norm: 'instance',
    stages,
    decoderConvs: CONVS_PER_LEVEL,
    negativeSlope: NEGATIVE_SLOPE,
    deepSupervisionWeights: isSeed ? seedSupervision(stages.length - 1) : v2Supervision(stages.length - 1),
  };
}

/** Starts from the largest patch and shrinks its relatively largest axis until the network fits the reference card. */
function fitPatch(
  spacing: readonly number[],
  medianShape: readonly number[],
  dims: 2 | 3,
  dataset: DatasetSize,
): { topology: Topology; elements: number } {
  const { elements: reference, batchSize, startEdge } = REFERENCE[dims];
  const finest = spacing.map((mm) => 1 / mm);
  const scale = (startEdge ** dims / finest.reduce((a, b) => a * b, 1)) ** (1 / dims);
  let patch: readonly number[] = finest.map((n, axis) => Math.min(roundHalfEven(n * scale), medianShape[axis]!));
  for (;;) {
    const topology = v2Topology(spacing, patch);
    const elements = elementsOf(topology, dims, dataset);
    if ((elements / batchSize) * 2 <= reference) return { topology, elements };
    patch = shrunk(topology, spacing, medianShape);
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

function batchSizeOf(patch: readonly number[], elements: number, dims: 2 | 3, datasetVoxels: number): number {
  const { elements: reference, batchSize } = REFERENCE[dims];
  const patchVoxels = patch.reduce((a, b) => a * b, 1);
  const cap = roundHalfEven((datasetVoxels * LARGEST_DATASET_PART_PER_BATCH) / patchVoxels);
  return Math.max(SMALLEST_BATCH, Math.min(cap, roundHalfEven((reference / elements) * batchSize)));
}

function stagesOf({ kernels, strides }: Topology, dims: 2 | 3): UNetStage[] {
  return kernels.map((kernel, level) => ({
    features: Math.min(FIRST_FEATURES * 2 ** level, REFERENCE[dims].largestFeatures),
    convs: CONVS_PER_LEVEL,
    kernel,
    stride: strides[level]!,
  }));
}

function elementsOf(topology: Topology, dims: 2 | 3, dataset: DatasetSize): number {
  const spec = {
    dims,
    architecture: 'plain',
    norm: 'instance',
    inputChannels: dataset.channels,
    classes: dataset.classes,
    stages: stagesOf(topology, dims),
    decoderConvs: CONVS_PER_LEVEL,
    negativeSlope: NEGATIVE_SLOPE,
  } as const;
  return featureMapElements(spec, topology.patch);
}

/** Whether v2 would plan `3d_lowres`; then the full-resolution Dice is taken over the batch. */
function lowresIsPlanned(
  fullres: PlanConfiguration,
  spacing: Triple,
  medianShape: Triple,
  dataset: DatasetSize,
): boolean {
  const medianVoxels = medianShape[0] * medianShape[1] * medianShape[2];
  let lowVoxels = medianVoxels;
  let patchVoxels = fullres.patch.reduce((a, b) => a * b, 1);
  let lowSpacing = [...spacing];
  let isPlanned = false;
  while (patchVoxels / lowVoxels < LOWRES_BELOW_PATCH_PART) {
    const coarsest = Math.max(...lowSpacing);
    const hasFineAxis = lowSpacing.some((mm) => coarsest / mm > 2);
    lowSpacing = lowSpacing.map((mm) => (!hasFineAxis || coarsest / mm > 2 ? mm * LOWRES_SPACING_STEP : mm));
    const exact = medianShape.map((n, axis) => (spacing[axis]! / lowSpacing[axis]!) * n);
    lowVoxels = exact.reduce((a, b) => a * b, 1);
    const { topology } = fitPatch(lowSpacing, exact.map(roundHalfEven), 3, dataset);
    patchVoxels = topology.patch.reduce((a, b) => a * b, 1);
    isPlanned = true;
  }
  return isPlanned && medianVoxels / lowVoxels >= 2;
}

/** 1, ½, ¼ … per decoder level, the coarsest left out, summing to 1. */
function v2Supervision(decoderLevels: number): number[] {
  const weights = Array.from({ length: Math.max(1, decoderLevels) }, (_, level) => 0.5 ** level);
  if (weights.length > 1) weights[weights.length - 1] = 0;
  return normalized(weights);
}

/** The three finest levels. (The seed's own weights sum to 0.933, which only scales the loss.) */
function seedSupervision(decoderLevels: number): number[] {
  return normalized(Array.from({ length: Math.max(1, decoderLevels) }, (_, level) => (level < 3 ? 0.5 ** level : 0)));
}

function normalized(weights: number[]): number[] {
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

function plannedChannel(
  name: string,
  fingerprint: DatasetFingerprint,
  channel: number,
  preset: Preset,
): PlannedChannel {
  const { mean, std, percentile005, percentile995 } = fingerprint.foregroundIntensities[channel]!;
  const normalization = normalizationByName(name);
  const insideMaskOnly =
    normalization === 'zscore' &&
    (preset === 'seed' || fingerprint.medianRelativeSizeAfterCropping < MASKED_NORMALIZATION_BELOW);
  return { name, normalization, insideMaskOnly, mean, std, percentile005, percentile995 };
}

function normalizationByName(name: string): PlannedChannel['normalization'] {
  switch (name.toLowerCase()) {
    case 'ct':
      return 'ct';
    case 'nonorm':
      return 'none';
    case 'rescale_to_0_1':
      return 'rescaleTo01';
    case 'rgb_to_0_1':
      return 'rgbTo01';
    default:
      return 'zscore';
  }
}
