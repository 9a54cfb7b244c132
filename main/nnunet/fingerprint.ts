/** Dataset statistics before planning, as nnU-Net v2's fingerprint extractor; `dataset_fingerprint.json`. */
import { z } from 'zod';
import type { Volume } from '../imaging/volume.ts';
import { boundingBox, boxShape, cropVolume, nonZeroMask } from '../imaging/crop.ts';
import { voxelCount } from '../imaging/tensorShape.ts';
import { gridShapeDhw, gridSpacingDhwMm } from './gridDhw.ts';
import { Random } from './random.ts';
import { median, percentile } from './statistics.ts';

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
  /** Per channel, drawn with replacement from foreground voxels; empty without foreground. */
  readonly intensitySamples: readonly Float32Array[];
}

/** nnU-Net's seed; every case starts from it, so adding a case changes nothing about the others. */
const SAMPLING_SEED = 1234;
/** Drawn from all cases together. v2 draws 1e8; percentiles settle far earlier and this fits any memory. */
const SAMPLES_PER_DATASET = 4_000_000;

/** Each case weighs the same, whatever its size. */
export function intensitySamplesPerCase(caseCount: number): number {
  return Math.max(1000, Math.floor(SAMPLES_PER_DATASET / caseCount));
}

/** `labels` on the grid of the channels, any value above 0 is foreground. */
export function fingerprintCase(channels: readonly Volume[], labels: Uint8Array, sampleCount: number): CaseFingerprint {
  const { grid } = channels[0]!;
  const shape = gridShapeDhw(grid);
  const box = boundingBox(
    nonZeroMask(
      channels.map(({ voxels }) => voxels),
      shape,
    ),
    shape,
  );
  const inBox = cropVolume(labels, shape, box);
  const foreground: number[] = [];
  for (let n = 0; n < inBox.length; n++) if (inBox[n]! > 0) foreground.push(n);
  const random = Random.fromSeed(SAMPLING_SEED);
  const picks = Int32Array.from(
    { length: foreground.length > 0 ? sampleCount : 0 },
    () => foreground[random.below(foreground.length)]!,
  );
  const intensitySamples = channels.map(({ voxels }) => {
    const cropped = cropVolume(voxels, shape, box);
    return Float32Array.from(picks, (n) => cropped[n]!);
  });
  const shapeAfterCropDhw = boxShape(box);
  return {
    spacingDhwMm: gridSpacingDhwMm(grid),
    shapeAfterCropDhw,
    relativeSizeAfterCropping: voxelCount(shapeAfterCropDhw) / voxelCount(shape),
    intensitySamples,
  };
}

/** Throws when `cases` is empty; channels without any foreground sample get neutral statistics. */
export function fingerprintDataset(cases: readonly CaseFingerprint[]): DatasetFingerprint {
  const channelCount = cases[0]!.intensitySamples.length;
  return {
    version: 1,
    spacingsDhwMm: cases.map(({ spacingDhwMm }) => spacingDhwMm),
    shapesAfterCropDhw: cases.map(({ shapeAfterCropDhw }) => shapeAfterCropDhw),
    medianRelativeSizeAfterCropping: median(cases.map(({ relativeSizeAfterCropping }) => relativeSizeAfterCropping)),
    foregroundIntensities: Array.from({ length: channelCount }, (_, channel) =>
      channelStatistics(cases.map(({ intensitySamples }) => intensitySamples[channel]!)),
    ),
  };
}

function channelStatistics(samples: readonly Float32Array[]): ChannelStatistics {
  const all = new Float32Array(samples.reduce((sum, sample) => sum + sample.length, 0));
  let offset = 0;
  for (const sample of samples) {
    all.set(sample, offset);
    offset += sample.length;
  }
  if (all.length === 0) return { mean: 0, median: 0, std: 1, min: 0, max: 0, percentile005: 0, percentile995: 0 };
  all.sort();
  let sum = 0;
  for (let n = 0; n < all.length; n++) sum += all[n]!;
  const mean = sum / all.length;
  let squares = 0;
  for (let n = 0; n < all.length; n++) squares += (all[n]! - mean) ** 2;
  return {
    mean,
    median: percentile(all, 50),
    std: Math.sqrt(squares / all.length),
    min: all[0]!,
    max: all[all.length - 1]!,
    percentile005: percentile(all, 0.5),
    percentile995: percentile(all, 99.5),
  };
}
