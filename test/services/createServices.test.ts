/** The services end to end over real files; the compute process is in this process and its network a threshold. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls, type CaseDetail } from '../../main/contract/api.ts';
import { ok } from '../../main/contract/errors.ts';
import { CaseId, RunId } from '../../main/contract/vocabulary.ts';
import { callService } from '../../main/services/callService.ts';
import { ServiceRig, tellCheckpoint } from './serviceRig.ts';

let rig: ServiceRig;
const first = CaseId.parse('phantom_001');
const last = CaseId.parse('phantom_006');

beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(async () => {
  await rig.dispose();
});

const upload = (bytes: Uint8Array) => rig.upload(bytes);

const voxelCount = ({ grid }: CaseDetail) => grid.dimsIjk.reduce((product, count) => product * count, 1);

async function train() {
  const started = await rig.call('nnunet.train', { configuration: '2d' });
  await rig.jobEnd(started.jobId);
  return started;
}

describe('the whole loop', () => {
  it('goes from images over a model and a correction to exported files', async () => {
    await rig.createWithPhantoms(6, 5);
    const { cases } = await rig.call('dataset.listCases', {});
    expect(cases.map(({ caseId, status, fold }) => [caseId, status, fold])).toEqual([
      ...[1, 2, 3, 4, 5].map((n) => [`phantom_00${n}`, 'accepted', null]),
      ['phantom_006', 'new', null],
    ]);

    const { runId } = await train();
    const [run] = (await rig.call('nnunet.listRuns', {})).runs;
    expect(run).toMatchObject({ runId, state: 'finished', hasCheckpoint: true, epoch: 1, step: 10, validationDice: 0.5 });
    expect(run!.trainCaseIds.length + run!.validationCaseIds.length).toBe(5);
    expect(run!.validationCaseIds).toHaveLength(1);
    const record = JSON.parse(readFileSync(join(rig.projectFolder, 'runs', runId, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ version: 1, runId, author: 'reader', options: { epochs: 1000, fold: 0, recipe: { optimizer: 'sgd', stepsPerEpoch: 250 } } });
    expect(record.trainingDataSha256).toMatch(/^[0-9a-f]{64}$/);
    const splits = JSON.parse(readFileSync(join(rig.projectFolder, 'splits_final.json'), 'utf8'));
    expect(splits).toHaveLength(5);
    expect(splits[0].val).toEqual(run!.validationCaseIds);
    expect((await rig.call('nnunet.metrics', { runId })).metrics).toEqual([{ name: 'trainLoss', epoch: 1, step: 10, value: 1 }]);

    const predicted = await rig.call('nnunet.predict', {});
    expect(await rig.jobEnd(predicted.jobId)).toMatchObject({ state: 'succeeded', subject: runId });
    const detail = await rig.call('dataset.openCase', { caseId: last });
    expect(detail).toMatchObject({ status: 'predicted', latestRevision: 1, acceptedRevision: null });
    expect(detail.revisions[0]).toMatchObject({ source: `model:${runId}`, author: 'model', parent: null });

    const labels = await rig.get(bulkUrls.labels(last, 1));
    expect([labels.status, labels.contentLength, labels.bytes.length]).toEqual([200, voxelCount(detail), voxelCount(detail)]);
    const edited = Uint8Array.from(labels.bytes);
    edited[0] = 1;
    const saved = await rig.call('labels.save', { caseId: last, uploadId: await upload(edited), parent: 1 });
    expect(saved).toMatchObject({ revision: 2, parent: 1, source: `corrected:${runId}`, author: 'reader', accepted: false });
    const again = await rig.call('labels.save', { caseId: last, uploadId: await upload(edited), parent: 2 });
    expect(again.source).toBe(`corrected:${runId}`);
    expect((await rig.get(bulkUrls.labels(last, 2))).bytes).toEqual(Buffer.from(edited));
    expect(await rig.call('labels.accept', { caseId: last, revision: 3 })).toMatchObject({ status: 'accepted', acceptedRevision: 3 });

    const bench = await rig.call('nnunet.bench', { mode: 'train', configuration: '2d' });
    expect(await rig.jobEnd(bench.jobId)).toMatchObject({ state: 'succeeded', summary: { mode: 'train', cases: 6 } });

    const second = await rig.call('nnunet.train', { configuration: '2d', parentRunId: runId, epochs: 2, choices: { ema: 0.9 } });
    await rig.jobEnd(second.jobId);
    const task = rig.host.inputs.find((input) => input.task === 'train' && input.runId === second.runId);
    expect(task).toMatchObject({ parentRunFolder: join(rig.projectFolder, 'runs', runId), resume: false, epochs: 2 });
    // what was chosen, what a warm start means, and the preset for the rest
    expect(task).toMatchObject({ recipe: { ema: 0.9, learningRate: expect.closeTo(1e-4, 12), optimizer: 'adam', scheduler: 'poly' } });
    const weights = task?.task === 'train' ? task.cases.map(({ caseId, weight }) => [caseId, weight]) : [];
    expect(weights).toContainEqual([last, 2]);
    expect(weights).toContainEqual([first, 1]);

    const outputFolder = join(rig.root, 'masks');
    const exported = await rig.call('export.start', { format: 'nifti', outputFolder });
    expect(await rig.jobEnd(exported.jobId)).toMatchObject({ state: 'succeeded', summary: { writtenCount: 6 } });
    const voxels = gunzipSync(readFileSync(join(outputFolder, `${last}.nii.gz`))).subarray(352);
    expect(voxels).toHaveLength(edited.length);
    expect(rig.events.some((event) => event.type === 'runs')).toBe(true);
    expect(readdirSync(join(rig.projectFolder, 'uploads'))).toEqual([]);
  });

  it('lives on in the next start of the program', async () => {
    await rig.createWithPhantoms(3, 3);
    const { runId, jobId } = await train();
    await rig.restart();
    expect((await rig.call('project.recent', {})).folders.map(({ folder }) => folder)).toEqual([rig.projectFolder]);
    expect(await rig.errorOf('dataset.listCases', {})).toEqual({ code: 'project/none-open' });
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await rig.call('jobs.list', {})).jobs[0]).toMatchObject({ jobId, state: 'succeeded' });
    expect((await rig.call('jobs.events', { jobId, fromSeq: 1 })).events[0]?.type).toBe('started');
    expect((await rig.call('nnunet.metrics', { runId })).metrics).toHaveLength(1);
    expect((await rig.call('project.current', {})).project).toMatchObject({ caseCount: 3, name: 'project' });
  });
});

describe('saving label maps', () => {
  it('refuses a stale parent, also one that became stale on the way, and keeps the upload', async () => {
    await rig.createWithPhantoms(1, 1);
    const detail = await rig.call('dataset.openCase', { caseId: first });
    const uploadId = await upload(new Uint8Array(voxelCount(detail)));
    const stale = { code: 'labels/stale-parent', caseId: first, parentRevision: 0, latestRevision: 1 };
    expect(await rig.errorOf('labels.save', { caseId: first, uploadId, parent: null })).toEqual(stale);
    rig.tasks.beforeSave = async () => {
      await rig.call('labels.restore', { caseId: first, revision: 1 });
    };
    const overtaken = await rig.errorOf('labels.save', { caseId: first, uploadId, parent: 1 });
    expect(overtaken).toEqual({ ...stale, parentRevision: 1, latestRevision: 2 });
    rig.tasks.beforeSave = async () => {};
    expect(await rig.call('labels.save', { caseId: first, uploadId, parent: 2 })).toMatchObject({ revision: 3, source: 'manual' });
    expect(await rig.errorOf('labels.save', { caseId: first, uploadId, parent: 3 })).toMatchObject({ code: 'labels/upload-missing' });
    const labels = join(rig.projectFolder, 'cases', first, 'labels');
    expect(readdirSync(labels).sort()).toEqual(['r0001.nii.gz', 'r0002.nii.gz', 'r0003.nii.gz']);
  });

  it('refuses other sizes and labels that the legend does not know', async () => {
    await rig.createWithPhantoms(1, 0);
    const detail = await rig.call('dataset.openCase', { caseId: first });
    const short = await upload(new Uint8Array(5));
    expect(await rig.errorOf('labels.save', { caseId: first, uploadId: short, parent: null })).toEqual({
      code: 'labels/wrong-byte-count',
      caseId: first,
      expectedBytes: voxelCount(detail),
      actualBytes: 5,
    });
    const strange = new Uint8Array(voxelCount(detail));
    strange[7] = 200;
    const uploadId = await upload(strange);
    const unknown = await rig.errorOf('labels.save', { caseId: first, uploadId, parent: null });
    expect(unknown).toEqual({ code: 'labels/unknown-label', caseId: first, labelValue: 200 });
    const legend = [...(await rig.call('project.current', {})).project!.legend, { labelValue: 200, name: 'cyst', colorRgb: [1, 2, 3] as const }];
    await rig.call('project.setLegend', { legend });
    expect(await rig.call('labels.save', { caseId: first, uploadId, parent: null })).toMatchObject({ revision: 1, source: 'manual' });
    expect(await rig.errorOf('project.setLegend', { legend: [...legend, ...legend] })).toMatchObject({ code: 'contract/bad-input' });
  });

  it('restores an older revision as a new one with the same voxels and source', async () => {
    await rig.createWithPhantoms(1, 1);
    const detail = await rig.call('dataset.openCase', { caseId: first });
    const uploadId = await upload(new Uint8Array(voxelCount(detail)));
    await rig.call('labels.save', { caseId: first, uploadId, parent: 1 });
    const restored = await rig.call('labels.restore', { caseId: first, revision: 1 });
    expect(restored).toMatchObject({ revision: 3, parent: 1, author: 'reader', sha256: detail.revisions[0]!.sha256, accepted: false });
    expect((await rig.get(bulkUrls.labels(first, 3))).bytes).toEqual((await rig.get(bulkUrls.labels(first, 1))).bytes);
    expect(await rig.errorOf('labels.restore', { caseId: first, revision: 9 })).toMatchObject({ code: 'not-found', what: 'revision' });
    expect((await rig.call('dataset.openCase', { caseId: first })).acceptedRevision).toBe(1);
  });
});

describe('training', () => {
  it('asks for labelled cases, and trains on a single one without holding it out', async () => {
    await rig.createWithPhantoms(2, 0);
    expect(await rig.errorOf('nnunet.train', { configuration: '2d' })).toEqual({ code: 'train/no-cases', labelledCaseCount: 0 });
    const detail = await rig.call('dataset.openCase', { caseId: first });
    await rig.call('labels.save', { caseId: first, uploadId: await upload(new Uint8Array(voxelCount(detail))), parent: null });
    await rig.call('labels.accept', { caseId: first, revision: 1 });
    await train();
    const [run] = (await rig.call('nnunet.listRuns', {})).runs;
    expect([run!.trainCaseIds, run!.validationCaseIds]).toEqual([[first], []]);
  });

  it('that was cancelled can be resumed and shows one curve', async () => {
    await rig.createWithPhantoms(2, 2);
    rig.tasks.training = async (input, port) => {
      tellCheckpoint(input, port, 1);
      port.tell({ type: 'metric', metric: { name: 'trainLoss', epoch: 3, step: 25, value: 0.9 } });
      while (!port.stop.aborted) await sleep(2);
      return ok({});
    };
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '3d_fullres', minutes: 5 });
    expect(await rig.errorOf('nnunet.resume', { runId })).toEqual({ code: 'job/busy', jobId });
    expect(await rig.errorOf('project.close', {})).toEqual({ code: 'job/busy', jobId });
    await rig.call('jobs.cancel', { jobId });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'cancelled' });
    expect((await rig.call('nnunet.listRuns', {})).runs[0]).toMatchObject({ state: 'interrupted', hasCheckpoint: true });
    rig.tasks.training = async (input, port) => {
      expect(input).toMatchObject({ resume: true, minutes: 5 });
      tellCheckpoint(input, port, 2);
      return ok({});
    };
    // The resumed job starts again after its checkpoint at step 10 and repeats what came after it.
    const resumed = await rig.call('nnunet.resume', { runId });
    expect(resumed.runId).toBe(runId);
    await rig.jobEnd(resumed.jobId);
    expect((await rig.call('nnunet.listRuns', {})).runs[0]).toMatchObject({ state: 'finished', epoch: 2, jobId: resumed.jobId });
    const steps = (await rig.call('nnunet.metrics', { runId })).metrics.map(({ step }) => step);
    expect(steps).toEqual([10, 20]);
    expect(await rig.errorOf('nnunet.resume', { runId })).toMatchObject({ code: 'contract/bad-input' });
  });

  it('whose process is killed leaves an interrupted run, and the program goes on', async () => {
    await rig.createWithPhantoms(2, 2);
    rig.tasks.training = async (input, port) => {
      tellCheckpoint(input, port, 3);
      rig.host.killAll();
      return new Promise(() => {});
    };
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'train/out-of-memory' } });
    expect((await rig.call('nnunet.listRuns', {})).runs[0]).toMatchObject({ runId, state: 'interrupted', epoch: 3 });
    const predicted = await rig.call('nnunet.predict', { caseIds: [first] });
    expect(await rig.jobEnd(predicted.jobId)).toMatchObject({ state: 'succeeded' });
    expect(await rig.call('dataset.openCase', { caseId: first })).toMatchObject({ acceptedRevision: 1, latestRevision: 2, status: 'predicted' });
  });

  it('follows the user’s splits_final.json', async () => {
    await rig.createWithPhantoms(4, 4);
    const file = join(rig.projectFolder, 'splits_final.json');
    writeFileSync(file, JSON.stringify([{ train: ['phantom_001', 'phantom_003'], val: ['phantom_002', 'phantom_004'] }]));
    await train();
    const [run] = (await rig.call('nnunet.listRuns', {})).runs;
    expect(run!.validationCaseIds).toEqual(['phantom_002', 'phantom_004']);
    expect(await rig.errorOf('nnunet.train', { configuration: '2d', fold: 1 })).toMatchObject({ code: 'contract/bad-input' });
    writeFileSync(file, 'no json');
    expect(await rig.errorOf('nnunet.train', { configuration: '2d' })).toMatchObject({ code: 'contract/bad-input' });
  });
});

describe('bad input', () => {
  it('never throws through the door', async () => {
    const { handlers } = rig.services;
    const code = async (name: string, raw: unknown) => {
      const result = await callService(handlers, name, raw);
      return result.ok ? 'ok' : result.error.code;
    };
    expect(await code('project.destroy', {})).toBe('contract/bad-input');
    expect(await code('__proto__', {})).toBe('contract/bad-input');
    expect(await code('project.open', { folder: 7 })).toBe('contract/bad-input');
    expect(await code('project.open', undefined)).toBe('contract/bad-input');
    expect(await code('app.info', undefined)).toBe('ok');
    expect(await code('project.open', { folder: join(rig.root, 'nowhere') })).toBe('project/folder-missing');
    expect(await code('nnunet.predict', {})).toBe('project/none-open');
  });

  it('leaves the open project open when another one cannot be opened', async () => {
    await rig.call('project.create', { folder: rig.projectFolder });
    expect(await rig.errorOf('project.open', { folder: rig.root })).toMatchObject({ code: 'project/not-a-project' });
    expect((await rig.call('project.current', {})).project?.folder).toBe(rig.projectFolder);
    await rig.call('project.open', { folder: rig.projectFolder });
    await rig.call('project.close', {});
    expect((await rig.call('project.current', {})).project).toBeNull();
  });

  it('answers with what is missing', async () => {
    await rig.createWithPhantoms(1, 0);
    expect(await rig.errorOf('nnunet.predict', {})).toEqual({ code: 'predict/no-model' });
    expect(await rig.errorOf('export.start', { format: 'nifti', outputFolder: rig.root })).toEqual({ code: 'export/nothing-to-export' });
    expect(await rig.errorOf('dataset.openCase', { caseId: CaseId.parse('x') })).toMatchObject({ code: 'not-found', what: 'case' });
    expect(await rig.errorOf('nnunet.resume', { runId: RunId.parse('x') })).toMatchObject({ code: 'not-found', what: 'run' });
    const empty = join(rig.root, 'empty');
    mkdirSync(empty);
    const { jobId } = await rig.call('dataset.import', { paths: [empty] });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'import/nothing-found' } });
  });

  it('lists folders, projects among them', async () => {
    await rig.call('project.create', { folder: rig.projectFolder });
    writeFileSync(join(rig.root, 'notes.txt'), 'x');
    symlinkSync(rig.projectFolder, join(rig.root, 'link'));
    symlinkSync(join(rig.root, 'nowhere'), join(rig.root, 'broken'));
    const { entries, parent } = await rig.call('app.listFolder', { folder: rig.root });
    expect(parent).toBe(join(rig.root, '..'));
    expect(entries.map(({ name, isFolder, isProject }) => [name, isFolder, isProject])).toEqual([
      ['link', true, true],
      ['project', true, true],
      ['state', true, false],
      ['broken', false, false],
      ['notes.txt', false, false],
    ]);
    expect(await rig.errorOf('app.listFolder', { folder: join(rig.root, 'nowhere') })).toMatchObject({ code: 'project/folder-missing' });
  });
});

describe('the bulk plane', () => {
  it('streams stored voxels without their header', async () => {
    await rig.createWithPhantoms(1, 1);
    const detail = await rig.call('dataset.openCase', { caseId: first });
    const file = readFileSync(join(rig.projectFolder, 'cases', first, 'image_0000.nii'));
    const volume = await rig.get(bulkUrls.volume(first, 0));
    expect([volume.status, volume.contentLength]).toEqual([200, file.length - 352]);
    expect(volume.bytes.equals(file.subarray(352))).toBe(true);
    const labels = await rig.get(bulkUrls.labels(first, 1));
    expect(labels.bytes).toHaveLength(voxelCount(detail));
    expect(new Set(labels.bytes).size).toBeGreaterThan(1);
  });

  it('answers with a status and an error for everything else', async () => {
    const codeOf = async (path: string) => {
      const { status, bytes } = await rig.get(path);
      return [status, JSON.parse(bytes.toString()).code];
    };
    expect(await codeOf('/volume/phantom_001/0')).toEqual([409, 'project/none-open']);
    await rig.createWithPhantoms(1, 1);
    expect(await codeOf('/volume/phantom_001/7')).toEqual([404, 'not-found']);
    expect(await codeOf('/labels/phantom_001/9')).toEqual([404, 'not-found']);
    expect(await codeOf('/labels/phantom_001/0')).toEqual([404, 'not-found']);
    expect(await codeOf('/labels/phantom_009/1')).toEqual([404, 'not-found']);
    expect(await codeOf('/volume/../maskloop.db')).toEqual([400, 'contract/bad-input']);
    expect(await codeOf('/volume/..%2f..%2fetc/0')).toEqual([400, 'contract/bad-input']);
    rmSync(join(rig.projectFolder, 'cases', first, 'image_0000.nii'));
    expect(await codeOf('/volume/phantom_001/0')).toEqual([500, 'disk/corrupt']);
  });

  it('breaks the stream of a damaged label map instead of sending half of it', async () => {
    await rig.createWithPhantoms(1, 1);
    const file = join(rig.projectFolder, 'cases', first, 'labels', 'r0001.nii.gz');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)));
    await expect(rig.get(bulkUrls.labels(first, 1))).rejects.toThrow();
    writeFileSync(file, whole.subarray(0, 15));
    const { status, bytes } = await rig.get(bulkUrls.labels(first, 1));
    expect([status, JSON.parse(bytes.toString())]).toMatchObject([500, { code: 'disk/corrupt', path: file }]);
  });

  it('takes no upload that is larger than every image, and leaves nothing of it', async () => {
    await rig.createWithPhantoms(1, 1);
    const detail = await rig.call('dataset.openCase', { caseId: first });
    const { status } = await rig.post(new Uint8Array(2 * voxelCount(detail) + 1));
    expect(status).toBe(400);
    const uploads = join(rig.projectFolder, 'uploads');
    expect(readdirSync(uploads)).toEqual([]);
    await upload(new Uint8Array(3));
    expect(readdirSync(uploads)).toHaveLength(1);
    await rig.call('project.close', {});
    expect(existsSync(uploads) && readdirSync(uploads)).toEqual([]);
  });
});
