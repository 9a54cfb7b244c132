/** A project as a data set of nnU-Net v2 and back, with real import and export; nnU-Net's own check is run by `npm run bench -- nnunetDataset`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPLETE } from '../../main/contract/completeness.ts';
import { ExportSummary } from '../../main/contract/tasks.ts';
import { CaseId, type LabelRules } from '../../main/contract/vocabulary.ts';
import { readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { ExportReport } from '../../main/export/exportReport.ts';
import { datasetFolderName, datasetLabels } from '../../main/export/nnunetDataset.ts';
import { niftiChunks } from '../../main/formats/nifti/writeNifti.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import type { VoxelArray } from '../../main/imaging/volume.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { ServiceRig } from './serviceRig.ts';

const grid = gridFromAffine([3, 4, 5], [-0.7, 0, 0, 20.25, 0, 0, 2.5, 10.5, 0, 0.8, 0, -300, 0, 0, 0, 1]);
const CASES = ['a.1', 'b', 'c', 'd', 'e', 'f'];
/** Values 2, 5 and 9 of 60 voxels; 5 lies inside 2's region. */
const VALUES = [0, 2, 5, 9];
const maskOf = (n: number) => Uint8Array.from({ length: 60 }, (_, at) => VALUES[(at + n) % 4]!);
const channelOf = (n: number, channel: number) => Int16Array.from({ length: 60 }, (_, at) => at * 3 - 40 + 100 * channel + n);
const rules: LabelRules = {
  regions: [
    { name: 'whole', labelValues: [2, 5], paintsLabelValue: 2 },
    { name: 'core', labelValues: [5], paintsLabelValue: 5 },
  ],
  ignoreLabelValue: null,
};

let rig: ServiceRig;
let back: ServiceRig;
let dataset: string;
let summary: ExportSummary;

function put(folder: string, name: string, voxels: VoxelArray): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), gzipSync(Buffer.concat(niftiChunks(grid, voxels))));
}

async function succeeded(on: ServiceRig, { jobId }: { jobId: string }) {
  const job = await on.jobEnd(jobId);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  return job;
}

beforeAll(async () => {
  rig = ServiceRig.create();
  back = ServiceRig.create();
  const set = join(rig.root, 'set');
  for (const [n, id] of CASES.entries()) {
    for (const channel of [0, 1]) put(join(set, 'imagesTr'), `${id}_000${channel}.nii.gz`, channelOf(n, channel));
    if (n < 5) put(join(set, 'labelsTr'), `${id}.nii.gz`, maskOf(n));
  }
  const about = { channel_names: { 0: 'T2', 1: 'ADC' }, labels: { background: 0, prostate: 2, 'lesion (core)': 5, ignore_me: 9 }, file_ending: '.nii.gz' };
  writeFileSync(join(set, 'dataset.json'), JSON.stringify(about));
  await rig.call('project.create', { folder: rig.projectFolder });
  await succeeded(rig, await rig.call('dataset.import', { paths: [set] }));
  const { project } = await rig.call('project.current', {});
  await rig.call('project.setLegend', { legend: project!.legend, labelRules: rules });
  await succeeded(rig, await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, fold: 0 }));
  // nobody has looked at what is not painted in the second one, but for one slice
  const completeness = { ...COMPLETE, unpainted: 'unknown' as const, completeSlices: [{ axis: 'k' as const, index: 1 }] };
  await rig.call('labels.setCompleteness', { caseId: CaseId.parse('b'), parent: 1, completeness });
  const job = await succeeded(rig, await rig.call('export.dataset', { outputFolder: join(rig.root, 'raw'), datasetId: 7, name: 'Prostata, Köln' }));
  summary = ExportSummary.parse(job.summary);
  dataset = join(rig.root, 'raw', 'Dataset007_ProstataKoln');
});
afterAll(async () => {
  await rig.dispose();
  await back.dispose();
});

const json = (name: string) => JSON.parse(readFileSync(join(dataset, name), 'utf8')) as unknown;

describe('a data set for nnU-Net', () => {
  it('has the layout nnU-Net asks for: values without gaps, every label in a region, unknown voxels last', () => {
    expect(json('dataset.json')).toMatchObject({
      name: 'Prostata, Köln',
      channel_names: { 0: 'T2', 1: 'ADC' },
      labels: { background: 0, whole: [1, 2], core: 2, ignore_me: 3, ignore: 4 },
      regions_class_order: [1, 2, 3],
      numTraining: 5,
      file_ending: '.nii.gz',
    });
    const images = (ids: readonly string[]) => ids.flatMap((id) => [`${id}_0000.nii.gz`, `${id}_0001.nii.gz`]);
    expect(readdirSync(join(dataset, 'imagesTr')).sort()).toEqual(images(CASES.slice(0, 5)));
    expect(readdirSync(join(dataset, 'imagesTs')).sort()).toEqual(images(['f']));
    expect(readdirSync(join(dataset, 'labelsTr')).sort()).toEqual(CASES.slice(0, 5).map((id) => `${id}.nii.gz`));
    expect(readdirSync(join(rig.root, 'raw'))).toEqual(['Dataset007_ProstataKoln']);
    expect(summary).toMatchObject({ writtenCount: 5, failedCount: 0 });
    expect(summary.files.every((file) => existsSync(file))).toBe(true);
  });

  it('holds the voxels of the imported files, in their order, and marks what nobody looked at', async () => {
    for (const channel of [0, 1]) {
      const { grid: its, channels } = await readVolumeFile(join(dataset, 'imagesTr', `c_000${channel}.nii.gz`));
      expect(channels[0]).toEqual(channelOf(2, channel));
      expect(its.dimsIjk).toEqual(grid.dimsIjk);
      its.originLpsMm.forEach((mm, axis) => expect(mm).toBeCloseTo(grid.originLpsMm[axis]!, 3));
    }
    const renumbered = (n: number) => maskOf(n).map((value) => VALUES.indexOf(value));
    expect((await readVolumeFile(join(dataset, 'labelsTr', 'a.1.nii.gz'))).channels[0]).toEqual(renumbered(0));
    const sparse = (await readVolumeFile(join(dataset, 'labelsTr', 'b.nii.gz'))).channels[0]!;
    const full = renumbered(1);
    for (const [at, value] of sparse.entries()) if (full[at] !== 0) expect(value).toBe(full[at]);
    const unpainted = [...sparse].filter((_, at) => full[at] === 0);
    expect(new Set(unpainted)).toEqual(new Set([0, 4]));
  });

  it('says who made which mask, with the hash of its file', () => {
    const report = ExportReport.parse(json('export-report.json'));
    expect(report.files.map(({ name }) => name)).toEqual(CASES.slice(0, 5).map((id) => `labelsTr/${id}.nii.gz`));
    const bytes = readFileSync(join(dataset, report.files[0]!.name));
    expect(report.files[0]!.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(report.files[0]!.provenance).toMatchObject({ origin: 'manual', author: 'import' });
  });

  it('goes back into a project with the same voxels, names and folds', async () => {
    await back.call('project.create', { folder: back.projectFolder });
    await succeeded(back, await back.call('dataset.import', { paths: [dataset] }));
    const { cases } = await back.call('dataset.listCases', {});
    expect(cases.map(({ caseId, acceptedRevision }) => [caseId, acceptedRevision]).sort()).toEqual(CASES.map((id, n) => [id, n < 5 ? 1 : null]));
    for (const id of ['a.1', 'd', 'f'].map((one) => CaseId.parse(one))) {
      const [theirs, ours] = await Promise.all([rig, back].map((one) => one.call('dataset.openCase', { caseId: id })));
      expect(ours!.grid).toEqual(theirs!.grid);
      for (const channel of [0, 1]) {
        const bytes = await Promise.all([rig, back].map(async (one) => (await one.get(`/volume/${id}/${channel}`)).bytes));
        expect(bytes[0]!.length).toBeGreaterThan(0);
        expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
      }
    }
    const { project } = await back.call('project.current', {});
    expect(project!.labelRules.ignoreLabelValue).toBe(4);
    expect(project!.labelRules.regions).toMatchObject([
      { name: 'whole', labelValues: [1, 2] },
      { name: 'core', labelValues: [2] },
      { name: 'ignore_me', labelValues: [3] },
    ]);
    await succeeded(back, await back.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, fold: 0 }));
    const splits = (folder: string) => JSON.parse(readFileSync(join(folder, 'splits_final.json'), 'utf8')) as unknown;
    expect(splits(back.projectFolder)).toEqual(splits(rig.projectFolder));
    expect(splits(dataset)).toEqual(splits(rig.projectFolder));
  });

  it('takes the next number where none is asked for, and leaves what is there alone', async () => {
    const outputFolder = join(rig.root, 'raw');
    const before = readFileSync(join(dataset, 'dataset.json'));
    const refused = await rig.jobEnd((await rig.call('export.dataset', { outputFolder, datasetId: 7 })).jobId);
    expect(refused).toMatchObject({ state: 'failed', error: { code: 'contract/bad-input' } });
    expect(JSON.stringify(refused.error)).toContain('Dataset007');
    const two = { outputFolder, name: 'Two' };
    await succeeded(rig, await rig.call('export.dataset', two));
    await succeeded(rig, await rig.call('export.dataset', two));
    await succeeded(rig, await rig.call('export.dataset', { outputFolder: join(rig.root, 'raw', 'Dataset123_Mine'), caseIds: [CaseId.parse('c')] }));
    expect(readdirSync(outputFolder).sort()).toEqual(['Dataset007_ProstataKoln', 'Dataset123_Mine', 'Dataset500_Two', 'Dataset501_Two']);
    expect(readdirSync(join(outputFolder, 'Dataset123_Mine')).sort()).toEqual([
      'dataset.json',
      'export-report.json',
      'imagesTr',
      'labelsTr',
      'splits_final.json',
    ]);
    expect(readFileSync(join(dataset, 'dataset.json')).equals(before)).toBe(true);
    expect(await rig.errorOf('export.dataset', { outputFolder, caseIds: [CaseId.parse('f')] })).toEqual({ code: 'export/nothing-to-export' });
  });

  it.runIf(hasDicomPython)(`is read by nibabel with the same geometry for image and mask${dicomPythonNotice}`, () => {
    const script = `
import json, sys, glob, os, nibabel, numpy
root = sys.argv[1]; out = []
for label in sorted(glob.glob(os.path.join(root, 'labelsTr', '*.nii.gz'))):
    image = label.replace('labelsTr', 'imagesTr').replace('.nii.gz', '_0001.nii.gz')
    a, b = nibabel.load(image), nibabel.load(label)
    out.append([bool(numpy.allclose(a.affine, b.affine)), list(a.shape) == list(b.shape), int(numpy.asarray(b.dataobj).max()), int(numpy.asarray(a.dataobj)[1, 0, 0])])
print(json.dumps(out))`;
    expect(askPython(script, dataset)).toEqual([0, 1, 2, 3, 4].map((n) => [true, true, n === 1 ? 4 : 3, channelOf(n, 1)[1]]));
  });
});

describe('labels of a data set', () => {
  const segment = (labelValue: number, name: string) => ({ labelValue, name, colorRgb: [1, 2, 3] as [number, number, number] });

  it('are the names of the legend, each once, with the label for unknown voxels last', () => {
    const { labels, regionsClassOrder, valueOf } = datasetLabels(
      [segment(1, 'liver'), segment(3, 'gaps'), segment(7, 'liver'), segment(9, 'background')],
      { regions: null, ignoreLabelValue: 3 },
      false,
    );
    expect(labels).toEqual({ background: 0, liver: 1, liver_2: 2, background_2: 3, ignore: 4 });
    expect(Object.keys(labels).at(-1)).toBe('ignore');
    expect(regionsClassOrder).toBeNull();
    expect([...valueOf]).toEqual([
      [1, 1],
      [7, 2],
      [9, 3],
      [3, 4],
    ]);
  });

  it('come in a folder nnU-Net can name', () => {
    expect(datasetFolderName(4, 'Leber (Köln) 2')).toBe('Dataset004_LeberKoln2');
    expect(datasetFolderName(40, '肝臓')).toBe('Dataset040_Maskloop');
  });
});
