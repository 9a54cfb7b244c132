/** NVIDIA's recipe: its table, and what it does without one. Numbers of shared/specs/seed-nnunet-tf2.md, §4 and §7. */
import { describe, expect, it } from 'vitest';
import { MsdTask, NO_LABEL_RULES } from '../../contract/vocabulary.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import { configurationOf } from './plan.ts';
import { planExperiment } from './planExperiment.ts';

type Triple = readonly [number, number, number];
const measured = { mean: 7, median: 7, std: 3, min: -50, max: 90, percentile005: -40, percentile995: 80 };
const fingerprint = (spacings: readonly Triple[], shape: Triple): DatasetFingerprint => ({
  version: 1,
  spacingsDhwMm: [...spacings],
  shapesAfterCropDhw: spacings.map(() => shape),
  medianRelativeSizeAfterCropping: 1,
  foregroundIntensities: [measured],
});
const legend = [{ labelValue: 1, name: 'organ', colorRgb: [255, 0, 0] as const }];
const planned = (data: DatasetFingerprint, task: MsdTask | null, channelName = 'CT') =>
  planExperiment({ fingerprint: data, channelNames: [channelName], legend, labelRules: NO_LABEL_RULES, preset: 'seed', task, vramGb: null });

// levels, poolings per axis, levels with a flat kernel, bottleneck
const GOLDEN: Partial<Record<MsdTask, { levels: number; flat: number[]; bottleneck: number[]; levels2d: number }>> = {
  '01': { levels: 6, flat: [], bottleneck: [4, 4, 4], levels2d: 6 },
  '02': { levels: 6, flat: [], bottleneck: [5, 6, 5], levels2d: 6 },
  '03': { levels: 6, flat: [], bottleneck: [4, 4, 4], levels2d: 6 },
  '04': { levels: 4, flat: [], bottleneck: [5, 7, 5], levels2d: 4 },
  '05': { levels: 6, flat: [0, 1], bottleneck: [5, 10, 8], levels2d: 6 },
  '06': { levels: 6, flat: [], bottleneck: [5, 6, 5], levels2d: 6 },
  '07': { levels: 6, flat: [0], bottleneck: [5, 7, 7], levels2d: 6 },
  '08': { levels: 6, flat: [], bottleneck: [4, 6, 6], levels2d: 6 },
  '09': { levels: 6, flat: [0], bottleneck: [4, 6, 5], levels2d: 6 },
  '10': { levels: 6, flat: [0], bottleneck: [7, 6, 5], levels2d: 6 },
};

describe("the seed's fixed table", () => {
  const data = fingerprint(
    [
      [2, 0.9, 0.9],
      [2, 0.9, 0.9],
    ],
    [100, 400, 400],
  );

  it.each(Object.entries(GOLDEN))('task %s gives its golden topology', (task, golden) => {
    const plan = planned(data, MsdTask.parse(task));
    const full = configurationOf(plan, '3d_fullres');
    expect(full.stages).toHaveLength(golden.levels);
    expect(full.stages.flatMap(({ kernel }, level) => (kernel[0] === 1 ? [level] : []))).toEqual(golden.flat);
    const divisor = (axis: number) => full.stages.reduce((product, { stride }) => product * stride[axis]!, 1);
    expect(full.patch.map((n, axis) => n / divisor(axis))).toEqual(golden.bottleneck);
    expect(configurationOf(plan, '2d').stages).toHaveLength(golden.levels2d);
    expect([full.batchSize, configurationOf(plan, '2d').batchSize]).toEqual([2, 64]);
    expect(plan.configurations.map(({ name }) => name)).toEqual(['2d', '3d_fullres']);
  });

  it('fixes spacing, patch and CT intensities; channels that are no CT keep what was measured', () => {
    const spleen = planned(data, '09');
    expect(configurationOf(spleen, '3d_fullres')).toMatchObject({ spacingDhwMm: [1.6, 0.79, 0.79], patch: [64, 192, 160] });
    expect(configurationOf(spleen, '2d')).toMatchObject({ spacingDhwMm: [null, 0.79, 0.79], patch: [512, 512] });
    expect(spleen.channels[0]).toMatchObject({ mean: 99.29, std: 39.47, percentile005: -41, percentile995: 176 });
    expect(planned(data, '09', 'MRI').channels[0]).toMatchObject({ mean: 7, std: 3, percentile005: -40, normalization: 'zscore' });
  });

  it('of task 11 has no patch: that is planned', () => {
    const plan = planned(data, '11');
    expect(plan.channels[0]).toMatchObject({ mean: -547.7, percentile005: -958 });
    expect(configurationOf(plan, '3d_fullres').spacingDhwMm).toEqual([5, 0.741, 0.741]);
  });

  it('is for the seed preset only', () => {
    const request = { fingerprint: data, channelNames: ['CT'], legend, labelRules: NO_LABEL_RULES, task: '09' as const, vramGb: null };
    expect(planExperiment({ ...request, preset: 'v2' })).toEqual(planExperiment({ ...request, preset: 'v2', task: null }));
  });
});

describe('the seed without a table entry', () => {
  it('takes the tenth percentile on the coarsest axis, not on the finest as its code does', () => {
    const spacings = Array.from({ length: 11 }, (_, n): Triple => [n < 2 ? 4 : 6, 0.5, n < 2 ? 0.2 : 0.5]);
    const { spacingDhwMm } = configurationOf(planned(fingerprint(spacings, [200, 200, 200]), null), '3d_fullres');
    expect(spacingDhwMm).toEqual([4, 0.5, 0.5]);
  });

  it('normalises every channel by its own name, not all by the first', () => {
    const data = fingerprint([[1, 1, 1]], [40, 40, 40]);
    const { channels } = planExperiment({
      fingerprint: { ...data, foregroundIntensities: [measured, { ...measured, mean: 1 }] },
      channelNames: ['CT', 'PET'],
      legend,
      labelRules: NO_LABEL_RULES,
      preset: 'seed',
      task: null,
      vramGb: null,
    });
    expect(channels.map(({ normalization, insideMaskOnly }) => [normalization, insideMaskOnly])).toEqual([
      ['ct', false],
      ['zscore', true],
    ]);
  });

  it('keeps the median below a ratio of 3, and asks nothing about the number of slices', () => {
    const near = Array.from({ length: 11 }, (_, n): Triple => [n < 2 ? 1 : 2.9, 1, 1]);
    expect(configurationOf(planned(fingerprint(near, [20, 200, 200]), null), '3d_fullres').spacingDhwMm[0]).toBe(2.9);
  });
});
