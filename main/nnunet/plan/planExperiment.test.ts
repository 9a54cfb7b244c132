import { describe, expect, it } from 'vitest';
import { NO_LABEL_RULES, type Preset, type Segment } from '../../contract/vocabulary.ts';
import { featureMapElements } from '../../../models/networkCost.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import { configurationOf, networkOf, Plan } from './plan.ts';
import { planExperiment, type PlanRequest } from './planExperiment.ts';

type Triple = readonly [number, number, number];
const neutral = { mean: 1, median: 1, std: 2, min: 0, max: 9, percentile005: 0, percentile995: 8 };

function fingerprint(spacing: Triple, shape: Triple, count: number, channels = 1): DatasetFingerprint {
  return {
    version: 1,
    spacingsDhwMm: Array.from({ length: count }, () => spacing),
    shapesAfterCropDhw: Array.from({ length: count }, () => shape),
    medianRelativeSizeAfterCropping: 1,
    foregroundIntensities: Array.from({ length: channels }, () => neutral),
  };
}
const legend = (count: number): Segment[] => Array.from({ length: count }, (_, n) => ({ labelValue: n + 1, name: `c${n + 1}`, colorRgb: [n, 0, 0] as const }));
const plan = (f: DatasetFingerprint, classes: number, channelNames = ['MRI'], preset: Preset = 'v2', more: Partial<PlanRequest> = {}) =>
  planExperiment({ fingerprint: f, channelNames, legend: legend(classes), labelRules: NO_LABEL_RULES, preset, task: null, vramGb: null, ...more });
const pools = (strides: readonly (readonly number[])[]) => strides[0]!.map((_, axis) => strides.filter((stride) => stride[axis] === 2).length);

// shared spec "Golden plans": computed from nnU-Net v2's rules
const GOLDEN = [
  {
    data: 'BraTS',
    spacing: [1, 1, 1],
    shape: [138, 170, 138],
    n: 484,
    classes: 3,
    channels: 4,
    patch: [128, 128, 128],
    pools: [5, 5, 5],
    batch: 2,
    patch2d: [192, 160],
    batch2d: 105,
  },
  {
    data: 'Heart',
    spacing: [1.37, 1.25, 1.25],
    shape: [115, 320, 232],
    n: 20,
    classes: 1,
    channels: 1,
    patch: [80, 192, 160],
    pools: [4, 5, 5],
    batch: 2,
    patch2d: [320, 256],
    batch2d: 40,
  },
  {
    data: 'Hippocampus',
    spacing: [1, 1, 1],
    shape: [36, 50, 35],
    n: 260,
    classes: 2,
    channels: 1,
    patch: [40, 56, 40],
    pools: [3, 3, 3],
    batch: 9,
    patch2d: [56, 40],
    batch2d: 366,
  },
  {
    data: 'Prostate',
    spacing: [3.6, 0.625, 0.625],
    shape: [20, 320, 319],
    n: 32,
    classes: 2,
    channels: 2,
    patch: [20, 320, 256],
    pools: [2, 6, 6],
    batch: 2,
    patch2d: [320, 320],
    batch2d: 32,
  },
  {
    data: 'Spleen',
    spacing: [1.6, 0.79, 0.79],
    shape: [187, 512, 512],
    n: 41,
    classes: 1,
    channels: 1,
    patch: [64, 192, 160],
    pools: [4, 5, 5],
    batch: 2,
    patch2d: [512, 512],
    batch2d: 12,
  },
] as const;

describe('golden plans of nnU-Net v2', () => {
  for (const g of GOLDEN) {
    it(g.data, () => {
      const names = Array.from({ length: g.channels }, (_, n) => `MRI${n}`);
      const result = plan(fingerprint(g.spacing, g.shape, g.n, g.channels), g.classes, names);
      const full = configurationOf(result, '3d_fullres');
      expect({ patch: full.patch, pools: pools(full.stages.map((s) => s.stride)), batch: full.batchSize }).toEqual({
        patch: g.patch,
        pools: g.pools,
        batch: g.batch,
      });
      const flat = configurationOf(result, '2d');
      expect({ patch: flat.patch, batch: flat.batchSize }).toEqual({ patch: g.patch2d, batch: g.batch2d });
      expect(flat.batchDice).toBe(true);
    });
  }

  it('BraTS fills the reference card as recorded', () => {
    const result = plan(fingerprint([1, 1, 1], [138, 170, 138], 484, 4), 3, ['a', 'b', 'c', 'd']);
    const full = configurationOf(result, '3d_fullres');
    expect(featureMapElements(networkOf(result, full), full.patch)).toBe(454_893_568);
  });
});

describe('planner', () => {
  it('puts the coarsest axis first and remembers the order', () => {
    const result = plan(fingerprint([0.7, 0.7, 3], [300, 310, 40], 10), 1, ['CT']);
    expect(result.transposeForward).toEqual([2, 0, 1]);
    expect(configurationOf(result, '3d_fullres').medianShapeDhw).toEqual([40, 300, 310]);
    expect(result.channels[0]!.normalization).toBe('ct');
  });

  it('takes the tenth percentile along a coarse axis of few slices, not finer than the others', () => {
    const mixed = fingerprint([5, 1, 1], [20, 200, 200], 11);
    const spacings = mixed.spacingsDhwMm.map((_, n) => [n < 2 ? 3.5 : 5, 1, 1] as const);
    const result = plan({ ...mixed, spacingsDhwMm: spacings }, 1);
    expect(configurationOf(result, '3d_fullres').spacingDhwMm[0]).toBe(3.5);
    const fine = plan({ ...mixed, spacingsDhwMm: spacings.map((_, n) => [n < 2 ? 0.5 : 5, 1, 1] as const) }, 1);
    expect(configurationOf(fine, '3d_fullres').spacingDhwMm[0]).toBeCloseTo(1 + 1e-5, 9);
  });

  it('keeps Dice per sample where the patch sees enough, over the batch where a low resolution would be planned', () => {
    expect(configurationOf(plan(fingerprint([1, 1, 1], [36, 50, 35], 260), 2), '3d_fullres').batchDice).toBe(false);
    expect(configurationOf(plan(fingerprint([1.6, 0.79, 0.79], [187, 512, 512], 41), 1), '3d_fullres').batchDice).toBe(true);
  });

  it('plans no 3D for single slices and a network for tiny volumes', () => {
    expect(plan(fingerprint([5, 1, 1], [1, 200, 200], 11), 1).configurations.map((c) => c.name)).toEqual(['2d']);
    const tiny = configurationOf(plan(fingerprint([1, 1, 1], [3, 5, 4], 3), 1), '3d_fullres');
    expect(tiny.patch).toEqual([3, 5, 4]);
    expect(tiny.stages).toHaveLength(1);
  });

  it('z-scores inside the mask where cropping removes much; weights of deep supervision sum to 1', () => {
    const cropped = { ...fingerprint([1, 1, 1], [36, 50, 35], 260), medianRelativeSizeAfterCropping: 0.5 };
    const result = plan(cropped, 2);
    expect(result.channels[0]!.insideMaskOnly).toBe(true);
    const { deepSupervisionWeights } = configurationOf(result, '3d_fullres');
    expect(deepSupervisionWeights).toEqual([2 / 3, 1 / 3, 0]);
  });

  it('seed preset: NVIDIA topology and batch on the same patch; the file round-trips through its schema', () => {
    const result = plan(fingerprint([3.6, 0.625, 0.625], [20, 320, 319], 32), 2, ['MRI'], 'seed');
    const full = configurationOf(result, '3d_fullres');
    expect(full.batchSize).toBe(2);
    expect(full.stages.map((s) => s.stride)).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [1, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
      [1, 2, 2],
    ]);
    expect(full.stages.map((s) => s.kernel[0])).toEqual([1, 1, 3, 3, 3, 3]);
    expect(configurationOf(result, '2d').batchSize).toBe(64);
    expect(Plan.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
  });

  it('plans a low resolution and a cascade on top where the patch sees little', () => {
    const result = plan(fingerprint([1.6, 0.79, 0.79], [187, 512, 512], 41), 1);
    expect(result.configurations.map(({ name }) => name)).toEqual(['2d', '3d_lowres', '3d_fullres', '3d_cascade_fullres']);
    const lowres = configurationOf(result, '3d_lowres');
    const full = configurationOf(result, '3d_fullres');
    const cascade = configurationOf(result, '3d_cascade_fullres');
    expect(lowres).toMatchObject({ batchDice: false, previousStage: null });
    expect(lowres.patch.reduce((a, b) => a * b) / lowres.medianShapeDhw.reduce((a, b) => a * b)).toBeGreaterThan(0.24);
    expect(cascade).toEqual({ ...full, name: '3d_cascade_fullres', previousStage: '3d_lowres' });
    expect(networkOf(result, cascade).inputChannels).toBe(2);
    const manyNamed = legend(255).map((segment) => ({ ...segment, labelValue: segment.labelValue + 1000 }));
    const many = plan(fingerprint([0.8, 0.8, 0.8], [512, 512, 512], 30), 255, ['MRI'], 'v2', { legend: manyNamed });
    expect(many.configurations.map(({ name }) => name)).toEqual(['2d', '3d_lowres', '3d_fullres']);
    expect(Plan.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
  });

  it('coarsens first what is more than twice as fine as the coarsest axis', () => {
    const lowres = configurationOf(plan(fingerprint([5, 0.8, 0.8], [110, 512, 512], 30), 1), '3d_lowres');
    const [slices, rows] = lowres.spacingDhwMm;
    expect(slices).toBe(5);
    expect(rows).toBeGreaterThan(0.8);
    expect(slices! / rows).toBeLessThanOrEqual(6.25);
  });

  it('fills the card it is told of', () => {
    const data = fingerprint([1, 1, 1], [300, 300, 300], 100);
    const voxels = (vramGb: number) => configurationOf(plan(data, 1, ['MRI'], 'v2', { vramGb }), '3d_fullres').patch.reduce((a, b) => a * b);
    expect(voxels(8)).toBe(configurationOf(plan(data, 1), '3d_fullres').patch.reduce((a, b) => a * b));
    expect(voxels(4)).toBeLessThan(0.6 * voxels(8));
    expect(voxels(24)).toBeGreaterThan(2 * voxels(8));
  });
});

describe('label rules', () => {
  it('become regions of network classes in painting order, one output each', () => {
    const regions = [
      { name: 'whole', labelValues: [2, 4, 7], paintsLabelValue: 2 },
      { name: 'core', labelValues: [4, 7], paintsLabelValue: 4 },
    ];
    const three = [2, 4, 7].map((labelValue) => ({ ...legend(1)[0]!, labelValue, name: `l${labelValue}` }));
    const labelRules = { regions, ignoreLabelValue: null };
    const result = plan(fingerprint([1, 1, 1], [36, 50, 35], 20), 0, ['MRI'], 'v2', { legend: three, labelRules });
    expect(result.regions).toEqual([
      { name: 'whole', classes: [1, 2, 3], paintsClass: 1 },
      { name: 'core', classes: [2, 3], paintsClass: 2 },
    ]);
    expect(networkOf(result, configurationOf(result, '2d')).classes).toBe(2);
  });

  it('take the ignore label out of the classes, but count it for memory as nnU-Net does', () => {
    const data = fingerprint([1, 1, 1], [36, 50, 35], 2000);
    const ignoring = { labelRules: { regions: null, ignoreLabelValue: 3 } };
    const result = plan(data, 3, ['MRI'], 'v2', ignoring);
    expect(result).toMatchObject({ ignoreClass: 3, ignoreLabelValue: 3, classes: [{ labelValue: 1 }, { labelValue: 2 }] });
    expect(networkOf(result, configurationOf(result, '3d_fullres')).classes).toBe(3);
    const batchOf = (one: Plan) => configurationOf(one, '2d').batchSize;
    expect(batchOf(result)).toBe(batchOf(plan(data, 3)));
    expect(batchOf(result)).toBeLessThan(batchOf(plan(data, 2)));
  });
});
