import { describe, expect, it } from 'vitest';
import { NnunetPlans } from '../../contract/nnunetPlans.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import { planOfNnunet } from './nnunetPlans.ts';
import { configurationOf, type Plan } from './plan.ts';
import { planExperiment } from './planExperiment.ts';
import { errorOf } from '../../contract/testing/errorOf.ts';

/** In the form that nnunetv2 2.6.2 writes. */
const network = (dims: 2 | 3, changes: object = {}) => ({
  network_class_name: 'dynamic_network_architectures.architectures.unet.PlainConvUNet',
  arch_kwargs: {
    n_stages: 3,
    features_per_stage: [16, 32, 64],
    conv_op: `torch.nn.modules.conv.Conv${dims}d`,
    kernel_sizes: [
      [1, 3, 3],
      [3, 3, 3],
      [3, 3, 3],
    ].map((kernel) => kernel.slice(3 - dims)),
    strides: [
      [1, 1, 1],
      [1, 2, 2],
      [2, 2, 2],
    ].map((stride) => stride.slice(3 - dims)),
    n_conv_per_stage: [2, 3, 2],
    n_conv_per_stage_decoder: [1, 1],
    conv_bias: true,
    norm_op: `torch.nn.modules.instancenorm.InstanceNorm${dims}d`,
    norm_op_kwargs: { eps: 1e-5, affine: true },
    dropout_op: null,
    dropout_op_kwargs: null,
    nonlin: 'torch.nn.LeakyReLU',
    nonlin_kwargs: { inplace: true },
    ...changes,
  },
  _kw_requires_import: ['conv_op', 'norm_op', 'dropout_op', 'nonlin'],
});
const shared = {
  preprocessor_name: 'DefaultPreprocessor',
  normalization_schemes: ['CTNormalization', 'ZScoreNormalization'],
  use_mask_for_norm: [false, true],
  resampling_fn_data: 'resample_data_or_seg_to_shape',
  resampling_fn_data_kwargs: { is_seg: false, order: 3, order_z: 0, force_separate_z: null },
  batch_dice: false,
};
const fullres = {
  ...shared,
  data_identifier: 'nnUNetPlans_3d_fullres',
  batch_size: 3,
  patch_size: [16, 32, 24],
  median_image_size_in_voxels: [20, 60.5, 58],
  spacing: [3.5, 0.8, 0.8],
  architecture: network(3),
};
const file = {
  dataset_name: 'Dataset007_Liver',
  plans_name: 'nnUNetPlans',
  image_reader_writer: 'SimpleITKIO',
  transpose_forward: [2, 0, 1],
  transpose_backward: [1, 2, 0],
  configurations: {
    '2d': {
      ...shared,
      batch_dice: true,
      batch_size: 12,
      patch_size: [64, 56],
      median_image_size_in_voxels: [60.5, 58],
      spacing: [0.8, 0.8],
      architecture: network(2),
    },
    '3d_fullres': fullres,
    '3d_lowres': { ...fullres, spacing: [7, 1.6, 1.6], next_stage: '3d_cascade_fullres' },
    '3d_cascade_fullres': { inherits_from: '3d_fullres', previous_stage: '3d_lowres' },
    my_own: { inherits_from: '3d_fullres', batch_size: 40 },
  },
  experiment_planner_used: 'ExperimentPlanner',
  label_manager: 'LabelManager',
  foreground_intensity_properties_per_channel: {
    0: { max: 300, mean: 99.5, median: 100, min: -20, percentile_00_5: -17, percentile_99_5: 201, std: 37.5 },
    1: { max: 3, mean: 1, median: 1, min: 0, percentile_00_5: 0, percentile_99_5: 2, std: 0.5 },
  },
};

const fingerprint: DatasetFingerprint = {
  version: 1,
  spacingsDhwMm: [[1, 1, 1]],
  shapesAfterCropDhw: [[40, 40, 40]],
  medianRelativeSizeAfterCropping: 1,
  foregroundIntensities: [0, 1].map(() => ({ mean: 1, median: 1, std: 2, min: 0, max: 9, percentile005: 0, percentile995: 8 })),
};
const own: Plan = planExperiment({
  fingerprint,
  channelNames: ['CT', 'PET'],
  legend: [{ labelValue: 4, name: 'liver', colorRgb: [1, 2, 3] }],
  labelRules: { regions: null, ignoreLabelValue: null },
  preset: 'v2',
  task: null,
  vramGb: null,
});
const planned = (changes: object = {}) => planOfNnunet(NnunetPlans.parse({ ...file, ...changes }), own);
const issuesOf = (changes: object, architecture: object = {}) => {
  const configurations = { '3d_fullres': { ...fullres, architecture: network(3, architecture), ...changes } };
  return JSON.stringify(errorOf(() => planned({ configurations })));
};

describe('a plan of nnU-Net v2', () => {
  it('gives the network, the patch, the spacing and the normalisation; the labels are those of the project', () => {
    const plan = planned();
    expect(plan).toMatchObject({ preset: 'v2', transposeForward: [2, 0, 1], classes: own.classes, regions: null });
    expect(plan.channels).toEqual([
      { name: 'CT', normalization: 'ct', insideMaskOnly: false, mean: 99.5, std: 37.5, percentile005: -17, percentile995: 201 },
      { name: 'PET', normalization: 'zscore', insideMaskOnly: true, mean: 1, std: 0.5, percentile005: 0, percentile995: 2 },
    ]);
    expect(plan.configurations.map(({ name }) => name)).toEqual(['2d', '3d_lowres', '3d_fullres', '3d_cascade_fullres']);
    expect(configurationOf(plan, '3d_fullres')).toEqual({
      name: '3d_fullres',
      previousStage: null,
      spacingDhwMm: [3.5, 0.8, 0.8],
      medianShapeDhw: [20, 60.5, 58],
      patch: [16, 32, 24],
      batchSize: 3,
      batchDice: false,
      architecture: 'plain',
      norm: 'instance',
      stages: [
        { features: 16, convs: 2, kernel: [1, 3, 3], stride: [1, 1, 1] },
        { features: 32, convs: 3, kernel: [3, 3, 3], stride: [1, 2, 2] },
        { features: 64, convs: 2, kernel: [3, 3, 3], stride: [2, 2, 2] },
      ],
      decoderConvs: 1,
      decoderKernels: 'sameLevel',
      negativeSlope: 0.01,
      deepSupervisionWeights: [1, 0],
    });
    expect(configurationOf(plan, '2d')).toMatchObject({ spacingDhwMm: [null, 0.8, 0.8], patch: [64, 56], batchDice: true });
    expect(configurationOf(plan, '3d_cascade_fullres')).toMatchObject({ previousStage: '3d_lowres', batchSize: 3, patch: [16, 32, 24] });
  });

  it('takes residual encoders', () => {
    const architecture = {
      ...network(3, { n_conv_per_stage: undefined, n_blocks_per_stage: [1, 3, 4] }),
      network_class_name: 'dynamic_network_architectures.architectures.unet.ResidualEncoderUNet',
    };
    const plan = planned({ configurations: { '3d_fullres': { ...fullres, architecture } } });
    expect(configurationOf(plan, '3d_fullres')).toMatchObject({ architecture: 'residual', stages: [{ convs: 1 }, { convs: 3 }, { convs: 4 }] });
  });

  it.each([
    [{}, { norm_op: 'torch.nn.modules.batchnorm.BatchNorm3d' }, 'BatchNorm3d is not instance norm'],
    [{}, { dropout_op: 'torch.nn.Dropout3d' }, 'dropout'],
    [{}, { nonlin: 'torch.nn.ReLU' }, 'torch.nn.ReLU is not LeakyReLU'],
    [{}, { n_conv_per_stage_decoder: [1, 2] }, 'the levels of the decoder differ'],
    [{}, { n_stages: 4 }, 'for 4 stages'],
    [{ normalization_schemes: ['CTNormalization'] }, {}, 'normalises 1 channels, the project has 2'],
    [{ normalization_schemes: ['Mine', 'CTNormalization'] }, {}, 'Mine is not known'],
    [{ resampling_fn_data_kwargs: { order: 1 } }, {}, 'order 1'],
    [{ architecture: undefined }, {}, 'before 2.3'],
    [{ inherits_from: 'gone' }, {}, '3d_fullres inherits from gone, which is not there'],
    [{ patch_size: [8, 8] }, {}, '3 axes'],
  ])('is refused with its reason: %j %j', (changes, architecture, reason) => {
    expect(issuesOf(changes, architecture)).toContain(reason);
  });

  it('needs one of the configurations we know', () => {
    const error = errorOf(() => planned({ configurations: { my_own: fullres } }));
    expect(JSON.stringify(error)).toContain('no configuration called');
  });
});
