/** What of nnU-Net v2's `nnUNetPlans.json` makes a plan. Written by any version of it; unknown keys are passed over. */
import { z } from 'zod';

const PerAxis = z.array(z.number().positive()).min(2).max(3);
const Strides = z.array(z.array(z.int().positive()).min(2).max(3)).min(1);
/** One number for all levels, or one for each. */
const PerLevel = z.union([z.int().positive(), z.array(z.int().positive()).min(1)]);

const Architecture = z.object({
  network_class_name: z.string(),
  arch_kwargs: z.object({
    n_stages: z.int().positive(),
    features_per_stage: PerLevel,
    kernel_sizes: Strides,
    strides: Strides,
    n_conv_per_stage: PerLevel.optional(),
    n_blocks_per_stage: PerLevel.optional(),
    n_conv_per_stage_decoder: PerLevel,
    norm_op: z.string().nullish(),
    nonlin: z.string().nullish(),
    nonlin_kwargs: z.object({ negative_slope: z.number().optional() }).nullish(),
    dropout_op: z.string().nullish(),
  }),
});

const NnunetConfiguration = z.object({
  inherits_from: z.string().optional(),
  previous_stage: z.string().optional(),
  batch_size: z.int().positive().optional(),
  patch_size: PerAxis.optional(),
  median_image_size_in_voxels: PerAxis.optional(),
  spacing: PerAxis.optional(),
  normalization_schemes: z.array(z.string()).min(1).optional(),
  use_mask_for_norm: z.array(z.boolean()).min(1).optional(),
  batch_dice: z.boolean().optional(),
  resampling_fn_data: z.string().optional(),
  resampling_fn_data_kwargs: z.object({ order: z.int().optional() }).optional(),
  architecture: Architecture.optional(),
});
export type NnunetConfiguration = z.infer<typeof NnunetConfiguration>;

export const NnunetPlans = z.object({
  plans_name: z.string().optional(),
  transpose_forward: z.tuple([z.int(), z.int(), z.int()]),
  configurations: z.record(z.string(), NnunetConfiguration),
  foreground_intensity_properties_per_channel: z.record(
    z.string(),
    z.object({ mean: z.number(), std: z.number(), percentile_00_5: z.number(), percentile_99_5: z.number() }),
  ),
});
export type NnunetPlans = z.infer<typeof NnunetPlans>;
