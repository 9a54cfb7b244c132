import { BYTES_PER_LABEL, labelTypeUpTo } from '../../contract/labelType.ts';
import type { Preset } from '../../contract/vocabulary.ts';
import { augmentationFor } from '../augment/augmentation.ts';
import { patchDhw } from '../patchWindow.ts';
import type { CaseMix } from './caseMix.ts';
import type { SamplerSpec } from './patches.ts';
import type { Plan } from '../plan/plan.ts';

/** Seed, 2D: its script's 64 slices from two volumes. Larger planned batches take more volumes, not runs past their end. */
const MOST_SLICES_PER_VOLUME = 32;

interface SamplingChoice {
  readonly preset: Preset;
  /** Of the network: two or three axes. */
  readonly patch: readonly number[];
  readonly batchSize: number;
  readonly plan: {
    readonly channels: readonly Pick<Plan['channels'][number], 'insideMaskOnly'>[];
    readonly classes: { readonly length: number };
    readonly ignoreClass: number | null;
  };
  /** Part of the patches forced onto foreground. */
  readonly oversampling: number;
  /** Seed, 2D: slices of so many volumes share a batch. */
  readonly nvol: number;
  /** Absent: cases are drawn by their weights. */
  readonly mix?: CaseMix | null;
  /** Part of the patches of a corrected case that show a correction; absent: none. */
  readonly correctedRegions?: number | undefined;
}

/** How batches are drawn for a preset and a planned patch. */
export function samplerSpecFor({ preset, patch, batchSize, plan, oversampling, nvol, mix = null, correctedRegions = 0 }: SamplingChoice): SamplerSpec {
  const { channels, classes, ignoreClass } = plan;
  const masked = channels.flatMap(({ insideMaskOnly }, index) => (insideMaskOnly ? [index] : []));
  const isRuns = preset === 'seed' && patch.length === 2;
  const slices = isRuns ? Math.max(1, Math.min(MOST_SLICES_PER_VOLUME, Math.floor(batchSize / nvol))) : 1;
  const [depth, height, width] = patchDhw(patch);
  return {
    blockDhw: [isRuns ? slices : depth, height, width],
    samplesPerBlock: slices,
    batchSize,
    channels: channels.length,
    foreground:
      preset === 'seed'
        ? { kind: 'eachByChance', chance: oversampling, classes: Array.from({ length: classes.length }, (_, n) => n + 1) }
        : { kind: 'lastOfBatch', part: oversampling },
    augmentation: augmentationFor(preset, patch, masked),
    bytesPerLabel: BYTES_PER_LABEL[labelTypeUpTo(ignoreClass ?? classes.length)],
    mix,
    correctedPart: correctedRegions,
  };
}
