/** Real trainings of a tiny network on two threads: the same again from the record, also where the clock had a say. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../models/engine.ts';
import type { AppError, Result } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import { describeRerun, isSameResult, RerunOutcome } from '../contract/rerun.ts';
import { TrainTask } from '../contract/tasks.ts';
import { Grid, RunId } from '../contract/vocabulary.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { runCompareRuns } from './compareRuns.ts';
import { readCourse, writeCourse } from './courseFile.ts';
import { runDeleteModel } from './deleteModel.ts';
import { readCheckpoint } from './runFiles.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-rerun-'));
const SIZE = 16;
const grid = Grid.parse({ dimsIjk: [SIZE, SIZE, SIZE], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
let factory: EngineFactory;
let cases: object[] = [];

beforeAll(async () => {
  process.env.TF_NUM_INTRAOP_THREADS = '2';
  process.env.TF_NUM_INTEROP_THREADS = '2';
  factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
  cases = await Promise.all([0, 1, 2, 3].map(writeCase));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function writeCase(index: number): Promise<object> {
  const folder = join(root, `case_${index}`);
  mkdirSync(folder);
  const labels = Uint8Array.from({ length: SIZE ** 3 }, (_, n) =>
    Math.hypot((n % SIZE) - 6 - index, (Math.floor(n / SIZE) % SIZE) - 8, Math.floor(n / SIZE ** 2) - 8) < 4.5 ? 1 : 0,
  );
  await writeStoredChannel(
    join(folder, 'image_0000.nii'),
    grid,
    Float32Array.from(labels, (label, n) => 100 + 60 * label + 30 * Math.sin(n * 12.9898 + index)),
  );
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: index === 3 ? 'validation' : 'train', weight: 1 };
}

const folderOf = (runId: string): string => join(root, 'runs', runId);

function task(runId: string, change: object = {}): TrainTask {
  return TrainTask.parse({
    task: 'train',
    runId,
    runFolder: folderOf(runId),
    preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    minutes: 0.02,
    seed: 5,
    resume: false,
    recipe: trainingRecipe('v2', { minutes: 0.1 }, { stepsPerEpoch: 2, batchSize: 2, ema: 0.9 }, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] }],
    cases,
    ...change,
  });
}

/** `stopAfter`: steps after which the host says stop. */
async function run(input: TrainTask, stopAfter = Infinity): Promise<Result<Record<string, unknown>>> {
  const stop = { aborted: false };
  let steps = 0;
  const tell = (entry: JobNews): void => {
    if (entry.type === 'progress' && entry.progress.phase === 'training' && ++steps === stopAfter) stop.aborted = true;
  };
  return runTrain(input, { tell, stop }, factory);
}

async function train(input: TrainTask, stopAfter?: number): Promise<void> {
  const result = await run(input, stopAfter);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
}

async function repeat(runId: string, of: string, change: object = {}): Promise<RerunOutcome> {
  await train(task(runId, { repeatedRunFolder: folderOf(of), ...change }));
  const compared = await runCompareRuns({
    task: 'compareRuns',
    runId: RunId.parse(runId),
    runFolder: folderOf(runId),
    repeatsRunId: RunId.parse(of),
    repeatedRunFolder: folderOf(of),
  });
  if (!compared.ok) throw new Error(JSON.stringify(compared.error));
  expect(JSON.parse(readFileSync(join(folderOf(runId), 'rerun.json'), 'utf8'))).toEqual(compared.value.rerun);
  return RerunOutcome.parse(compared.value.rerun);
}

async function errorOf(input: TrainTask): Promise<AppError> {
  const result = await run(input);
  if (result.ok) throw new Error('it was repeated');
  return result.error;
}

describe('a training by the clock, interrupted once', { timeout: 180_000 }, () => {
  it('repeats bit for bit on two threads, in as many steps, with its validations where they were', async () => {
    await train(task('first', { minutes: 10 }), 3);
    const { about } = await readCheckpoint(folderOf('first'), 'latest');
    await train(task('first', { resume: true, minutes: about.loop.elapsedMs / 60_000 + 0.02 }));
    const course = await readCourse(folderOf('first'));
    expect(course!.rates.length).toBeGreaterThan(3);
    const outcome = await repeat('again', 'first');
    expect(describeRerun(outcome)[0]).toBe('The same result, bit for bit.');
    expect(outcome).toMatchObject({
      largestWeightDifference: 0,
      comparedSteps: course!.rates.length,
      firstDifferentStep: null,
      largestLossDifference: 0,
      isSamePlan: true,
      otherEnvironment: [],
    });
    expect(outcome.dice).toBe(outcome.repeatedDice);
    expect(outcome.dice).not.toBeNull();
    expect(await readCourse(folderOf('again'))).toEqual(course);
  });

  it('a retraining from it repeats as well', async () => {
    const change = { parentRunFolder: folderOf('first'), epochs: 1, minutes: undefined };
    await train(task('child', change));
    expect(isSameResult(await repeat('child-again', 'child', change))).toBe(true);
  });

  it('tells where another rate led elsewhere', async () => {
    const course = (await readCourse(folderOf('first')))!;
    const rates = course.rates.slice();
    rates[2]! *= 1.5;
    mkdirSync(folderOf('bent'));
    for (const name of ['inputs.json', 'plans.json', 'checkpoint_best.bin']) await copy(name, 'first', 'bent');
    await writeCourse(folderOf('bent'), { ...course, rates });
    const outcome = await repeat('bent-again', 'bent');
    expect(isSameResult(outcome)).toBe(false);
    expect(outcome.largestWeightDifference).toBeGreaterThan(0);
    // the third step gets another rate, so the loss of the fourth is another one
    expect(outcome.firstDifferentStep).toBe(4);
  });

  it('compares with the hash that a deleted model left', async () => {
    expect(await runDeleteModel({ task: 'deleteModel', runFolder: folderOf('first') })).toMatchObject({ ok: true });
    const outcome = await repeat('of-deleted', 'first');
    expect([isSameResult(outcome), outcome.largestWeightDifference, outcome.firstDifferentStep]).toEqual([true, null, null]);
  });

  it('is refused with every file that is missing or changed', async () => {
    appendFileSync(join(root, 'case_1', 'image_0000.nii'), 'x');
    rmSync(join(root, 'case_2', 'labels.nii.gz'));
    expect(await errorOf(task('refused', { repeatedRunFolder: folderOf('first') }))).toEqual({
      code: 'train/cannot-repeat',
      runId: 'refused',
      differences: ['case_1: image of channel 1 is not as it was', 'case_2: mask is missing'],
    });
  });
});

async function copy(name: string, from: string, to: string): Promise<void> {
  const { copyFile } = await import('node:fs/promises');
  await copyFile(join(folderOf(from), name), join(folderOf(to), name));
}
