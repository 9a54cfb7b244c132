import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import { configurationOf, networkOf, parsePlan } from './plan.ts';

/** As version 1 wrote it. */
const FIRST_VERSION = {
  version: 1,
  preset: 'v2',
  transposeForward: [0, 1, 2],
  channels: [{ name: 'MR', normalization: 'zscore', insideMaskOnly: false, mean: 1, std: 2, percentile005: 0, percentile995: 8 }],
  classes: [
    { labelValue: 1, name: 'a' },
    { labelValue: 2, name: 'b' },
  ],
  configurations: [
    {
      name: '3d_fullres',
      spacingDhwMm: [1, 1, 1],
      medianShapeDhw: [36, 50, 35],
      patch: [40, 56, 40],
      batchSize: 9,
      batchDice: false,
      stages: [{ features: 32, convs: 2, kernel: [3, 3, 3], stride: [1, 1, 1] }],
      decoderConvs: 2,
      negativeSlope: 0.01,
      deepSupervisionWeights: [1],
    },
  ],
};
const read = (value: unknown) => parsePlan(typeof value === 'string' ? value : JSON.stringify(value), '/runs/r1/plans.json');
const refusal = (value: unknown) => {
  try {
    read(value);
    return null;
  } catch (thrown) {
    return thrown instanceof AppException ? thrown.error : thrown;
  }
};

describe('plans.json', () => {
  it('of version 1 reads as what it meant', () => {
    const plan = read(FIRST_VERSION);
    expect(plan).toMatchObject({ version: 2, regions: null, ignoreClass: null, ignoreLabelValue: null, classes: FIRST_VERSION.classes });
    const full = configurationOf(plan, '3d_fullres');
    expect(full).toMatchObject({ ...FIRST_VERSION.configurations[0], architecture: 'plain', norm: 'instance', previousStage: null });
    expect(read(JSON.stringify(plan))).toEqual(plan);
  });

  it.each([
    ['is no JSON', '{"version": 2', 'not valid JSON'],
    ['has no version', { ...FIRST_VERSION, version: undefined }, 'no version'],
    ['is of a newer program', { ...FIRST_VERSION, version: 99 }, 'version 99 is newer'],
    ['names what is wrong', { ...FIRST_VERSION, preset: 'v3' }, 'preset: '],
    ['has broken configurations', { ...FIRST_VERSION, configurations: 'none' }, 'configurations: '],
  ])('that %s is refused with a reason', (_what, value, reason) => {
    expect(refusal(value)).toMatchObject({ code: 'disk/corrupt', path: '/runs/r1/plans.json', detail: expect.stringContaining(reason) });
  });

  it('gives the network one output per region, and a cascade one more input per class', () => {
    const plan = read(FIRST_VERSION);
    const full = configurationOf(plan, '3d_fullres');
    expect(networkOf(plan, full)).toMatchObject({ inputChannels: 1, classes: 3 });
    const regions = [{ name: 'whole', classes: [1, 2], paintsClass: 1 }];
    expect(networkOf({ ...plan, regions }, full).classes).toBe(1);
    expect(networkOf(plan, { ...full, previousStage: '3d_lowres' }).inputChannels).toBe(3);
  });

  it('says which configurations there are when another is asked for', () => {
    expect(() => configurationOf(read(FIRST_VERSION), '2d')).toThrow(
      expect.objectContaining({ error: { code: 'train/configuration-not-planned', configuration: '2d', planned: ['3d_fullres'] } }),
    );
  });
});
