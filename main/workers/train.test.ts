/** Real trainings of a tiny network on tiny volumes, on one thread: what is kept on disk, and that going on is exact. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EngineFactory } from '../../models/engine.ts';
import { AppError } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import { TaskItem, TrainTask } from '../contract/tasks.ts';
import type { TrainingChoices } from '../contract/trainingRecipe.ts';
import { Grid } from '../contract/vocabulary.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { readNifti } from '../formats/nifti/readNifti.ts';
import { dicePerClass } from '../nnunet/metrics/diceOfCases.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import { patchSteps } from '../nnunet/train/trainingSpec.ts';
import { LIMIT_VARIABLE } from './availableMemory.ts';
import { readCheckpoint, readModel } from './runFiles.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-train-'));
let factory: EngineFactory;
let cases: unknown[] = [];

const DIMS = [16, 12, 12] as const;
const grid = Grid.parse({ dimsIjk: DIMS, spacingMm: [1, 1, 1.5], originLpsMm: [5, -3, 2], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
/** The file of the user runs the other way along i: masks must be turned back. */
const sourceGrid = Grid.parse({ ...grid, originLpsMm: [5 + 15, -3, 2], direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] });

beforeAll(async () => {
  process.env.TF_NUM_INTRAOP_THREADS = '1';
  process.env.TF_NUM_INTEROP_THREADS = '1';
  factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
  cases = await Promise.all([0, 1, 2, 3].map(writeCase));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A bright ball of another place in every case, in noise by formula. */
async function writeCase(index: number): Promise<unknown> {
  const folder = join(root, `case_${index}`);
  mkdirSync(folder);
  const [ni, nj, nk] = DIMS;
  const voxels = new Float32Array(ni * nj * nk);
  const labels = new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) {
    const [i, j, k] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / ni / nj)];
    labels[n] = Math.hypot(i - 5 - index, j - 6, 1.5 * (k - 6)) < 4.5 ? 1 : 0;
    voxels[n] = 100 + 60 * labels[n]! + 20 * Math.sin(n * 12.9898 + index);
  }
  await writeStoredChannel(join(folder, 'image_0000.nii'), grid, voxels);
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid, channelNames: ['MR'] };
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: index === 3 ? 'validation' : 'train', weight: 1 };
}

function task(runId: string, choices: TrainingChoices, change: object = {}): TrainTask {
  return TrainTask.parse({
    task: 'train',
    runId,
    runFolder: join(root, 'runs', runId),
    preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    epochs: 3,
    seed: 5,
    resume: false,
    recipe: trainingRecipe('v2', { epochs: 3 }, { stepsPerEpoch: 2, batchSize: 2, ...choices }, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] }],
    cases,
    ...change,
  });
}

/** `stopAfter`: steps after which the host says stop. */
async function train(input: TrainTask, stopAfter = Infinity) {
  const news: JobNews[] = [];
  const stop = { aborted: false };
  let steps = 0;
  const tell = (entry: JobNews): void => {
    news.push(entry);
    if (entry.type === 'progress' && entry.progress.phase === 'training' && ++steps === stopAfter) stop.aborted = true;
  };
  const result = await runTrain(input, { tell, stop }, factory);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  const items = news.flatMap((entry) => (entry.type === 'item' ? [TaskItem.parse(entry.item)] : []));
  return { summary: result.value, news, items, folder: input.runFolder };
}

const lines = (folder: string) =>
  readFileSync(join(folder, 'metrics.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));

describe('exact resume, float32 on one thread', () => {
  const recipes: Record<string, TrainingChoices> = {
    'the defaults': {},
    'SGD with a cosine': { optimizer: 'sgd', scheduler: 'cosine' },
    'averaged weights, RAdam behind lookahead': { optimizer: 'radam', lookahead: true, ema: 0.9 },
  };
  it.each(Object.keys(recipes))('%s: k + m steps are k steps, save, load, m steps', async (name) => {
    const stem = String(Object.keys(recipes).indexOf(name));
    const whole = await train(task(`whole-${stem}`, recipes[name]!));
    const first = await train(task(`parts-${stem}`, recipes[name]!), 3);
    const half = await readCheckpoint(first.folder, 'latest');
    expect(half.about.loop.step).toBe(3);
    const second = await train(task(`parts-${stem}`, recipes[name]!, { resume: true }));
    const [a, b] = [await readCheckpoint(whole.folder, 'latest'), await readCheckpoint(second.folder, 'latest')];
    expect(b.about.loop.step).toBe(6);
    expect(b.about.loop.random).toEqual(a.about.loop.random);
    expect(b.arrays.map((array) => array.name)).toEqual(a.arrays.map((array) => array.name));
    for (const [n, { name: array, values }] of a.arrays.entries()) {
      expect(Buffer.from(b.arrays[n]!.values.buffer).equals(Buffer.from(values.buffer)), array).toBe(true);
    }
    // not because nothing was learned
    expect(half.arrays.some(({ values }, n) => !Buffer.from(values.buffer).equals(Buffer.from(a.arrays[n]!.values.buffer)))).toBe(true);
    // The last validation; when the ones before it come depends on how fast the machine is, and so may the best.
    const lastDice = (folder: string): unknown[] =>
      lines(folder)
        .filter(({ name, step }) => name === 'valDice' && step === 6)
        .map(({ value }) => value);
    expect(lastDice(whole.folder).length).toBeGreaterThan(0);
    expect(lastDice(second.folder)).toEqual(lastDice(whole.folder));
  });

  it('the same seed gives the same weights, another seed others', async () => {
    const runs = [];
    for (const [runId, seed] of [
      ['seed-a', 5],
      ['seed-b', 5],
      ['seed-c', 6],
    ] as const)
      runs.push(await train(task(runId, {}, { seed, epochs: 1 })));
    const [a, b, c] = await Promise.all(runs.map(async ({ folder }) => (await readCheckpoint(folder, 'latest')).arrays.map(({ values }) => values)));
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });
});

describe('a new head on a warm body', () => {
  it('keeps body and heads of kept classes; a new class starts anew, and what is left of a legend goes on', async () => {
    const parent = await train(task('warm-parent', {}, { epochs: 1 }));
    const two = [
      { labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] },
      { labelValue: 7, name: 'new', colorRgb: [3, 2, 1] },
    ];
    // one step at a learning rate of nothing: what is kept is what was there at the start
    const still = { epochs: 1, recipe: trainingRecipe('v2', { epochs: 1 }, { stepsPerEpoch: 1, batchSize: 2, learningRate: 1e-30 }, true) };
    const child = await train(task('warm-child', {}, { ...still, legend: two, parentRunFolder: parent.folder }));
    const [before, after] = await Promise.all([parent, child].map(async ({ folder }) => (await readModel(folder)).weights));
    const named = new Map(after!.map((array) => [array.name, array]));
    for (const { name, shape, values } of before!) {
      const { shape: newShape, values: newValues } = named.get(name)!;
      if (!name.startsWith('head.')) {
        newValues.forEach((value, n) => expect(value).toBeCloseTo(values[n]!, 6));
        continue;
      }
      expect(newShape.at(-1)).toBe(3);
      expect(shape.at(-1)).toBe(2);
      for (let n = 0; n < values.length; n++) expect(newValues[Math.floor(n / 2) * 3 + (n % 2)]).toBeCloseTo(values[n]!, 6);
    }
    const back = await train(task('warm-back', {}, { ...still, parentRunFolder: child.folder }));
    expect((await readModel(back.folder)).plan.classes).toEqual([{ labelValue: 1, name: 'ball' }]);
  });
});

describe('what a run keeps', () => {
  it('best, last and every second epoch; log with a header; TensorBoard; predictions of the fold in source geometry', async () => {
    const { folder, summary, items } = await train(task('kept', { saveEvery: 2 }));
    expect(readdirSync(folder).sort()).toEqual([
      'checkpoint_best.bin',
      'checkpoint_epoch_0002.bin',
      'checkpoint_latest.bin',
      'course.bin',
      'dataset_fingerprint.json',
      'film',
      'inputs.json',
      'metrics.ndjson',
      'plans.json',
      'tensorboard',
      'validation',
    ]);
    const [header, ...metrics] = lines(folder);
    expect(header).toMatchObject({
      run: {
        runId: 'kept',
        batchSize: 2,
        stepsPerEpoch: 2,
        precision: 'float32',
        precisionReason: 'mixed precision is off',
        validationCaseCount: 1,
        recipe: { optimizer: 'adam' },
      },
    });
    expect(new Set(metrics.map(({ name }) => name))).toEqual(
      new Set(['trainLoss', 'valDice', 'learningRate', 'secondsPerStep', 'waitingShare', 'gradientNorm', 'skippedSteps', 'lossScale']),
    );
    expect(readdirSync(join(folder, 'tensorboard'))).toHaveLength(1);

    const file = join(folder, 'validation', 'case_3.nii.gz');
    const written = readNifti(gunzipSync(readFileSync(file)), file);
    expect(written.grid.direction[0]).toBeCloseTo(-1);
    expect(written.grid.originLpsMm[0]).toBeCloseTo(20);
    const [ni] = DIMS;
    const turned = Uint8Array.from(written.channels[0]!, (_, n) => written.channels[0]![n - (n % ni) + (ni - 1 - (n % ni))]!);
    const truth = Uint8Array.from(readNifti(gunzipSync(readFileSync(join(root, 'case_3', 'labels.nii.gz'))), 'labels').channels[0]!);
    const [dice] = dicePerClass(turned, truth, 2);
    const kept = z
      .object({ checkpoint: z.string(), mean: z.number(), cases: z.array(z.unknown()) })
      .parse(JSON.parse(readFileSync(join(folder, 'validation', 'summary.json'), 'utf8')));
    expect(kept.mean).toBeCloseTo(dice!, 12);
    expect(kept).toMatchObject({ checkpoint: 'best', cases: [{ caseId: 'case_3', dice: { ball: dice } }] });
    expect(summary.finalDice).toBeCloseTo(dice!, 12);
    // the model that predicts is the best of the validations
    expect(summary.bestDice).toBeCloseTo(dice!, 12);
    expect(items.at(-1)).toMatchObject({ kind: 'checkpoint', validationDice: dice, isKept: true });
  });

  it('the averaged weights are validated, kept and predict', async () => {
    const { folder } = await train(task('averaged', { ema: 0.9 }));
    const [model, latest] = [await readModel(folder), await readCheckpoint(folder, 'latest')];
    const current = new Map(latest.arrays.map(({ name, values }) => [name, values]));
    expect(model.weights.some(({ name, values }) => !Buffer.from(values.buffer).equals(Buffer.from(current.get(name)!.buffer)))).toBe(true);
  });

  it('last_only keeps the last weights as the model, none keeps nothing', async () => {
    const last = await train(task('last', { ckptStrategy: 'last_only' }));
    expect(readdirSync(last.folder).filter((name) => name.startsWith('checkpoint'))).toEqual(['checkpoint_final.bin', 'checkpoint_latest.bin']);
    const [model, latest] = [await readModel(last.folder), await readCheckpoint(last.folder, 'latest')];
    expect(latest.arrays.slice(0, model.weights.length)).toEqual(model.weights);
    const none = await train(task('none', { ckptStrategy: 'none' }));
    expect(readdirSync(none.folder).filter((name) => /checkpoint|validation/.test(name))).toEqual([]);
    expect(none.items.every((item) => item.kind === 'checkpoint' && !item.isKept)).toBe(true);
  });

  it('without held-out cases the last weights are the model', async () => {
    const everything = (cases as { role: string }[]).map((one) => ({ ...one, role: 'train' }));
    const { folder, summary } = await train(task('all', {}, { fold: 'all', cases: everything, epochs: 1 }));
    expect(readdirSync(folder)).toContain('checkpoint_final.bin');
    expect(readdirSync(folder)).not.toContain('validation');
    expect(summary).toMatchObject({ bestDice: null, finalDice: null });
  });

  it('a network without deep supervision, and with another norm, trains and can be trained on with it', async () => {
    const { folder } = await train(task('plain', { deepSupervision: false, negativeSlope: 0.2, norm: 'group' }, { epochs: 1 }));
    expect((await readModel(folder)).plan.configurations.find(({ name }) => name === '3d_fullres')).toMatchObject({ negativeSlope: 0.2, norm: 'group' });
    await train(task('child', {}, { epochs: 1, parentRunFolder: folder }));
  });
});

describe('retraining', () => {
  it('starts from the parent with its plan, on a mix of new and replayed cases, and hands in averaged weights', async () => {
    const parent = await train(task('parent', {}, { epochs: 1 }));
    const retrained = (cases as { caseId: string }[]).map((one) => ({ ...one, isNew: one.caseId === 'case_0', weight: one.caseId === 'case_0' ? 1 : 3 }));
    const recipe = trainingRecipe('v2', { epochs: 8 }, { batchSize: 2, stepsPerEpoch: 2, convergedAfter: 2, learningRate: 1e-9 }, true);
    const change = { cases: retrained, parentRunFolder: parent.folder, recipe, epochs: 100 };
    const child = await train(task('child-of-parent', {}, change));
    expect(readFileSync(join(child.folder, 'plans.json'), 'utf8')).toBe(readFileSync(join(parent.folder, 'plans.json'), 'utf8'));
    expect(readdirSync(child.folder).filter((name) => name.startsWith('checkpoint'))).toEqual(['checkpoint_final.bin', 'checkpoint_latest.bin']);
    // with next to no rate nothing gets better, so it ends by itself, near its parent
    expect(child.summary).toMatchObject({ stopReason: 'converged', stoppedEarly: true });
    expect(Number(child.summary.epoch)).toBeLessThan(100);
    const [before, after] = await Promise.all([parent, child].map(async ({ folder }) => (await readModel(folder)).weights));
    before!.forEach(({ values }, n) => values.forEach((value, k) => expect(Math.abs(after![n]!.values[k]! - value)).toBeLessThan(1e-4)));
    expect(child.news.some((one) => one.type === 'problem')).toBe(false);
  });

  it('says when there is nothing to replay', async () => {
    const parent = await train(task('elsewhere', {}, { epochs: 1 }));
    const allNew = (cases as object[]).map((one) => ({ ...one, isNew: true }));
    const { news } = await train(task('all-new', {}, { cases: allNew, parentRunFolder: parent.folder, epochs: 1 }));
    expect(news.filter((one) => one.type === 'problem')).toEqual([{ type: 'problem', error: { code: 'train/nothing-to-replay' } }]);
  });
});

describe('memory', () => {
  const limitedTo = async (gb: string, input: TrainTask) => {
    process.env[LIMIT_VARIABLE] = gb;
    try {
      return await train(input);
    } finally {
      delete process.env[LIMIT_VARIABLE];
    }
  };
  // 14 samples of this size take about 60 MB more than one
  const choices = { batchSize: 14, stepsPerEpoch: 1 };
  /** Enough for some samples at once, but not for all. */
  const between = async (): Promise<string> => {
    const thrown: unknown = await limitedTo('0.01', task('measured', choices)).catch((problem: unknown) => problem);
    const error = AppError.parse(JSON.parse(thrown instanceof Error ? thrown.message : ''));
    if (error.code !== 'train/memory-short') throw new Error(error.code);
    expect(error.offers).toEqual([]);
    return String((error.neededBytes - 20e6) / 1e9);
  };

  it('is refused with what would fit; the offer is taken where asked for, on record, and the run goes on with it', async () => {
    const limit = await between();
    await expect(limitedTo(limit, task('short', choices))).rejects.toThrow('train/memory-short');
    expect(existsSync(join(root, 'runs', 'short', 'checkpoint_latest.bin'))).toBe(false);
    const { items, folder } = await limitedTo(limit, task('short', choices, { memory: 'fit' }));
    const fitted = items.find((item) => item.kind === 'fittedRecipe');
    expect(fitted?.choices.accumulation).toBeGreaterThan(1);
    expect(lines(folder)[0]).toMatchObject({ run: { recipe: { accumulation: fitted!.choices.accumulation } } });
    expect((await limitedTo(limit, task('ignoring', choices, { memory: 'ignore' }))).items.some(({ kind }) => kind === 'checkpoint')).toBe(true);
  });

  it('a run goes on with smaller patches, and with parts', async () => {
    const first = await train(task('shrinking', { batchSize: 2 }), 3);
    const { patch, stages } = configurationOf((await readModel(first.folder)).plan, '3d_fullres');
    const smaller = patch.map((size, axis) => (axis === 0 ? size - patchSteps(stages)[0]! : size));
    const second = await train(task('shrinking', { batchSize: 2, accumulation: 2, patch: smaller }, { resume: true }));
    expect(second.summary.step).toBe(6);
    expect(configurationOf((await readModel(second.folder)).plan, '3d_fullres').patch).toEqual(smaller);
    await expect(train(task('odd', { patch: [7, 7, 7] }))).rejects.toThrow('contract/bad-input');
  });
});

describe('cascade', () => {
  const cube = Grid.parse({ dimsIjk: [32, 32, 32], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });

  /** Pure noise: nothing but the first stage can know where the ball is. */
  async function writeNoise(index: number) {
    const folder = join(root, `noise_${index}`);
    mkdirSync(folder);
    const labels = new Uint8Array(32 ** 3);
    const voxels = Float32Array.from(labels, (_, n) => 100 + 50 * Math.sin(n * 78.233 + index * 3));
    for (let n = 0; n < labels.length; n++) {
      const [i, j, k] = [n % 32, Math.floor(n / 32) % 32, Math.floor(n / 1024)];
      labels[n] = Math.hypot(i - 10 - 3 * index, j - 16, k - 14 - index) < 8 ? 1 : 0;
    }
    await writeStoredChannel(join(folder, 'image_0000.nii'), cube, voxels);
    await writeLabelmap(join(folder, 'labels.nii.gz'), cube, labels);
    await writeLabelmap(join(folder, 'nothing.nii.gz'), cube, new Uint8Array(labels.length));
    const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid: cube, sourceGrid: cube, channelNames: ['MR'] };
    return {
      caseId: `noise_${index}`,
      image,
      labelFile: join(folder, 'labels.nii.gz'),
      previousFile: join(folder, 'labels.nii.gz'),
      role: index === 3 ? 'validation' : 'train',
      weight: 1,
    };
  }

  it('trains and validates on what the first stage predicted', async () => {
    const noise = await Promise.all([0, 1, 2, 3].map(writeNoise));
    const small = { configuration: '3d_cascade_fullres', vramGb: 0.01, epochs: 5 };
    const choices = { stepsPerEpoch: 12, batchSize: 2, learningRate: 5e-3 };
    const knowing = await train(task('cascade-knowing', choices, { ...small, cases: noise }));
    const { plan } = await readModel(knowing.folder);
    expect(plan.configurations.find(({ name }) => name === '3d_cascade_fullres')).toMatchObject({ previousStage: '3d_lowres' });
    const blind = noise.map((one) => (one.role === 'train' ? one : { ...one, previousFile: one.previousFile.replace('labels', 'nothing') }));
    const blindRun = await train(task('cascade-blind', choices, { ...small, cases: blind }));
    // the same training; only what the validation case is told differs
    expect(Number(knowing.summary.finalDice)).toBeGreaterThan(0.5);
    expect(Number(blindRun.summary.finalDice)).toBeLessThan(0.2);
  });
});
