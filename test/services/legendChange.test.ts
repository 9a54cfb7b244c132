/** Masks follow the legend: new revisions, all or none, with acceptance. Real migration. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaseId, Revision } from '../../main/contract/vocabulary.ts';
import { readLabelmap } from '../../main/dataset/storedVolume.ts';
import { smallPlan } from '../../main/nnunet/testing/smallPlan.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(3, 2);
});
afterEach(() => rig.dispose());

const valuesOf = async (caseId: CaseId, revision: Revision) => {
  const { voxels } = await readLabelmap(join(rig.projectFolder, 'cases', caseId, 'labels', `r000${revision}.nii.gz`));
  const counts = new Map<number, number>();
  for (const value of voxels) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};
const project = async () => (await rig.call('project.current', {})).project!;
const labelled = async () => (await rig.call('dataset.listCases', {})).cases.filter(({ latestRevision }) => latestRevision !== null);

describe('a change of the legend', () => {
  it('merges: voxels become those of the other label in new revisions, accepted by whom they were; the old ones stay', async () => {
    const [one, two] = await labelled();
    await rig.call('labels.accept', { caseId: one!.caseId, revision: 1 });
    const before = await valuesOf(one!.caseId, 1);
    const [a, b] = (await project()).legend;
    const { jobId } = await rig.call('project.changeLegend', { operations: [{ op: 'merge', labelValue: b!.labelValue, into: a!.labelValue }] });
    const job = await rig.jobEnd(jobId!);
    expect(job).toMatchObject({ state: 'succeeded', summary: { author: 'reader', legendBefore: expect.arrayContaining([b]), migratedCount: 2 } });
    expect(job.summary!.changes).toEqual(expect.arrayContaining([{ caseId: one!.caseId, from: 1, to: 2, acceptedBy: expect.any(String) }]));
    expect((await project()).legend.map(({ labelValue }) => labelValue)).not.toContain(b!.labelValue);
    const after = await valuesOf(one!.caseId, 2);
    expect(after.get(a!.labelValue)).toBe(before.get(a!.labelValue)! + before.get(b!.labelValue)!);
    expect(after.has(b!.labelValue)).toBe(false);
    expect(await valuesOf(one!.caseId, 1)).toEqual(before);
    const detail = await rig.call('dataset.openCase', { caseId: one!.caseId });
    expect(detail).toMatchObject({ latestRevision: 2, acceptedRevision: 2, status: 'accepted' });
    expect(detail.revisions[1]).toMatchObject({ parent: 1, source: detail.revisions[0]!.source, author: 'reader' });
    expect((await rig.call('dataset.openCase', { caseId: two!.caseId })).latestRevision).toBe(2);
  });

  it('does not restore a revision with a label that is gone, until the label is back', async () => {
    const [one] = await labelled();
    const { caseId } = one!;
    const [a] = (await project()).legend;
    await rig.jobEnd((await rig.call('project.changeLegend', { operations: [{ op: 'remove', labelValue: a!.labelValue }] })).jobId!);
    expect(await rig.errorOf('labels.restore', { caseId, revision: 1 })).toEqual({ code: 'labels/unknown-label', caseId, labelValue: a!.labelValue });
    expect((await rig.call('dataset.openCase', { caseId })).latestRevision).toBe(2);
    await rig.call('project.changeLegend', { operations: [{ op: 'add', segment: a! }] });
    expect(await rig.call('labels.restore', { caseId, revision: 1 })).toMatchObject({ revision: 3, parent: 1 });
  });

  it('removes: voxels become background, and the accepted revision below a newer one stays below it', async () => {
    const [one] = await labelled();
    const { caseId } = one!;
    await rig.call('labels.accept', { caseId, revision: 1 });
    await rig.call('labels.restore', { caseId, revision: 1 });
    const [a] = (await project()).legend;
    const { jobId } = await rig.call('project.changeLegend', { operations: [{ op: 'remove', labelValue: a!.labelValue }] });
    await rig.jobEnd(jobId!);
    const detail = await rig.call('dataset.openCase', { caseId });
    expect(detail).toMatchObject({ latestRevision: 4, acceptedRevision: 3 });
    expect(detail.revisions.map(({ parent }) => parent)).toEqual([null, 1, 1, 2]);
    expect((await valuesOf(caseId, 3)).has(a!.labelValue)).toBe(false);
  });

  it('adds, renames and recolours without a job', async () => {
    const [a] = (await project()).legend;
    const segment = { labelValue: 70, name: 'node', colorRgb: [1, 2, 3] as [number, number, number] };
    const operations = [
      { op: 'add' as const, segment },
      { op: 'rename' as const, labelValue: a!.labelValue, name: 'torso' },
    ];
    expect(await rig.call('project.changeLegend', { operations })).toEqual({ jobId: null });
    expect((await project()).legend).toEqual(expect.arrayContaining([segment, { ...a!, name: 'torso' }]));
    expect((await labelled()).every(({ latestRevision }) => latestRevision === 1)).toBe(true);
  });

  it('leaves models the legend of their time: one that draws what is gone says so instead of predicting', async () => {
    const [one] = await labelled();
    await rig.call('labels.accept', { caseId: one!.caseId, revision: 1 });
    const [a, b] = (await project()).legend;
    const plan = { ...smallPlan({}), classes: [a!, b!].map(({ labelValue, name }) => ({ labelValue, name })) };
    rig.tasks.training = (input, port) => {
      mkdirSync(input.runFolder, { recursive: true });
      writeFileSync(join(input.runFolder, 'plans.json'), JSON.stringify(plan));
      return trainInNoTime(input, port);
    };
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, fold: 'all' });
    await rig.jobEnd(jobId);
    const change = await rig.call('project.changeLegend', { operations: [{ op: 'merge', labelValue: b!.labelValue, into: a!.labelValue }] });
    await rig.jobEnd(change.jobId!);
    expect(await rig.errorOf('nnunet.predict', { runIds: [runId] })).toEqual({ code: 'predict/legend-changed', runId, names: [b!.name] });
  });

  it('is refused as a whole where one operation is', async () => {
    const before = await project();
    const operations = [
      { op: 'rename' as const, labelValue: before.legend[0]!.labelValue, name: 'x' },
      { op: 'remove' as const, labelValue: 999 },
    ];
    expect(await rig.errorOf('project.changeLegend', { operations })).toEqual({ code: 'contract/bad-input', issues: ['label 999 is not in the legend'] });
    expect(await project()).toEqual(before);
  });

  it('changes nothing where somebody accepts another revision while it runs', async () => {
    const [one] = await labelled();
    const before = await project();
    const [a, b] = before.legend;
    const { jobId } = await rig.call('project.changeLegend', { operations: [{ op: 'merge', labelValue: b!.labelValue, into: a!.labelValue }] });
    await rig.call('labels.restore', { caseId: one!.caseId, revision: 1 });
    expect(await rig.jobEnd(jobId!)).toMatchObject({ state: 'failed', error: { code: 'labels/stale-parent', caseId: one!.caseId } });
    expect((await project()).legend).toEqual(before.legend);
    expect((await labelled()).map(({ latestRevision }) => latestRevision).sort()).toEqual([1, 2]);
  });
});
