import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMsdDataset } from './msdDataset.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-msd-'))));
afterEach(() => rmSync(root, { recursive: true }));

function read(value: unknown, folder = 'set') {
  mkdirSync(join(root, folder), { recursive: true });
  const path = join(root, folder, 'dataset.json');
  writeFileSync(path, JSON.stringify(value));
  return readMsdDataset(path);
}
const names = (dataset: Awaited<ReturnType<typeof read>>) => dataset.segments.map(({ labelValue, name }) => [labelValue, name]);

describe('labels of dataset.json', () => {
  it('that exclude each other have no rules', async () => {
    const dataset = await read({ labels: { background: 0, edema: 1, core: 2 }, channel_names: { 0: 'T1', 1: 'CT' } });
    expect(names(dataset)).toEqual([
      [1, 'edema'],
      [2, 'core'],
    ]);
    expect(dataset).toMatchObject({ labelRules: { regions: null, ignoreLabelValue: null }, channelNames: ['T1', 'CT'] });
  });

  it('may be regions, painted in the order of the file; their labels become the legend', async () => {
    const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3, ignore: 4 };
    const dataset = await read({ labels, regions_class_order: [1, 2, 3] });
    expect(dataset.labelRules).toEqual({
      regions: [
        { name: 'whole', labelValues: [1, 2, 3], paintsLabelValue: 1 },
        { name: 'core', labelValues: [2, 3], paintsLabelValue: 2 },
        { name: 'enhancing', labelValues: [3], paintsLabelValue: 3 },
      ],
      ignoreLabelValue: 4,
    });
    expect(names(dataset)).toEqual([
      [1, 'whole'],
      [2, 'core'],
      [3, 'enhancing'],
      [4, 'ignore'],
    ]);
  });

  it('in lists of one are labels, as for nnU-Net', async () => {
    const dataset = await read({ labels: { background: [0], a: [1], b: [2] } });
    expect(dataset.labelRules.regions).toBeNull();
    expect(names(dataset)).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it.each([{}, { regions_class_order: [1] }, { regions_class_order: [1, 70_000] }])(
    'that are regions need to say what they paint: %j does not',
    async (order) => {
      const broken = read({ labels: { background: 0, whole: [1, 2], core: 2 }, ...order });
      await expect(broken).rejects.toMatchObject({
        error: { code: 'import/unreadable', detail: expect.stringContaining('regions_class_order: 2 label values') },
      });
    },
  );
});

describe('the Decathlon task', () => {
  const mr = { modality: { 0: 'MRI' } };
  it.each([
    ['Task04_Hippocampus', {}, '04'],
    ['Dataset004_Hippocampus', { channel_names: { 0: 'MRI' } }, '04'],
    ['data', { ...mr, name: 'BRATS' }, '01'],
    ['data', { ...mr, name: 'LeftAtrium' }, '02'],
    ['Task09_Hippocampus', {}, null],
    ['Task11_MyOrgan', {}, null],
    // nnU-Net's form says nothing about the Decathlon
    ['data', { channel_names: { 0: 'CT' }, name: 'Liver' }, null],
    ['data', mr, null],
  ])('of %s with %j is %s', async (folder, json, task) => {
    expect((await read(json, folder)).msdTask).toBe(task);
  });
});
