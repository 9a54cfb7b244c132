/** What unpainted voxels mean, from the brush to the training, with real saving and import. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMPLETE, PAINTED_BACKGROUND, type Completeness } from '../../main/contract/completeness.ts';
import type { TrainTask } from '../../main/contract/tasks.ts';
import type { CaseId } from '../../main/contract/vocabulary.ts';
import { readLabelmap } from '../../main/dataset/storedVolume.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(() => rig.dispose());

const SPARSE: Completeness = { unpainted: 'unknown', knownLabels: null, completeSlices: [{ axis: 'k', index: 2 }], completeBoxes: [] };

async function firstCase() {
  const { cases } = await rig.call('dataset.listCases', {});
  return cases[0]!;
}

/** A mask with one voxel of label 1 at index 0 and painted background at index 1. */
async function saveSparse(caseId: CaseId, parent: number | null) {
  const { grid } = await rig.call('dataset.openCase', { caseId });
  const labels = new Uint16Array(grid.dimsIjk.reduce((a, b) => a * b, 1));
  labels[0] = 1;
  labels[1] = PAINTED_BACKGROUND;
  const uploadId = await rig.upload(new Uint8Array(labels.buffer));
  return rig.call('labels.save', { caseId, uploadId, parent, labelType: 'uint16', completeness: SPARSE });
}

describe('a sparse mask', () => {
  it('keeps painted background beside the mask: no mask on disk or on its way out holds its value', async () => {
    await rig.createWithPhantoms(1, 1);
    const { caseId, latestRevision } = await firstCase();
    const { revision } = await saveSparse(caseId, latestRevision);
    const labels = join(rig.projectFolder, 'cases', caseId, 'labels');
    const { voxels } = await readLabelmap(join(labels, `r000${revision}.nii.gz`));
    expect(voxels).toBeInstanceOf(Uint8Array);
    expect([...voxels.slice(0, 3)]).toEqual([1, 0, 0]);
    expect(Math.max(...new Set(voxels))).toBe(1);
    expect((await rig.get(`/labels/${caseId}/${revision}`)).bytes.equals(Buffer.from(voxels))).toBe(true);
    const background = await rig.get(`/background/${caseId}/${revision}`);
    expect([...background.bytes.subarray(0, 3)]).toEqual([0, 1, 0]);
    expect(background.bytes.length).toBe(voxels.length);
    expect((await rig.call('dataset.openCase', { caseId })).completeness).toEqual({ ...SPARSE, backgroundVoxelCount: 1 });
    expect((await rig.get(`/background/${caseId}/1`)).status).toBe(404);
    expect(readdirSync(labels).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('comes back whole when an older revision is restored, and stays what it was until somebody says otherwise', async () => {
    await rig.createWithPhantoms(1, 1);
    const { caseId, latestRevision } = await firstCase();
    const { revision } = await saveSparse(caseId, latestRevision);
    const { bytes } = await rig.get(`/labels/${caseId}/${revision}`);
    const uploadId = await rig.upload(bytes);
    const plain = await rig.call('labels.save', { caseId, uploadId, parent: revision });
    expect((await firstCase()).completeness).toEqual({ ...SPARSE, backgroundVoxelCount: 0 });
    await rig.call('labels.restore', { caseId, revision });
    expect((await firstCase()).completeness).toEqual({ ...SPARSE, backgroundVoxelCount: 1 });
    await rig.call('labels.restore', { caseId, revision: 1 });
    expect((await firstCase()).completeness).toEqual(COMPLETE);
    expect(plain.revision).toBe(revision + 1);
  });

  it('is complete by a further revision, which is accepted as the one before', async () => {
    await rig.createWithPhantoms(1, 1);
    const { caseId, latestRevision } = await firstCase();
    const saved = await saveSparse(caseId, latestRevision);
    await rig.call('labels.accept', { caseId, revision: saved.revision });
    const said = await rig.call('labels.setCompleteness', { caseId, parent: saved.revision, completeness: { ...COMPLETE, knownLabels: null } });
    expect(said).toMatchObject({ revision: saved.revision + 1, parent: saved.revision, accepted: true, sha256: saved.sha256, source: saved.source });
    expect((await firstCase()).completeness).toEqual({ ...COMPLETE, backgroundVoxelCount: 1 });
    expect(await rig.errorOf('labels.setCompleteness', { caseId, parent: saved.revision, completeness: SPARSE })).toMatchObject({
      code: 'labels/stale-parent',
    });
    const wrong = { ...SPARSE, knownLabels: [77] };
    expect(await rig.errorOf('labels.setCompleteness', { caseId, parent: said.revision, completeness: wrong })).toMatchObject({ code: 'contract/bad-input' });
  });

  it('is learnt from with what is unknown left out, and never judges a model', async () => {
    await rig.createWithPhantoms(6, 6);
    const { cases } = await rig.call('dataset.listCases', {});
    for (const { caseId, latestRevision } of cases) await rig.call('labels.accept', { caseId, revision: latestRevision! });
    const tasks: TrainTask[] = [];
    rig.tasks.training = (input, port) => {
      tasks.push(input);
      return trainInNoTime(input, port);
    };
    const first = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1 });
    await rig.jobEnd(first.jobId);
    const [before] = tasks;
    expect(before!.cases.every(({ completeness }) => completeness === undefined)).toBe(true);
    for (const role of ['train', 'validation'] as const) {
      const { caseId } = before!.cases.find((one) => one.role === role)!;
      const saved = await saveSparse(caseId, (await rig.call('dataset.openCase', { caseId })).latestRevision);
      await rig.call('labels.accept', { caseId, revision: saved.revision });
    }
    const second = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1 });
    await rig.jobEnd(second.jobId);
    const after = tasks[1]!;
    expect(after.cases.filter(({ role }) => role === 'validation').length).toBe(before!.cases.filter(({ role }) => role === 'validation').length - 1);
    const sparse = after.cases.filter(({ completeness }) => completeness);
    expect(sparse).toHaveLength(1);
    expect(sparse[0]).toMatchObject({ role: 'train', completeness: SPARSE });
    expect((await readLabelmap(sparse[0]!.backgroundFile!)).voxels[1]).toBe(1);
    const record = JSON.parse(readFileSync(join(rig.projectFolder, 'runs', second.runId, 'run.json'), 'utf8')) as {
      cases: { caseId: string; completeness: unknown }[];
    };
    expect(record.cases.find(({ caseId }) => caseId === sparse[0]!.caseId)!.completeness).toEqual({ ...SPARSE, backgroundVoxelCount: 1 });
  });

  it('with a legend known in part', async () => {
    await rig.createWithPhantoms(2, 2);
    const { caseId, latestRevision } = await firstCase();
    const { project } = await rig.call('project.current', {});
    const legend = [...project!.legend, { labelValue: 40, name: 'lesion', colorRgb: [1, 2, 3] as [number, number, number] }];
    await rig.call('project.setLegend', { legend });
    const known = project!.legend.map(({ labelValue }) => labelValue);
    const said = await rig.call('labels.setCompleteness', { caseId, parent: latestRevision!, completeness: { ...COMPLETE, knownLabels: known } });
    await rig.call('labels.accept', { caseId, revision: said.revision });
    let task: TrainTask | null = null;
    rig.tasks.training = (input, port) => {
      task = input;
      return trainInNoTime(input, port);
    };
    await rig.jobEnd((await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, fold: 'all' })).jobId);
    expect(task!.cases.find((one) => one.caseId === caseId)!.completeness).toMatchObject({ knownLabels: known });
  });
});
