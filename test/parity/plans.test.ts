/** Plans against nnU-Net v2's own planners (recorded by plans.py), field by field; phantoms from the voxels on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Direction, DimsIjk, type Grid, PointLpsMm, type Preset, SpacingMm } from '../../main/contract/vocabulary.ts';
import { segmentsAndRules } from '../../main/dataset/scan/msdDataset.ts';
import type { Volume } from '../../main/imaging/volume.ts';
import { type DatasetFingerprint, fingerprintCase, fingerprintDataset } from '../../main/nnunet/plan/fingerprint.ts';
import type { Plan, PlanConfiguration } from '../../main/nnunet/plan/plan.ts';
import { planExperiment } from '../../main/nnunet/plan/planExperiment.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]);
const Configuration = z.object({
  spacing: z.array(z.number()),
  medianShape: z.array(z.number()),
  patch: z.array(z.int()),
  batch: z.int(),
  batchDice: z.boolean(),
  previousStage: z.string().nullable(),
  kernels: z.array(z.array(z.int())),
  strides: z.array(z.array(z.int())),
  features: z.array(z.int()),
  encoder: z.array(z.int()),
  decoder: z.array(z.int()),
  normalization: z.array(z.string()),
  insideMask: z.array(z.boolean()),
});
const RecordedPlan = z.object({ transposeForward: z.array(z.int()), configurations: z.record(z.string(), Configuration) });
const Dataset = z.object({
  channels: z.array(z.string()),
  labels: z.record(z.string(), z.union([z.int(), z.array(z.int())])),
  regionsClassOrder: z.array(z.int()).nullable(),
  phantom: z.object({ margin: z.int(), lowest: z.int() }).nullable(),
  spacings: z.array(Triple),
  originalShapes: z.array(Triple).nullable(),
  shapes: z.array(Triple),
  relativeSize: z.number(),
  plans: z.record(z.enum(['v2', 'resenc_m', 'resenc_l', 'resenc_xl']), RecordedPlan),
});
type Dataset = z.infer<typeof Dataset>;
const { datasets } = z
  .object({ nnunetv2: z.string(), datasets: z.record(z.string(), Dataset) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'plans.json'), 'utf8')));

const NORMALIZATION: Record<string, string> = {
  CTNormalization: 'ct',
  ZScoreNormalization: 'zscore',
  NoNormalization: 'none',
  RescaleTo01Normalization: 'rescaleTo01',
  RGBTo01Normalization: 'rgbTo01',
};
const neutral = { mean: 1, median: 1, std: 2, min: 0, max: 9, percentile005: 0, percentile995: 8 };

function recordedFingerprint({ channels, spacings, shapes, relativeSize }: Dataset): DatasetFingerprint {
  return {
    version: 1,
    spacingsDhwMm: spacings,
    shapesAfterCropDhw: shapes,
    medianRelativeSizeAfterCropping: relativeSize,
    foregroundIntensities: channels.map(() => neutral),
  };
}

/** The voxels of plans.py's `phantom`, channel after channel, and its label map. */
function phantomCase(dataset: Dataset, index: number): { channels: Volume[]; labels: Uint8Array } {
  const [d, h, w] = dataset.originalShapes![index]!;
  const [dMm, hMm, wMm] = dataset.spacings[index]!;
  const { margin, lowest } = dataset.phantom!;
  const classes = Object.keys(dataset.labels).length - 1;
  const grid: Grid = {
    dimsIjk: DimsIjk.parse([w, h, d]),
    spacingMm: SpacingMm.parse([wMm, hMm, dMm]),
    originLpsMm: PointLpsMm.parse([0, 0, 0]),
    direction: Direction.parse([1, 0, 0, 0, 1, 0, 0, 0, 1]),
  };
  const isWithin = (at: readonly number[], low: (n: number) => number, high: (n: number) => number) =>
    at.every((value, axis) => value >= low([d, h, w][axis]!) && value < high([d, h, w][axis]!));
  const labels = new Uint8Array(d * h * w);
  const channels = dataset.channels.map(() => new Int16Array(d * h * w));
  let n = 0;
  for (let z = 0; z < d; z++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++, n++) {
        const isInside = isWithin(
          [z, y, x],
          () => margin,
          (count) => count - margin,
        );
        const isMiddle = isWithin(
          [z, y, x],
          (count) => Math.floor(count / 4),
          (count) => Math.floor((3 * count) / 4),
        );
        channels.forEach((voxels, channel) => {
          voxels[n] = isInside ? lowest + ((7 * z + 13 * y + 29 * x + 31 * (index + channel)) % 97) : 0;
        });
        labels[n] = isMiddle ? 1 + ((x + y) % classes) : 0;
      }
    }
  }
  return { channels: channels.map((voxels) => ({ grid, voxels })), labels };
}

function planned(dataset: Dataset, fingerprint: DatasetFingerprint, preset: Preset): Plan {
  const { segments, labelRules } = segmentsAndRules(dataset.labels, dataset.regionsClassOrder ?? undefined, 'dataset.json');
  return planExperiment({ fingerprint, channelNames: dataset.channels, legend: segments, labelRules, preset, task: null, vramGb: null });
}

/** Our configuration in the recorded form. */
function asRecorded(plan: Plan, one: PlanConfiguration): z.infer<typeof Configuration> {
  const dims = one.patch.length;
  const names = Object.entries(NORMALIZATION);
  return {
    spacing: one.spacingDhwMm.slice(3 - dims).map(Number),
    medianShape: one.medianShapeDhw.slice(3 - dims),
    patch: [...one.patch],
    batch: one.batchSize,
    batchDice: one.batchDice,
    previousStage: one.previousStage,
    kernels: one.stages.map(({ kernel }) => [...kernel]),
    strides: one.stages.map(({ stride }) => [...stride]),
    features: one.stages.map(({ features }) => features),
    encoder: one.stages.map(({ convs }) => convs),
    decoder: one.stages.slice(1).map(() => one.decoderConvs),
    normalization: plan.channels.map(({ normalization }) => names.find(([, ours]) => ours === normalization)![0]),
    insideMask: plan.channels.map(({ insideMaskOnly }) => insideMaskOnly),
  };
}

function expectSamePlan(plan: Plan, dataset: Dataset, preset: keyof Dataset['plans']): void {
  const recorded = dataset.plans[preset];
  // NIfTI headers hold spacing in float32
  const digits = dataset.phantom ? 6 : 12;
  expect(plan.transposeForward).toEqual(recorded.transposeForward);
  expect(plan.configurations.map(({ name }) => name).sort()).toEqual(Object.keys(recorded.configurations).sort());
  for (const one of plan.configurations) {
    const { spacing, ...theirs } = recorded.configurations[one.name]!;
    const { spacing: ourSpacing, ...ours } = asRecorded(plan, one);
    expect({ name: one.name, ...ours }).toEqual({ name: one.name, ...theirs });
    ourSpacing.forEach((mm, axis) => expect(mm / spacing[axis]!).toBeCloseTo(1, digits));
  }
}

describe('plans equal those of nnunetv2', () => {
  const wanted = Object.entries(datasets).flatMap(([name, dataset]) =>
    Object.keys(dataset.plans).map((preset) => [name, preset as keyof Dataset['plans'], dataset] as const),
  );
  it.each(wanted)('%s, %s', (_name, preset, dataset) => {
    expectSamePlan(planned(dataset, recordedFingerprint(dataset), preset), dataset, preset);
  });

  it('cover low resolution, cascade, regions, ignore label, turned axes, masks and single slices', () => {
    const all = Object.values(datasets);
    const names = new Set(all.flatMap(({ plans }) => Object.keys(plans.v2.configurations)));
    expect(names).toEqual(new Set(['2d', '3d_lowres', '3d_fullres', '3d_cascade_fullres']));
    expect(all.some(({ regionsClassOrder }) => regionsClassOrder)).toBe(true);
    expect(all.some(({ labels }) => 'ignore' in labels)).toBe(true);
    expect(all.some(({ plans }) => plans.v2.transposeForward[0] !== 0)).toBe(true);
    expect(all.some(({ plans }) => plans.v2.configurations['2d']!.insideMask.includes(true))).toBe(true);
    expect(all.some(({ plans }) => !('3d_fullres' in plans.v2.configurations))).toBe(true);
  });
});

describe('from the voxels of a phantom to its plan', () => {
  it.each(Object.entries(datasets).filter(([, { phantom }]) => phantom))('%s', (_name, dataset) => {
    const cases = dataset.shapes.map((_, index) => {
      const { channels, labels } = phantomCase(dataset, index);
      return fingerprintCase(channels, labels, 1000);
    });
    const fingerprint = fingerprintDataset(cases);
    expect(fingerprint.shapesAfterCropDhw).toEqual(dataset.shapes);
    expect(fingerprint.medianRelativeSizeAfterCropping).toBeCloseTo(dataset.relativeSize, 12);
    expectSamePlan(planned(dataset, fingerprint, 'v2'), dataset, 'v2');
  });
});
