/** How the intensities of each channel are normalised, chosen by its name as nnU-Net v2 does. */
import type { Preset } from '../../contract/vocabulary.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import type { PlannedChannel } from './plan.ts';
import type { SeedTask } from './seedTasks.ts';

/** Below this relative size after cropping, z-score is taken inside the non-zero mask. */
const MASKED_NORMALIZATION_BELOW = 0.75;

/** The seed looks at the first channel's name only and takes it for all; here each channel has its own. */
export function planChannels(channelNames: readonly string[], fingerprint: DatasetFingerprint, preset: Preset, task: SeedTask | null): PlannedChannel[] {
  const isCropped = fingerprint.medianRelativeSizeAfterCropping < MASKED_NORMALIZATION_BELOW;
  return channelNames.map((name, channel) => {
    const { mean, std, percentile005, percentile995 } = fingerprint.foregroundIntensities[channel]!;
    const normalization = normalizationByName(name);
    const insideMaskOnly = normalization === 'zscore' && (preset === 'seed' || isCropped);
    const fixed = normalization === 'ct' ? task?.ct : undefined;
    const measured = { mean, std, percentile005, percentile995 };
    return { name, normalization, insideMaskOnly, ...(fixed ? fixedIntensities(fixed) : measured) };
  });
}

const fixedIntensities = ({ min, max, mean, std }: NonNullable<SeedTask['ct']>) => ({ mean, std, percentile005: min, percentile995: max });

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
