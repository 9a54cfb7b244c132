/** Dataset statistics before planning, as nnU-Net v2's fingerprint extractor; `dataset_fingerprint.json`. */
import { z } from 'zod';
import type { Volume } from '../../imaging/volume.ts';
import { boundingBox, boxShape, cropVolume, nonZeroMask } from '../../imaging/crop.ts';
import { voxelCount } from '../../imaging/tensorShape.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../gridDhw.ts';
import { caseIntensities, pooledIntensities, type CaseIntensities } from './intensities.ts';
import { Random } from '../random.ts';
import { median } from '../statistics.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]).readonly();

export const ChannelStatistics = z.object({
  mean: z.number(),
  median: z.number(),
  std: z.number(),
  min: z.number(),
  max: z.number(),
  percentile005: z.number(),
  percentile995: z.number(),
});
export type ChannelStatistics = z.infer<typeof ChannelStatistics>;

export const DatasetFingerprint = z.object({
  version: z.literal(1),
  /** Millimetres between slices, rows, columns of the stored volumes (axes closest to S, P, L), one per case. */
  spacingsDhwMm: z.array(Triple).min(1),
  shapesAfterCropDhw: z.array(Triple).min(1),
  medianRelativeSizeAfterCropping: z.number(),
  /** Over foreground voxels, one entry per channel. */
  foregroundIntensities: z.array(ChannelStatistics).min(1),
});
export type DatasetFingerprint = z.infer<typeof DatasetFingerprint>;

export interface CaseFingerprint {
  readonly spacingDhwMm: readonly [number, number, number];
  readonly shapeAfterCropDhw: readonly [number, number, number];
  readonly relativeSizeAfterCropping: number;
  /** Per channel, over the foreground inside the crop. */
  readonly intensities: readonly CaseIntensities[];
}

/** nnU-Net's seed; every case starts from it, so adding a case changes nothing about the others. */
const SAMPLING_SEED = 1234;
/** Kept of all cases together where values cannot be counted; percentiles settle far earlier and this fits any memory. */
const SAMPLES_PER_DATASET = 4_000_000;

/** Values kept per case and channel where they are not whole numbers. */
export function intensitySamplesPerCase(caseCount: number): number {
  return Math.max(1000, Math.floor(SAMPLES_PER_DATASET / caseCount));
}

/**
 * `labels` on the grid of the channels; any value above 0 is foreground, but not `ignoredLabel` (voxels nobody knows).
 * Holds a few volumes and at most `largestSample` values per channel, however many voxels are foreground.
 */
export function fingerprintCase(
  channels: readonly Volume[],
  labels: Uint8Array | Uint16Array,
  largestSample: number,
  ignoredLabel: number | null = null,
): CaseFingerprint {
  const { grid } = channels[0]!;
  const shape = gridShapeDhw(grid);
  const box = boundingBox(
    nonZeroMask(
      channels.map(({ voxels }) => voxels),
      shape,
    ),
    shape,
  );
  const foreground = new Uint8Array(labels.length);
  for (let n = 0; n < labels.length; n++) foreground[n] = labels[n]! > 0 && labels[n] !== ignoredLabel ? 1 : 0;
  const inBox = cropVolume(foreground, shape, box);
  const random = Random.fromSeed(SAMPLING_SEED);
  const intensities = channels.map(({ voxels }) => caseIntensities(cropVolume(voxels, shape, box), inBox, largestSample, random));
  const shapeAfterCropDhw = boxShape(box);
  return { spacingDhwMm: gridSpacingDhwMm(grid), shapeAfterCropDhw, relativeSizeAfterCropping: voxelCount(shapeAfterCropDhw) / voxelCount(shape), intensities };
}

/** Nobody painted anything: scaling with these changes nothing. */
const NEUTRAL: ChannelStatistics = { mean: 0, median: 0, std: 1, min: 0, max: 0, percentile005: 0, percentile995: 0 };

/** Throws when `cases` is empty; channels without any foreground get neutral statistics. `weighting`: `pooledIntensities`. */
export function fingerprintDataset(cases: readonly CaseFingerprint[], weighting: 'perCase' | 'perVoxel' = 'perCase'): DatasetFingerprint {
  return {
    version: 1,
    spacingsDhwMm: cases.map(({ spacingDhwMm }) => spacingDhwMm),
    shapesAfterCropDhw: cases.map(({ shapeAfterCropDhw }) => shapeAfterCropDhw),
    medianRelativeSizeAfterCropping: median(cases.map(({ relativeSizeAfterCropping }) => relativeSizeAfterCropping)),
    foregroundIntensities: cases[0]!.intensities.map(
      (_, channel) =>
        pooledIntensities(
          cases.map(({ intensities }) => intensities[channel]!),
          weighting,
        ) ?? NEUTRAL,
    ),
  };
}
