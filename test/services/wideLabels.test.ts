/** Labels above 255 over the bulk plane: sent, saved, stored, read back and exported in 16 bits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bulkUrls, type CaseDetail } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';

let rig: ServiceRig;
const first = CaseId.parse('phantom_001');

beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(() => rig.dispose());

const voxelCount = ({ grid }: CaseDetail) => grid.dimsIjk.reduce((product, count) => product * count, 1);

it('carries labels above 255 in 16 bits, and revisions of before in 8', async () => {
  await rig.createWithPhantoms(1, 1);
  const count = voxelCount(await rig.call('dataset.openCase', { caseId: first }));
  const before = (await rig.get(bulkUrls.labels(first, 1))).bytes;
  const { legend } = (await rig.call('project.current', {})).project!;
  const wide = Uint16Array.from(before);
  wide.set([300, 65_535, 1], 4);
  const asBytes = new Uint8Array(wide.buffer);
  const request = { caseId: first, uploadId: await rig.upload(asBytes), parent: 1, labelType: 'uint16' } as const;
  expect(await rig.errorOf('labels.save', request)).toEqual({ code: 'labels/unknown-label', caseId: first, labelValue: 300 });
  const more = [300, 65_535].map((labelValue) => ({ labelValue, name: `label ${labelValue}`, colorRgb: [1, 2, 3] as const }));
  await rig.call('project.setLegend', { legend: [...legend, ...more] });
  expect(await rig.errorOf('labels.save', { ...request, labelType: 'uint8' })).toMatchObject({ code: 'labels/wrong-byte-count', expectedBytes: count });
  expect(await rig.call('labels.save', request)).toMatchObject({ revision: 2 });
  const saved = await rig.get(bulkUrls.labels(first, 2));
  expect([saved.status, saved.contentLength]).toEqual([200, 2 * count]);
  expect(saved.bytes.equals(asBytes)).toBe(true);
  // written in 8 bits before the legend grew, and sent so: whoever reads it widens it
  const old = await rig.get(bulkUrls.labels(first, 1));
  expect([old.contentLength, old.bytes.equals(before)]).toEqual([count, true]);
  // bytes are still taken, and stored as the legend needs
  expect(await rig.call('labels.save', { caseId: first, uploadId: await rig.upload(before), parent: 2 })).toMatchObject({ revision: 3 });
  expect((await rig.get(bulkUrls.labels(first, 3))).bytes.equals(Buffer.from(Uint16Array.from(before).buffer))).toBe(true);
  const outputFolder = join(rig.root, 'masks');
  await rig.call('labels.restore', { caseId: first, revision: 2 });
  await rig.jobEnd((await rig.call('export.start', { format: 'nifti', outputFolder, includeUnaccepted: true })).jobId);
  const exported = gunzipSync(readFileSync(join(outputFolder, `${first}.nii.gz`)));
  expect(exported.readInt16LE(72)).toBe(16);
  const values = (bytes: Uint8Array) => new Set(new Uint16Array(Uint8Array.from(bytes).buffer));
  expect(values(exported.subarray(352))).toEqual(values(asBytes));
});
