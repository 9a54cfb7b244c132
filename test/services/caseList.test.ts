/** What the worklist shows of a case, and cases that are taken out, through the door that shells use. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';

const accepted = CaseId.parse('phantom_001');
const fresh = CaseId.parse('phantom_005');
let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(5, 3);
});
afterEach(() => rig.dispose());

const train = async () => rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
const summary = async (caseId: CaseId) => (await rig.call('dataset.listCases', {})).cases.find((one) => one.caseId === caseId)!;

describe('an excluded case', () => {
  it('is not trained on, not ordered, not predicted and not exported unasked, until it takes part again', async () => {
    const { cases } = await rig.call('dataset.setExcluded', { caseIds: [accepted, fresh], reason: ' motion artefacts ' });
    expect(cases.map(({ status, exclusion }) => [status, exclusion?.reason, exclusion?.author])).toEqual(
      Array(2).fill(['excluded', 'motion artefacts', 'reader']),
    );
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
    await rig.jobEnd(jobId);
    const run = (await rig.call('nnunet.listRuns', {})).runs.find((one) => one.runId === runId)!;
    expect([...run.trainCaseIds, ...run.validationCaseIds].sort()).toEqual(['phantom_002', 'phantom_003']);
    expect((await rig.call('worklist.order', {})).cases.map(({ caseId }) => caseId)).toEqual(['phantom_004']);
    await rig.jobEnd((await rig.call('nnunet.predict', {})).jobId);
    expect((await summary(fresh)).latestRevision).toBe(null);
    const exported = await rig.jobEnd((await rig.call('export.start', { format: 'nifti', outputFolder: join(rig.root, 'out') })).jobId);
    expect(exported.summary).toMatchObject({ writtenCount: 2 });

    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await summary(accepted)).status).toBe('excluded');
    await rig.call('dataset.setExcluded', { caseIds: [accepted], reason: null });
    expect(await summary(accepted)).toMatchObject({ status: 'accepted', exclusion: null });
    const again = await rig.call('nnunet.train', { configuration: '2d' });
    await rig.jobEnd(again.jobId);
    const after = (await rig.call('nnunet.listRuns', {})).runs.find((one) => one.runId === again.runId)!;
    expect([...after.trainCaseIds, ...after.validationCaseIds]).toContain(accepted);
  });

  it('needs a reason and a known case; of several, none is taken out when one is unknown', async () => {
    expect(await rig.errorOf('dataset.setExcluded', { caseIds: [fresh], reason: '  ' })).toMatchObject({ code: 'contract/bad-input' });
    expect(await rig.errorOf('dataset.setExcluded', { caseIds: [fresh, CaseId.parse('nobody')], reason: 'x' })).toMatchObject({ code: 'not-found' });
    expect((await summary(fresh)).exclusion).toBe(null);
  });
});

describe('figures of the worklist', () => {
  it('are uncertainty and time, of the cases that have any', async () => {
    expect((await rig.call('worklist.figures', {})).cases).toEqual([]);
    await train();
    await rig.jobEnd((await rig.call('nnunet.predict', {})).jobId);
    await rig.call('labels.accept', { caseId: fresh, revision: 1, activeSeconds: 30 });
    await rig.call('labels.accept', { caseId: accepted, revision: 1, activeSeconds: 12.5 });
    const figures = new Map((await rig.call('worklist.figures', {})).cases.map((one) => [one.caseId, one]));
    expect([...figures.keys()].sort()).toEqual([accepted, 'phantom_004', fresh]);
    expect(figures.get(fresh)!.activeSeconds).toBe(30);
    expect(figures.get(fresh)!.uncertainty).toBeGreaterThan(0);
    expect(figures.get(accepted)).toEqual({ caseId: accepted, uncertainty: null, activeSeconds: 12.5 });
    expect((await summary(fresh)).latestSource).toMatch(/^model:/);
  });
});

describe('thumbnails', () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
  const tasks = () => rig.host.inputs.filter((input) => input.task === 'thumbnails');

  it('are made once, several in one process, and kept in the case folder', async () => {
    const urls = [bulkUrls.thumbnail(accepted, 1), bulkUrls.thumbnail(fresh, null), bulkUrls.thumbnail(fresh, null)];
    const answers = await Promise.all(urls.map((url) => rig.get(url)));
    for (const { status, bytes, contentLength } of answers) {
      expect([status, bytes.subarray(0, 4)]).toEqual([200, png]);
      expect(contentLength).toBe(bytes.length);
    }
    expect(answers[0]!.bytes.equals(answers[1]!.bytes)).toBe(false);
    await rig.get(urls[0]!);
    expect(tasks().map((task) => (task.task === 'thumbnails' ? task.cases.length : 0))).toEqual([2]);
    expect(existsSync(join(rig.projectFolder, 'cases', accepted, 'thumbnail-r0001.png'))).toBe(true);
  });

  it('of a newer mask replace the older', async () => {
    await rig.get(bulkUrls.thumbnail(fresh, null));
    await train();
    await rig.jobEnd((await rig.call('nnunet.predict', { caseIds: [fresh] })).jobId);
    expect((await rig.get(bulkUrls.thumbnail(fresh, 1))).status).toBe(200);
    expect(readdirSync(join(rig.projectFolder, 'cases', fresh)).filter((name) => name.startsWith('thumbnail'))).toEqual(['thumbnail-r0001.png']);
  });

  it('tell what is wrong, one case does not spoil another', async () => {
    writeFileSync(join(rig.projectFolder, 'cases', accepted, 'labels', 'r0001.nii.gz'), 'damaged');
    const [bad, good] = await Promise.all([rig.get(bulkUrls.thumbnail(accepted, 1)), rig.get(bulkUrls.thumbnail(CaseId.parse('phantom_002'), 1))]);
    expect([bad.status, JSON.parse(bad.bytes.toString())]).toMatchObject([500, { code: 'disk/corrupt' }]);
    expect(good.status).toBe(200);
    expect((await rig.get(bulkUrls.thumbnail(fresh, 7))).status).toBe(404);
    expect((await rig.get(bulkUrls.thumbnail(CaseId.parse('nobody'), null))).status).toBe(404);
    expect((await rig.get('/thumbnail/..%2f/0')).status).toBe(400);
    rmSync(join(rig.projectFolder, 'cases', fresh, 'image_0000.nii'));
    expect((await rig.get(bulkUrls.thumbnail(fresh, null))).status).toBeGreaterThanOrEqual(400);
  });
});
