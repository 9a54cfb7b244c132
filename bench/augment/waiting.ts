/**
 * Share of a training's time that it waits for batches, hippocampus plan on phantoms: `node waiting.cjs THREAD_FILE STEPS`;
 * THREAD_FILE `-` draws between the steps.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import { TrainTask } from '../../main/contract/tasks.ts';
import { writeLabelmap, writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { configurationOf } from '../../main/nnunet/plan/plan.ts';
import { samplerSpecFor } from '../../main/nnunet/train/samplerSpec.ts';
import { trainingRecipe } from '../../main/nnunet/train/trainingPreset.ts';
import { openBatches } from '../../main/workers/batchesAhead.ts';
import { PreprocessedStore } from '../../main/workers/preprocessedStore.ts';
import { planFromCases } from '../../main/workers/trainingSetup.ts';
import { breathe } from '../../main/workers/wholeCase.ts';
import { hippocampusTraining } from '../trainStep/plan.ts';

const [threadFile = '-', steps = '10'] = process.argv.slice(2);
const root = mkdtempSync(join(tmpdir(), 'maskloop-waiting-'));
const legend = [1, 2].map((labelValue) => ({ labelValue, name: `part ${labelValue}`, colorRgb: [1, 2, 3] }));

async function writeCase(seed: number): Promise<unknown> {
  const folder = join(root, `case_${seed}`);
  mkdirSync(folder);
  const { grid, image, labels } = makePhantom(seed);
  await writeStoredChannel(join(folder, 'image_0000.nii'), grid, Float32Array.from(image));
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  const stored = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  return { caseId: `case_${seed}`, image: stored, labelFile: join(folder, 'labels.nii.gz'), role: 'train', weight: 1 };
}

const cases = await Promise.all(Array.from({ length: 16 }, (_, seed) => writeCase(seed)));
const task = TrainTask.parse({
  task: 'train',
  runId: 'run',
  runFolder: root,
  preprocessedFolder: root,
  configuration: '3d_fullres',
  preset: 'v2',
  fold: 0,
  amp: 'off',
  epochs: 1,
  seed: 1,
  resume: false,
  recipe: trainingRecipe('v2', { epochs: 1 }, {}, false),
  legend,
  cases,
});
const planned = await planFromCases(task, task.cases, { tell: () => undefined, stop: { aborted: false } });
const { plan } = planned!;
const configuration = configurationOf(plan, '3d_fullres');
const store = new PreprocessedStore(root, plan, configuration);
for (const one of task.cases) await store.prepare(one);
const { patch, batchSize } = hippocampusTraining;
const spec = samplerSpecFor({ preset: 'v2', patch, batchSize, plan, oversampling: 0.33, nvol: 2 });
const { source, close } = openBatches({ preprocessedFolder: root, plan, configuration, cases: task.cases, spec }, 1, threadFile === '-' ? null : threadFile);
const engine = await (await loadEngineFactory()).createTraining(hippocampusTraining, 1);
const waits: number[] = [];
const computes: number[] = [];
for (let n = 0; n < Number(steps); n++) {
  const asked = performance.now();
  await source.draw();
  const began = performance.now();
  engine.step(source.images, source.labels, 1e-4);
  computes.push(performance.now() - began);
  waits.push(began - asked);
  await breathe();
}
await close();
engine.dispose();
rmSync(root, { recursive: true, force: true });
const total = (list: readonly number[]): number => list.slice(2).reduce((sum, value) => sum + value, 0);
const median = (list: readonly number[]): number => [...list.slice(2)].sort((a, b) => a - b)[(list.length - 2) >> 1]!;
const share = total(waits) / (total(waits) + total(computes));
console.log(
  JSON.stringify({ waitMs: Number(median(waits).toFixed(2)), stepMs: Math.round(median(computes)), waitingPercent: Number((100 * share).toFixed(2)) }),
);
