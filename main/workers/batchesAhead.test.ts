/** Batches of a thread, as it ships, against those that this thread draws from the same files. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainTask } from '../contract/tasks.ts';
import { Grid } from '../contract/vocabulary.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import type { BatchSource } from '../nnunet/train/patches.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import { samplerSpecFor } from '../nnunet/train/samplerSpec.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import type { BatchThreadTask } from './batchMessages.ts';
import { openBatches } from './batchesAhead.ts';
import { PreprocessedStore } from './preprocessedStore.ts';
import { bundleCompute } from './testing/bundleCompute.ts';
import { planFromCases } from './trainingSetup.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-batches-'));
const SEED = 31;
let bundle: Awaited<ReturnType<typeof bundleCompute>>;
let task: BatchThreadTask;

beforeAll(async () => {
  bundle = await bundleCompute('batchThread', 'batchThread');
  const cases = await Promise.all([0, 1, 2].map(writeCase));
  const training = TrainTask.parse({
    task: 'train',
    runId: 'run',
    runFolder: root,
    preprocessedFolder: root,
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    epochs: 1,
    seed: SEED,
    resume: false,
    recipe: trainingRecipe('v2', { epochs: 1 }, {}, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] }],
    cases,
  });
  const planned = await planFromCases(training, training.cases, { tell: () => undefined, stop: { aborted: false } });
  const { plan } = planned!;
  const configuration = configurationOf(plan, '3d_fullres');
  const store = new PreprocessedStore(root, plan, configuration);
  for (const one of training.cases) await store.prepare(one);
  const spec = samplerSpecFor({ preset: 'v2', patch: [8, 12, 10], batchSize: 4, plan, oversampling: 0.33, nvol: 2 });
  task = { preprocessedFolder: root, plan, configuration, cases: training.cases, spec };
});
afterAll(() => {
  bundle.remove();
  rmSync(root, { recursive: true, force: true });
});

async function writeCase(index: number): Promise<unknown> {
  const folder = join(root, `case_${index}`);
  mkdirSync(folder);
  const grid = Grid.parse({ dimsIjk: [20, 16, 14], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  const labels = Uint8Array.from({ length: 20 * 16 * 14 }, (_, n) =>
    Math.hypot((n % 20) - 9, (Math.floor(n / 20) % 16) - 8, Math.floor(n / 320) - 5 - index) < 4 ? 1 : 0,
  );
  await writeStoredChannel(
    join(folder, 'image_0000.nii'),
    grid,
    Float32Array.from(labels, (value, n) => 50 + 40 * value + 10 * Math.sin(n * 12.9898 + index)),
  );
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: 'train', weight: 1 + index };
}

async function next(source: BatchSource): Promise<string> {
  await source.draw();
  return `${source.images.join()}|${source.labels.join()}|${source.state.join()}`;
}

async function expected(count: number): Promise<string[]> {
  const { source } = openBatches(task, SEED, null);
  const batches: string[] = [];
  for (let n = 0; n < count; n++) batches.push(await next(source));
  return batches;
}

describe('batches from a thread', () => {
  it('are those that this thread would draw, however long each is kept', async () => {
    const wanted = await expected(8);
    expect(new Set(wanted).size).toBe(8);
    const { source, close } = openBatches(task, SEED, bundle.script);
    for (const [n, batch] of wanted.entries()) {
      expect(await next(source)).toBe(batch);
      // the thread has gone ahead: what is in use must not change under our hands
      if (n === 3) await sleep(100);
      expect(`${source.images.join()}|${source.labels.join()}|${source.state.join()}`).toBe(batch);
    }
    await close();
  });

  it('are ready before they are asked for', async () => {
    const { source, close } = openBatches(task, SEED, bundle.script);
    await source.draw();
    await sleep(1000);
    // nothing to wait for: there before the event loop turns
    const turn = () => new Promise<string>((resolve) => setImmediate(() => resolve('the event loop turned')));
    for (let n = 0; n < 2; n++) expect(await Promise.race([source.draw().then(() => 'a batch'), turn()])).toBe('a batch');
    await close();
  });

  it('go on from the batch in use, not from those made ahead', async () => {
    const wanted = await expected(6);
    const first = openBatches(task, SEED, bundle.script);
    for (let n = 0; n < 3; n++) await next(first.source);
    const saved = first.source.state;
    await sleep(50);
    await first.close();
    const resumed = openBatches(task, 99, bundle.script);
    await resumed.source.draw();
    // also in the middle of a run, whatever is under way
    resumed.source.restore(saved);
    for (let n = 3; n < 6; n++) expect(await next(resumed.source)).toBe(wanted[n]);
    resumed.source.restore(saved);
    expect(await next(resumed.source)).toBe(wanted[3]);
    await resumed.close();
  });

  it('say why there are none', async () => {
    const missing = openBatches({ ...task, preprocessedFolder: join(root, 'nothing') }, SEED, bundle.script);
    await expect(missing.source.draw()).rejects.toThrow();
    await missing.close();
    const noProgram = openBatches(task, SEED, join(root, 'none.cjs'));
    await expect(noProgram.source.draw()).rejects.toThrow(/none.cjs/);
    await noProgram.close();
  });
});
