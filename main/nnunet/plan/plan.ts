/** The recipe of a run, `plans.json`: everything that preprocessing, training and prediction must agree on. */
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';
import { ConfigurationName, LabelValue, Preset } from '../../contract/vocabulary.ts';
import type { UNetSpec } from '../../../models/engine.ts';
import { parseVersionedJson, type VersionedFormat } from './versionedJson.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]).readonly();
const AxisOrder = z
  .tuple([z.int().min(0).max(2), z.int().min(0).max(2), z.int().min(0).max(2)])
  .readonly()
  .refine((order) => new Set(order).size === 3, 'not an order of three axes');
/** One number per spatial axis. */
const PerAxis = z.array(z.int().positive()).min(2).max(3).readonly();

export const PlannedChannel = z.object({
  name: z.string(),
  normalization: z.enum(['ct', 'zscore', 'none', 'rescaleTo01', 'rgbTo01']),
  /** Z-score inside the non-zero mask only. */
  insideMaskOnly: z.boolean(),
  mean: z.number(),
  std: z.number(),
  percentile005: z.number(),
  percentile995: z.number(),
});
export type PlannedChannel = z.infer<typeof PlannedChannel>;

/** Class 0 is background; class n + 1 of the label arrays is `classes[n]`. The ignore label is none of them. */
export const PlannedClass = z.object({ labelValue: LabelValue, name: z.string() });

/** A union of classes with a sigmoid output of its own. Where it is above one half, `paintsClass` is painted. */
export const PlannedRegion = z.object({ name: z.string(), classes: z.array(z.int().positive()).min(1).readonly(), paintsClass: z.int().positive() });

export const PlanConfiguration = z.object({
  name: ConfigurationName,
  /** The configuration whose predicted classes come in as further channels, one-hot without background. */
  previousStage: z.literal('3d_lowres').nullable(),
  /** Of the resampled volumes, axes as transposed. For `2d` the first is `null`: slices keep their distance. */
  spacingDhwMm: z.tuple([z.number().positive().nullable(), z.number().positive(), z.number().positive()]).readonly(),
  /** Resampled, axes as transposed; may be halves. */
  medianShapeDhw: Triple,
  /** Spatial axes of the network: [D, H, W] or [H, W]. */
  patch: PerAxis,
  batchSize: z.int().positive(),
  /** Dice over the whole batch instead of per sample. */
  batchDice: z.boolean(),
  architecture: z.enum(['plain', 'residual']),
  norm: z.enum(['instance', 'batch', 'group', 'none']),
  /** `convs` counts convolutions of a plain encoder, blocks of a residual one. */
  stages: z.array(z.object({ features: z.int().positive(), convs: z.int().positive(), kernel: PerAxis, stride: PerAxis })).min(1),
  decoderConvs: z.int().positive(),
  /** Kernels of a decoder level: its own, or the next coarser one's as in the seed. Absent: its own. */
  decoderKernels: z.enum(['sameLevel', 'coarserLevel']).optional(),
  negativeSlope: z.number(),
  /** Finest output first, summing to 1. */
  deepSupervisionWeights: z.array(z.number().nonnegative()).min(1),
});
export type PlanConfiguration = z.infer<typeof PlanConfiguration>;

export const Plan = z.object({
  version: z.literal(2),
  preset: Preset,
  /** Axis `transposeForward[a]` of a stored [D, H, W] volume becomes axis `a`: the coarsest axis comes first. */
  transposeForward: AxisOrder,
  channels: z.array(PlannedChannel).min(1),
  classes: z.array(PlannedClass).min(1),
  /** In painting order, later over earlier; `null`: classes exclude each other (softmax). */
  regions: z.array(PlannedRegion).min(1).nullable(),
  /** What label arrays hold where nothing is known, one above the last class; no output of the network. */
  ignoreClass: z.int().positive().nullable(),
  /** The label value of the user's masks that means `ignoreClass`. */
  ignoreLabelValue: LabelValue.nullable(),
  configurations: z.array(PlanConfiguration).min(1),
});
export type Plan = z.infer<typeof Plan>;

const FORMAT: VersionedFormat<Plan> = {
  schema: Plan,
  steps: [
    (older) => ({
      ...older,
      regions: null,
      ignoreClass: null,
      ignoreLabelValue: null,
      configurations: z
        .array(z.looseObject({}))
        .catch([])
        .parse(older.configurations)
        .map((one) => ({ ...one, previousStage: null, architecture: 'plain', norm: 'instance' })),
    }),
  ],
};

/** A `plans.json` of any version up to this program's. Throws AppException disk/corrupt, naming the field. */
export const parsePlan = (text: string, path: string): Plan => parseVersionedJson(text, path, FORMAT);

/** Throws AppException train/configuration-not-planned (3D of single slices, for instance). */
export function configurationOf(plan: Plan, name: ConfigurationName): PlanConfiguration {
  const found = plan.configurations.find((configuration) => configuration.name === name);
  if (found) return found;
  const planned = plan.configurations.map((configuration) => configuration.name);
  throw new AppException({ code: 'train/configuration-not-planned', configuration: name, planned });
}

export function networkOf(plan: Plan, configuration: PlanConfiguration): UNetSpec {
  return {
    dims: configuration.name === '2d' ? 2 : 3,
    architecture: configuration.architecture,
    norm: configuration.norm,
    inputChannels: plan.channels.length + (configuration.previousStage ? plan.classes.length : 0),
    classes: plan.regions?.length ?? plan.classes.length + 1,
    stages: configuration.stages,
    decoderConvs: configuration.decoderConvs,
    decoderKernels: configuration.decoderKernels,
    negativeSlope: configuration.negativeSlope,
  };
}
