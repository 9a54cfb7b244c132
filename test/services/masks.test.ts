/** Several masks of one case through the services: each with its own revisions and acceptance, one of them for trainings. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls, type MaskInfo } from '../../main/contract/api.ts';
import { ok } from '../../main/contract/errors.ts';
import { WindowId } from '../../main/contract/journal.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { ExportReport } from '../../main/export/exportReport.ts';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { ServiceRig } from './serviceRig.ts';

const caseId = CaseId.parse('phantom_001');

describe('the masks of a case', () => {
  let rig: ServiceRig;
  let voxelCount: number;
  beforeEach(async () => {
    rig = ServiceRig.create();
    await rig.createWithPhantoms(2, 2);
    voxelCount = (await rig.call('dataset.openCase', { caseId })).grid.dimsIjk.reduce((a, b) => a * b, 1);
  });
  afterEach(() => rig.dispose());

  const open = (mask?: number) => rig.call('dataset.openCase', { caseId, mask });
  const add = (name: string, fromRevision: number | null = null): Promise<MaskInfo> => rig.call('labels.addMask', { caseId, name, fromRevision });
  /** A mask of `count` voxels of label 1. */
  async function save(count: number, parent: number | null, mask?: number) {
    const uploadId = await rig.upload(Uint8Array.from({ length: voxelCount }, (_, at) => (at < count ? 1 : 0)));
    return rig.call('labels.save', { caseId, uploadId, parent, mask });
  }
  const painted = async (revision: number): Promise<number> =>
    (await rig.get(bulkUrls.labels(caseId, revision))).bytes.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
  const actions = async () =>
    (await rig.call('audit.list', {})).entries.filter(({ action }) => action === 'mask').map(({ subject, facts }) => [subject, facts]);

  it('are one, called Main, until somebody adds another', async () => {
    expect((await open()).masks).toEqual([{ mask: 1, name: 'Main', isTraining: true, isDeleted: false, latestRevision: 1, acceptedRevision: 1 }]);
    const { cases } = await rig.call('dataset.listCases', {});
    expect(cases.map(({ masks }) => masks.length)).toEqual([1, 1]);
  });

  it('have revisions and acceptance of their own, and only the training mask speaks for the case', async () => {
    const second = await add('Reader B');
    expect(second).toEqual({ mask: 2, name: 'Reader B', isTraining: false, isDeleted: false, latestRevision: null, acceptedRevision: null });
    expect(await open(2)).toMatchObject({ mask: 2, status: 'new', latestRevision: null, revisions: [] });
    const first = await save(5, null, 2);
    expect(first).toMatchObject({ revision: 2, parent: null, mask: 2, accepted: false });
    await rig.call('labels.accept', { caseId, revision: 2 });
    // neither mask takes the acceptance of the other, nor is its parent stale through the other
    expect((await save(7, 1)).revision).toBe(3);
    expect(await rig.errorOf('labels.save', { caseId, uploadId: await rig.upload(new Uint8Array(voxelCount)), parent: 1 })).toMatchObject({
      code: 'labels/stale-parent',
      latestRevision: 3,
    });
    expect((await open(2)).revisions.map(({ revision, accepted }) => [revision, accepted])).toEqual([[2, true]]);
    expect((await open()).revisions.map(({ revision, accepted }) => [revision, accepted])).toEqual([
      [1, true],
      [3, false],
    ]);
    expect(await open()).toMatchObject({ mask: 1, latestRevision: 3, acceptedRevision: 1, status: 'corrected' });
    expect([await painted(2), await painted(3)]).toEqual([5, 7]);
    await rig.call('labels.restore', { caseId, revision: 1 });
    expect((await open(2)).latestRevision).toBe(2);
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await open()).masks.map(({ name, latestRevision, acceptedRevision }) => [name, latestRevision, acceptedRevision])).toEqual([
      ['Main', 4, 1],
      ['Reader B', 2, 2],
    ]);
    expect(await rig.call('audit.verify', {})).toMatchObject({ firstBroken: null, masksMatch: true });
  });

  it('can be a copy, with what its unpainted voxels mean', async () => {
    await save(9, 1);
    await rig.call('labels.setCompleteness', {
      caseId,
      parent: 2,
      completeness: { unpainted: 'unknown', knownLabels: null, completeSlices: [{ axis: 'k', index: 1 }], completeBoxes: [] },
    });
    const copy = await add('draft', 3);
    expect(copy).toMatchObject({ mask: 2, latestRevision: 4, acceptedRevision: null });
    const detail = await open(2);
    expect(detail.completeness).toMatchObject({ unpainted: 'unknown', completeSlices: [{ axis: 'k', index: 1 }] });
    expect(detail.revisions).toMatchObject([{ revision: 4, parent: 3, mask: 2, accepted: false }]);
    expect(await painted(4)).toBe(9);
    expect((await open()).latestRevision).toBe(3);
  });

  it('have names that differ, whatever their case, and that can be changed', async () => {
    await add('organs');
    expect(await rig.errorOf('labels.addMask', { caseId, name: 'Organs', fromRevision: 1 })).toMatchObject({ code: 'labels/mask-name-taken' });
    expect(await rig.errorOf('labels.renameMask', { caseId, mask: 2, name: 'main' })).toMatchObject({ code: 'labels/mask-name-taken' });
    expect(await rig.call('labels.renameMask', { caseId, mask: 2, name: 'ORGANS' })).toMatchObject({ name: 'ORGANS' });
    await rig.call('labels.renameMask', { caseId, mask: 1, name: 'tumour' });
    expect((await open()).masks.map(({ name, isTraining }) => [name, isTraining])).toEqual([
      ['tumour', true],
      ['ORGANS', false],
    ]);
    // the refused copy left no revision
    expect((await open(2)).revisions).toEqual([]);
    expect(await rig.errorOf('dataset.openCase', { caseId, mask: 9 })).toMatchObject({ code: 'not-found', what: 'mask' });
    expect(await actions()).toEqual([
      [caseId, { mask: 2, name: 'organs', added: true }],
      [caseId, { mask: 2, name: 'ORGANS', renamedFrom: 'organs' }],
      [caseId, { mask: 1, name: 'tumour', renamedFrom: 'Main' }],
    ]);
  });

  it('are deleted without losing a voxel, but not the one trainings learn from', async () => {
    await add('draft', 1);
    await save(3, 2);
    expect(await rig.errorOf('labels.setMaskDeleted', { caseId, mask: 1, isDeleted: true })).toMatchObject({ code: 'labels/mask-in-training', name: 'Main' });
    await rig.call('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: true });
    expect(await rig.errorOf('labels.setTrainingMask', { caseId, mask: 2 })).toMatchObject({ code: 'not-found', what: 'mask' });
    await add('draft');
    expect(await rig.errorOf('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: false })).toMatchObject({ code: 'labels/mask-name-taken' });
    await rig.call('labels.renameMask', { caseId, mask: 3, name: 'draft two' });
    expect(await rig.call('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: false })).toMatchObject({ isDeleted: false, latestRevision: 3 });
    expect(await painted(3)).toBe(3);
  });

  it('come back when somebody saves what was painted in a deleted one, under a name that is free', async () => {
    await add('draft');
    await rig.call('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: true });
    await add('draft');
    expect(await save(4, null, 2)).toMatchObject({ mask: 2 });
    expect((await open()).masks.map(({ mask, name, isDeleted }) => [mask, name, isDeleted])).toEqual([
      [1, 'Main', false],
      [2, 'draft 2', false],
      [3, 'draft', false],
    ]);
  });

  it('come back under a name that is no longer than one may be', async () => {
    const longest = 'x'.repeat(64);
    await add(longest);
    await rig.call('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: true });
    await add(longest);
    expect(await save(4, null, 2)).toMatchObject({ mask: 2 });
    const name = `${'x'.repeat(62)} 2`;
    expect((await open()).masks[1]).toMatchObject({ mask: 2, name, isDeleted: false });
    expect(await rig.call('labels.renameMask', { caseId, mask: 2, name })).toMatchObject({ name });
  });

  it('train from the one that is chosen', async () => {
    await add('Reader B', 1);
    const { revision } = await save(6, 2);
    await rig.call('labels.setTrainingMask', { caseId, mask: 2 });
    // nobody accepted anything in it yet
    expect((await rig.call('dataset.listCases', {})).cases.map(({ acceptedRevision, latestRevision }) => [acceptedRevision, latestRevision])).toEqual([
      [null, 3],
      [1, 1],
    ]);
    await rig.call('labels.accept', { caseId, revision });
    const trained: unknown[] = [];
    rig.tasks.training = async (input) => {
      trained.push(...input.cases.map((one) => [one.caseId, one.labelFile.slice(-12)]));
      return ok({});
    };
    const { jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, fold: 'all' });
    await rig.jobEnd(jobId);
    expect(trained).toEqual([
      [caseId, 'r0003.nii.gz'],
      ['phantom_002', 'r0001.nii.gz'],
    ]);
    // a prediction goes into it, too
    expect(await actions()).toContainEqual([caseId, { mask: 2, name: 'Reader B', training: true }]);
  });

  it('keep their journals apart', async () => {
    await add('Reader B');
    const windowId = WindowId.parse(randomUUID());
    const begin = async (base: number | null, mask?: number) => {
      const { journalId } = await rig.call('labels.beginJournal', { caseId, windowId, base, mask });
      await rig.services.bulk.append(bulkUrls.journalFrame(caseId, journalId, 1, 1), Readable.from([Buffer.from('x')]));
    };
    await begin(1);
    await begin(null, 2);
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    const { journals } = await rig.call('labels.journals', { caseId });
    expect(journals.map(({ mask, baseRevision }) => [mask, baseRevision])).toEqual([
      [1, 1],
      [2, null],
    ]);
  });

  it('follow a change of the legend, deleted ones too', async () => {
    await add('organs', 1);
    await rig.call('labels.setMaskDeleted', { caseId, mask: 2, isDeleted: true });
    const { legend } = (await rig.call('project.current', {})).project!;
    const { jobId } = await rig.call('project.changeLegend', { operations: [{ op: 'remove', labelValue: legend[1]!.labelValue }] });
    if (jobId) expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
    const values = async (revision: number) => new Set((await rig.get(bulkUrls.labels(caseId, revision))).bytes);
    for (const { latestRevision } of (await open()).masks) expect((await values(latestRevision!)).has(legend[1]!.labelValue)).toBe(false);
    expect((await open()).masks.map(({ acceptedRevision }) => acceptedRevision !== null)).toEqual([true, false]);
    // what has a label that is gone cannot become a mask
    expect(await rig.errorOf('labels.addMask', { caseId, name: 'old', fromRevision: 1 })).toMatchObject({ code: 'labels/unknown-label' });
    expect((await open()).masks).toHaveLength(2);
  });

  it('are exported by name, which the files and the report say', async () => {
    await add('Reader B / draft');
    await save(5, null, 2);
    const outputFolder = join(rig.root, 'out');
    const job = await rig.call('export.start', { format: 'nifti', outputFolder, includeUnaccepted: true, maskNames: ['Main', 'reader b / DRAFT'] });
    expect(await rig.jobEnd(job.jobId)).toMatchObject({ state: 'succeeded' });
    const { files } = ExportReport.parse(JSON.parse(readFileSync(join(outputFolder, 'export-report.json'), 'utf8')));
    expect(files.map(({ name, maskName, revision }) => [name, maskName, revision])).toEqual([
      [`${caseId}_Main.nii.gz`, 'Main', 1],
      [`${caseId}_Reader_B_draft.nii.gz`, 'Reader B / draft', 2],
      ['phantom_002_Main.nii.gz', undefined, 1],
    ]);
    const { channels } = readNifti(gunzipSync(readFileSync(join(outputFolder, `${caseId}_Reader_B_draft.nii.gz`))), 'x');
    expect(Array.from(channels[0]!).filter((value) => value !== 0)).toHaveLength(5);
    expect(await rig.errorOf('export.start', { format: 'nifti', outputFolder, maskNames: ['nobody'] })).toEqual({
      code: 'export/no-such-mask',
      name: 'nobody',
      known: ['Main', 'Reader B / draft'],
    });
  });
});
