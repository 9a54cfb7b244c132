/** The straight line of the product without a window: real services, real compute processes, a real (tiny) training. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { labelVoxels } from '../../main/imaging/labelVoxels.ts';
import { toCanonical } from '../../main/imaging/orientation.ts';
import type { ComputeHost, ComputeProcess } from '../../main/jobs/computeHost.ts';
import { ServiceClient } from '../services/serviceClient.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';

const CASE_COUNT = 12;
const LABELLED_COUNT = 8;
const LABELLED = Array.from({ length: LABELLED_COUNT }, (_, n) => `phantom_${String(n + 1).padStart(3, '0')}`);
const toCorrect = CaseId.parse('phantom_012');
const tiny = { configuration: '3d_fullres', epochs: 2, choices: { stepsPerEpoch: 8, batchSize: 2 } } as const;

const root = mkdtempSync(join(tmpdir(), 'maskloop-loop-'));
const projectFolder = join(root, 'project');
const study = join(projectFolder, 'phantoms', 'seed_0');
let client: ServiceClient;
let removeBundle = () => {};
const alive = new Set<ComputeProcess>();

/** Knows the processes, so that a test can do what the kernel does when memory runs out. */
function watched(host: ComputeHost): ComputeHost {
  return {
    start(listeners) {
      const child: ComputeProcess = host.start({
        onMessage: (message) => listeners.onMessage(message),
        onExit(...how) {
          alive.delete(child);
          listeners.onExit(...how);
        },
      });
      alive.add(child);
      return child;
    },
  };
}

beforeAll(async () => {
  const { script, remove } = await bundleCompute('loop');
  removeBundle = remove;
  client = new ServiceClient(watched(createForkComputeHost(script)), join(root, 'state'));
});
afterAll(async () => {
  await client.services.close();
  removeBundle();
  rmSync(root, { recursive: true, force: true });
});

async function succeeded(started: { jobId: string }): Promise<Record<string, unknown>> {
  const job = await client.jobEnd(started.jobId, 300_000);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  return job.summary ?? {};
}

const labelsIn = (file: string) => readNifti(gunzipSync(readFileSync(file)), file);

/** What a reader paints who knows the answer: the formula's truth on the stored grid. */
function truthOnStoredGrid(caseId: string): Uint8Array {
  const nifti = labelsIn(join(study, 'truthTs', `${caseId}.nii.gz`));
  const labels = labelVoxels(nifti.channels[0]!);
  if (!labels.ok) throw new Error(labels.detail);
  return Uint8Array.from(toCanonical(labels.voxels, nifti.grid).voxels);
}

describe('import → train → predict → correct → retrain → export', () => {
  it('finds its TensorFlow runtime', async () => {
    expect(await client.call('app.checkRuntime', {})).toMatchObject({ ready: true, problem: null });
    // The process that answers must never load the library: it would crash Electron's main process.
    expect(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('@tensorflow'))).toBe(false);
  });

  it('imports phantoms, labelled and not', async () => {
    await client.call('project.create', { folder: projectFolder, name: 'Loop' });
    await succeeded(await client.call('project.addPhantoms', { caseCount: CASE_COUNT, labelledCount: LABELLED_COUNT }));
    const { cases } = await client.call('dataset.listCases', {});
    expect(cases.filter(({ status }) => status === 'accepted').map(({ caseId }) => caseId)).toEqual(LABELLED);
    expect(cases.filter(({ status }) => status === 'new')).toHaveLength(CASE_COUNT - LABELLED_COUNT);
    expect((await client.call('project.current', {})).project?.legend.map(({ name }) => name)).toEqual(['anterior', 'posterior']);
  });

  it('trains, predicts the rest, takes a correction and trains on from the first model', async () => {
    const first = await client.call('nnunet.train', tiny);
    await succeeded(first);
    const [run] = (await client.call('nnunet.listRuns', {})).runs;
    expect(run).toMatchObject({ runId: first.runId, state: 'finished', hasCheckpoint: true, epoch: 2, step: 16 });
    expect(run!.validationCaseIds.length).toBeGreaterThan(0);
    expect(run!.validationDice).toBeGreaterThanOrEqual(0);
    const { metrics } = await client.call('nnunet.metrics', { runId: first.runId });
    expect(new Set(metrics.map(({ name }) => name))).toContain('trainLoss');
    const runFolder = join(projectFolder, 'runs', first.runId);
    expect(readdirSync(runFolder)).toEqual(
      expect.arrayContaining(['checkpoint_latest.bin', 'dataset_fingerprint.json', 'metrics.ndjson', 'plans.json', 'run.json', 'tensorboard']),
    );
    expect(readdirSync(join(runFolder, 'validation')).sort()).toEqual([...run!.validationCaseIds.map((caseId) => `${caseId}.nii.gz`), 'summary.json']);

    expect(await succeeded(await client.call('nnunet.predict', {}))).toMatchObject({ predictedCount: 4, failedCount: 0 });
    const predicted = await client.call('dataset.openCase', { caseId: toCorrect });
    expect(predicted).toMatchObject({ status: 'predicted', latestRevision: 1 });
    const drawn = await client.get(bulkUrls.labels(toCorrect, 1));
    expect([...new Set(drawn.bytes)].every((value) => value <= 2)).toBe(true);

    const uploadId = await client.upload(truthOnStoredGrid(toCorrect));
    const saved = await client.call('labels.save', { caseId: toCorrect, uploadId, parent: 1 });
    expect(saved.source).toBe(`corrected:${first.runId}`);
    await client.call('labels.accept', { caseId: toCorrect, revision: saved.revision });

    const second = await client.call('nnunet.train', { ...tiny, epochs: 1, parentRunId: first.runId });
    await succeeded(second);
    const runs = (await client.call('nnunet.listRuns', {})).runs;
    expect(runs.map(({ runId, parentRunId }) => [runId, parentRunId])).toEqual([
      [second.runId, first.runId],
      [first.runId, null],
    ]);
    const used = [...runs[0]!.trainCaseIds, ...runs[0]!.validationCaseIds];
    expect(used).toContain(toCorrect);
    // Placed once, a case never moves.
    for (const caseId of runs[1]!.validationCaseIds) expect(runs[0]!.validationCaseIds).toContain(caseId);
  });

  it('survives a killed training and goes on from its checkpoint', async () => {
    const { jobId, runId } = await client.call('nnunet.train', { ...tiny, configuration: '2d', epochs: 400 });
    const runNow = async () => (await client.call('nnunet.listRuns', {})).runs.find((run) => run.runId === runId)!;
    while (!(await runNow()).hasCheckpoint) await sleep(50);
    for (const child of alive) child.kill();
    const died = await client.jobEnd(jobId);
    expect(died).toMatchObject({ state: 'failed', error: { code: 'train/out-of-memory' } });
    const before = await runNow();
    expect(before.state).toBe('interrupted');

    const resumed = await client.call('nnunet.resume', { runId });
    const trainingAgain = () =>
      client.events.some(
        (event) => event.type === 'job' && event.event.jobId === resumed.jobId && event.event.type === 'progress' && event.event.progress.phase === 'training',
      );
    while (!trainingAgain()) await sleep(50);
    await client.call('jobs.cancel', { jobId: resumed.jobId });
    expect(await client.jobEnd(resumed.jobId)).toMatchObject({ state: 'cancelled' });
    const after = await runNow();
    expect(after.state).toBe('interrupted');
    expect(after.step).toBeGreaterThan(before.step);
  });

  it('exports in source geometry, voxel for voxel', async () => {
    const outputFolder = join(root, 'masks');
    await succeeded(await client.call('export.start', { format: 'nifti', outputFolder }));
    expect(readdirSync(outputFolder).sort()).toEqual(['export-report.json', ...[...LABELLED, toCorrect].map((name) => `${name}.nii.gz`)]);
    for (const caseId of ['phantom_001', toCorrect]) {
      const source = join(study, caseId === toCorrect ? 'truthTs' : 'labelsTr', `${caseId}.nii.gz`);
      const exported = labelsIn(join(outputFolder, `${caseId}.nii.gz`));
      const truth = labelsIn(source);
      expect(exported.grid.dimsIjk).toEqual(truth.grid.dimsIjk);
      exported.grid.direction.forEach((value, at) => expect(value).toBeCloseTo(truth.grid.direction[at]!, 5));
      expect(Buffer.from(Uint8Array.from(exported.channels[0]!)).equals(Buffer.from(Uint8Array.from(truth.channels[0]!)))).toBe(true);
    }
  });

  it('predicts a folder of files that were never imported', async () => {
    const outputFolder = join(root, 'folder');
    const inputFolder = join(study, 'imagesTr');
    await succeeded(await client.call('nnunet.predictFolder', { inputFolder, outputFolder }));
    expect(readdirSync(outputFolder).filter((name) => name.endsWith('.nii.gz'))).toHaveLength(CASE_COUNT);
    expect(labelsIn(join(outputFolder, 'phantom_003.nii.gz')).grid.dimsIjk).toEqual(labelsIn(join(inputFolder, 'phantom_003.nii.gz')).grid.dimsIjk);
  });

  it('is all there after a restart', async () => {
    await client.restart();
    await client.call('project.open', { folder: projectFolder });
    const { runs } = await client.call('nnunet.listRuns', {});
    expect(runs.map(({ state }) => state)).toEqual(['interrupted', 'finished', 'finished']);
    const detail = await client.call('dataset.openCase', { caseId: toCorrect });
    expect(detail.revisions.map(({ source, accepted }) => [source.split(':')[0], accepted])).toEqual([
      ['model', false],
      ['corrected', true],
    ]);
    expect(existsSync(join(projectFolder, 'splits_final.json'))).toBe(true);
  });
});
