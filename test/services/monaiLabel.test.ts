/** A folder of a MONAI Label server into a project, with the real import. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { niftiChunks } from '../../main/formats/nifti/writeNifti.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import type { VoxelArray } from '../../main/imaging/volume.ts';
import { ServiceRig } from './serviceRig.ts';

const grid = gridFromAffine([3, 4, 5], [-0.7, 0, 0, 20.25, 0, 0, 2.5, 10.5, 0, 0.8, 0, -300, 0, 0, 0, 1]);
const image = (n: number) => Int16Array.from({ length: 60 }, (_, at) => at + n);
const mask = (value: number) => Uint8Array.from({ length: 60 }, (_, at) => (at < 10 ? value : 0));

let rig: ServiceRig;
let store: string;
beforeEach(async () => {
  rig = ServiceRig.create();
  store = join(rig.root, 'store');
  await rig.call('project.create', { folder: rig.projectFolder });
});
afterEach(() => rig.dispose());

function put(folder: string, id: string, voxels: VoxelArray): void {
  mkdirSync(join(store, folder), { recursive: true });
  writeFileSync(join(store, folder, `${id}.nii.gz`), gzipSync(Buffer.concat(niftiChunks(grid, voxels))));
}

async function imported() {
  const { jobId } = await rig.call('dataset.import', { paths: [store] });
  const job = await rig.jobEnd(jobId);
  const { cases } = await rig.call('dataset.listCases', {});
  const { project } = await rig.call('project.current', {});
  return {
    job,
    legend: project!.legend.map(({ labelValue, name }) => [labelValue, name]),
    masks: cases.map(({ caseId, latestRevision, acceptedRevision }) => [caseId, latestRevision, acceptedRevision]).sort(),
  };
}

it('takes submitted masks as accepted and those of a model as open, with the names its file gives', async () => {
  for (const [n, id] of ['spleen_1', 'spleen_2', 'spleen_3'].entries()) put('.', id, image(n));
  put('labels/final', 'spleen_1', mask(1));
  put('labels/original', 'spleen_1', mask(2));
  put('labels/original', 'spleen_2', mask(1));
  put('labels/final', 'gone', mask(1));
  const final = { ext: '.nii.gz', info: { label_info: [{ name: 'spleen', idx: 1 }, { name: 'liver', idx: '2' }, { name: 'no number' }, 'other'] } };
  const objects = {
    spleen_1: { image: { ext: '.nii.gz', info: {} }, labels: { final } },
    spleen_2: { image: { ext: '.nii.gz' }, labels: { original: { ext: '.nii.gz', info: {} } } },
  };
  writeFileSync(join(store, 'datastore_v2.json'), JSON.stringify({ name: 's', description: '', images_dir: '.', labels_dir: 'labels', objects }));
  const { job, masks, legend } = await imported();
  expect(masks).toEqual([
    ['spleen_1', 1, 1],
    ['spleen_2', 1, null],
    ['spleen_3', null, null],
  ]);
  expect(legend).toEqual([
    [1, 'spleen'],
    [2, 'liver'],
  ]);
  expect(job.problems).toEqual([{ code: 'import/label-without-image', path: join(store, 'labels/final/gone.nii.gz') }]);

  put('labels/final', 'spleen_3', mask(2));
  put('labels/original', 'spleen_3', mask(1));
  expect((await imported()).masks).toEqual([
    ['spleen_1', 1, 1],
    ['spleen_2', 1, null],
    ['spleen_3', 1, 1],
  ]);
});

it('knows the folder without its file, and with images in a folder of their own', async () => {
  put('.', 'a', image(1));
  put('labels/original', 'a', mask(1));
  expect((await imported()).masks).toEqual([['a', 1, null]]);

  store = join(rig.root, 'other');
  put('pictures', 'b', image(2));
  put('masks/final', 'b', mask(1));
  writeFileSync(join(store, 'datastore_v2.json'), JSON.stringify({ images_dir: 'pictures', labels_dir: 'masks', objects: {} }));
  expect((await imported()).masks).toEqual([
    ['a', 1, null],
    ['b', 1, 1],
  ]);
});

it('says when the file is damaged, and goes by the folders', async () => {
  put('.', 'a', image(1));
  put('labels/final', 'a', mask(1));
  writeFileSync(join(store, 'datastore_v2.json'), '{"objects": ');
  const { job, masks } = await imported();
  expect(masks).toEqual([['a', 1, 1]]);
  expect(job.problems).toMatchObject([{ code: 'import/unreadable', path: join(store, 'datastore_v2.json') }]);
});
