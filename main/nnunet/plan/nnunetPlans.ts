/** A plan of nnU-Net v2 for the labels of a project. What our networks cannot be is refused with its name, never bent. Pure. */
import { AppException } from '../../contract/errors.ts';
import type { NnunetConfiguration, NnunetPlans } from '../../contract/nnunetPlans.ts';
import { ConfigurationName } from '../../contract/vocabulary.ts';
import { Plan, type PlanConfiguration, type PlannedChannel } from './plan.ts';
import { supervision } from './planNetwork.ts';

const NORMALIZATION: Readonly<Record<string, PlannedChannel['normalization']>> = {
  CTNormalization: 'ct',
  ZScoreNormalization: 'zscore',
  NoNormalization: 'none',
  RescaleTo01Normalization: 'rescaleTo01',
  RGBTo01Normalization: 'rgbTo01',
};
const RESAMPLING = 'resample_data_or_seg_to_shape';
const RESAMPLING_ORDER = 3;
/** PyTorch's own. */
const NEGATIVE_SLOPE = 0.01;

/**
 * `own`: what the project's cases would have got; its labels and the names of its channels stay. Throws
 * contract/bad-input, one sentence for each thing that is not as it should be.
 */
export function planOfNnunet(plans: NnunetPlans, own: Plan): Plan {
  const names = ConfigurationName.options.filter((name) => plans.configurations[name] !== undefined);
  if (names.length === 0) throw refused([`no configuration called ${ConfigurationName.options.join(', ')}`]);
  const found = names.map((name) => ({ name, one: inherited(plans, name) }));
  const issues = found.flatMap(({ name, one }) => configurationIssues(name, one, own.channels.length));
  const schemes = new Set(found.map(({ one }) => JSON.stringify([one.normalization_schemes, one.use_mask_for_norm])));
  if (schemes.size > 1) issues.push('the configurations normalise differently');
  if (issues.length > 0) throw refused(issues);
  const parsed = Plan.safeParse({
    ...own,
    transposeForward: plans.transpose_forward,
    channels: channelsOf(plans, found[0]!.one, own.channels),
    configurations: found.map(({ name, one }) => configurationFrom(name, one)),
  });
  if (!parsed.success) throw refused(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  return parsed.data;
}

const refused = (issues: readonly string[]): AppException => new AppException({ code: 'contract/bad-input', issues: issues.map((issue) => `plans: ${issue}`) });

/** With what it takes over from others. Throws contract/bad-input when they run in a circle or are not there. */
function inherited(plans: NnunetPlans, name: string, below: readonly string[] = []): NnunetConfiguration {
  const one = plans.configurations[name];
  if (!one || below.includes(name)) throw refused([`${below.at(-1)} inherits from ${name}, which ${one ? 'inherits from it' : 'is not there'}`]);
  return one.inherits_from === undefined ? one : { ...inherited(plans, one.inherits_from, [...below, name]), ...one };
}

function configurationIssues(name: ConfigurationName, one: NnunetConfiguration, channelCount: number): string[] {
  const issue = (text: string) => `${name}: ${text}`;
  const dims = name === '2d' ? 2 : 3;
  const {
    architecture,
    patch_size: patch,
    spacing,
    normalization_schemes: schemes = [],
    use_mask_for_norm: masks = [],
    batch_size: batch,
    resampling_fn_data: resampling,
  } = one;
  if (!architecture || !patch || !spacing || batch === undefined) {
    return [issue('patch, spacing, batch size and architecture are needed; plans of nnU-Net before 2.3 have another form, plan them anew')];
  }
  const { arch_kwargs: network, network_class_name: networkName } = architecture;
  const issues: string[] = [];
  if (kindOf(networkName) === null) issues.push(issue(`the network ${networkName} is none of ours (PlainConvUNet, ResidualEncoderUNet)`));
  if (network.norm_op && !/InstanceNorm\dd$/.test(network.norm_op)) issues.push(issue(`the norm ${network.norm_op} is not instance norm`));
  if (network.nonlin && !network.nonlin.endsWith('LeakyReLU')) issues.push(issue(`the activation ${network.nonlin} is not LeakyReLU`));
  if (network.dropout_op) issues.push(issue('dropout is not known here'));
  if (resampling !== undefined && resampling !== RESAMPLING) issues.push(issue(`resampling by ${resampling} is not known here`));
  const { order = RESAMPLING_ORDER } = one.resampling_fn_data_kwargs ?? {};
  if (order !== RESAMPLING_ORDER) issues.push(issue(`images resampled by splines of order ${order}; here it is ${RESAMPLING_ORDER}`));
  if (patch.length !== dims || spacing.length !== dims) issues.push(issue(`${dims} axes are needed`));
  if (schemes.length !== channelCount || masks.length !== channelCount)
    issues.push(issue(`normalises ${schemes.length} channels, the project has ${channelCount}`));
  for (const scheme of schemes) if (!Object.hasOwn(NORMALIZATION, scheme)) issues.push(issue(`normalisation by ${scheme} is not known here`));
  const { n_stages: count, kernel_sizes: kernels, strides, n_conv_per_stage_decoder: decoder } = network;
  if ([...kernels, ...strides].some(({ length }) => length !== dims) || kernels.length !== count || strides.length !== count)
    issues.push(issue(`kernels and strides of ${dims} axes for ${count} stages are needed`));
  if (count < 2) issues.push(issue('one stage alone makes no U-Net'));
  if (new Set([decoder].flat()).size > 1) issues.push(issue('the levels of the decoder differ in their number of convolutions'));
  return issues;
}

function kindOf(networkName: string): PlanConfiguration['architecture'] | null {
  if (networkName.endsWith('.PlainConvUNet')) return 'plain';
  return networkName.endsWith('.ResidualEncoderUNet') ? 'residual' : null;
}

function channelsOf(
  { foreground_intensity_properties_per_channel: intensities }: NnunetPlans,
  one: NnunetConfiguration,
  own: readonly PlannedChannel[],
): PlannedChannel[] {
  return own.map((channel, n) => {
    const facts = intensities[String(n)];
    if (!facts) throw refused([`foreground_intensity_properties_per_channel: channel ${n} is missing`]);
    const { mean, std, percentile_00_5: percentile005, percentile_99_5: percentile995 } = facts;
    return {
      name: channel.name,
      normalization: NORMALIZATION[one.normalization_schemes![n]!]!,
      insideMaskOnly: one.use_mask_for_norm![n]!,
      mean,
      std,
      percentile005,
      percentile995,
    };
  });
}

function configurationFrom(name: ConfigurationName, one: NnunetConfiguration): unknown {
  const { network_class_name: networkName, arch_kwargs: network } = one.architecture!;
  const isFlat = name === '2d';
  const at = (level: number, values: number | readonly number[] | undefined): number | undefined => (typeof values === 'number' ? values : values?.[level]);
  const convs = network.n_conv_per_stage ?? network.n_blocks_per_stage;
  const median = one.median_image_size_in_voxels ?? one.patch_size!;
  return {
    name,
    previousStage: one.previous_stage ?? null,
    spacingDhwMm: isFlat ? [null, ...one.spacing!] : one.spacing,
    medianShapeDhw: median.length === 2 ? [1, ...median] : median,
    patch: one.patch_size,
    batchSize: one.batch_size,
    batchDice: one.batch_dice ?? isFlat,
    architecture: kindOf(networkName),
    norm: 'instance',
    stages: network.kernel_sizes.map((kernel, level) => ({
      features: at(level, network.features_per_stage),
      convs: at(level, convs),
      kernel,
      stride: network.strides[level],
    })),
    decoderConvs: at(0, network.n_conv_per_stage_decoder),
    decoderKernels: 'sameLevel',
    negativeSlope: network.nonlin_kwargs?.negative_slope ?? NEGATIVE_SLOPE,
    deepSupervisionWeights: supervision(network.n_stages - 1, 'v2'),
  };
}
