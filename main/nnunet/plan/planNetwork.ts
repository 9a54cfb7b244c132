/** Plans one network: patch, topology, batch. */
import type { ConfigurationName, Preset } from '../../contract/vocabulary.ts';
import type { UNetSpec } from '../../../models/engine.ts';
import { batchSizeOf, fitPatch, stagesOf } from './fitPatch.ts';
import type { PlanConfiguration } from './plan.ts';
import type { PlannerRules } from './planPresets.ts';
import type { SeedTask } from './seedTasks.ts';
import { seedTopology } from './topology.ts';

type Triple = readonly [number, number, number];

const NEGATIVE_SLOPE = 0.01;
const NORM = 'instance';

/** What a network is planned from, axes as transposed. */
export interface DatasetFacts {
  readonly preset: Preset;
  readonly rules: PlannerRules;
  readonly task: SeedTask | null;
  readonly vramGb: number;
  readonly spacingDhwMm: Triple;
  readonly medianShapeDhw: Triple;
  readonly caseCount: number;
  readonly channels: number;
  readonly outputs: number;
}

/** One network for volumes of `dataset`'s spacing and shape; Dice per sample. `voxels`: of the median volume, unrounded. */
export function planConfiguration(
  name: ConfigurationName,
  dataset: DatasetFacts,
  voxels = dataset.medianShapeDhw[0] * dataset.medianShapeDhw[1] * dataset.medianShapeDhw[2],
): PlanConfiguration {
  const { rules, preset, task, vramGb, spacingDhwMm, medianShapeDhw } = dataset;
  const dims = name === '2d' ? 2 : 3;
  const spacing = spacingDhwMm.slice(3 - dims);
  const network = networkBase(dims, dataset);
  const fitted = fitPatch({ rules, vramGb, spacingMm: spacing, medianShape: medianShapeDhw.slice(3 - dims), network });
  const topology = preset === 'seed' ? seedTopology(spacing, task?.patch?.[dims] ?? fitted.topology.patch) : fitted.topology;
  const stages = stagesOf(topology, dims, rules);
  return {
    name,
    previousStage: null,
    spacingDhwMm: [name === '2d' ? null : spacingDhwMm[0], spacingDhwMm[1], spacingDhwMm[2]],
    medianShapeDhw,
    patch: topology.patch,
    batchSize: batchSizeOf(fitted, rules, voxels * dataset.caseCount),
    batchDice: false,
    architecture: rules.architecture,
    norm: NORM,
    stages,
    decoderConvs: rules.decoderConvs,
    decoderKernels: rules.decoderKernels,
    negativeSlope: NEGATIVE_SLOPE,
    deepSupervisionWeights: supervision(stages.length - 1, preset),
  };
}

function networkBase(dims: 2 | 3, { channels, outputs, rules }: DatasetFacts): Omit<UNetSpec, 'stages'> {
  return {
    dims,
    architecture: rules.architecture,
    norm: NORM,
    inputChannels: channels,
    classes: outputs,
    decoderConvs: rules.decoderConvs,
    decoderKernels: rules.decoderKernels,
    negativeSlope: NEGATIVE_SLOPE,
  };
}

/**
 * 1, ½, ¼ … per decoder level, finest first, summing to 1. v2 leaves the coarsest out, the seed keeps the three finest.
 * (The seed's own weights sum to 0.933, which only scales the loss.)
 */
export function supervision(decoderLevels: number, preset: Preset): number[] {
  const count = Math.max(1, decoderLevels);
  const counted = preset === 'seed' ? Math.min(3, count) : Math.max(1, count - 1);
  const weights = Array.from({ length: count }, (_, level) => (level < counted ? 0.5 ** level : 0));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
