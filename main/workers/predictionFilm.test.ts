/** The film of a training: what the network predicts of a case it does not learn from changes while it learns, and comes to the truth. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictionFilm } from '../contract/predictionFilm.ts';
import { TrainCase, TrainTask } from '../contract/tasks.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { Grid } from '../contract/vocabulary.ts';
import { FILM_FILE, FILM_FOLDER, frameFile, readFilm, TRUTH_FILE } from '../dataset/filmFiles.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { FilmMaker, withFrame } from './predictionFilm.ts';
import { readPlan } from './runFiles.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-film-'));
const DIMS = [16, 12, 12] as const;
const grid = Grid.parse({ dimsIjk: DIMS, spacingMm: [1, 1, 1.5], originLpsMm: [5, -3, 2], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
let cases: unknown[] = [];
const legend = [{ labelValue: 1, name: 'ball', colorRgb: [255, 0, 0] as [number, number, number] }];

beforeAll(async () => {
  cases = await Promise.all([0, 1, 2].map(writeCase));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A bright ball in another place of every case. */
async function writeCase(index: number): Promise<unknown> {
  const folder = join(root, `case_${index}`);
  mkdirSync(folder);
  const [ni, nj, nk] = DIMS;
  const voxels = new Float32Array(ni * nj * nk);
  const labels = new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) {
    const [i, j, k] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / ni / nj)];
    labels[n] = Math.hypot(i - 5 - index, j - 6, 1.5 * (k - 6)) < 4.5 ? 1 : 0;
    voxels[n] = 100 + 60 * labels[n]! + 5 * Math.sin(n * 12.9898 + index);
  }
  await writeStoredChannel(join(folder, 'image_0000.nii'), grid, voxels);
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: index === 2 ? 'validation' : 'train', weight: 1 };
}

/** One validation, at the end. */
const taskOf = (runId: string, epochs: number, stepsPerEpoch: number): TrainTask =>
  TrainTask.parse({
    task: 'train',
    runId,
    runFolder: join(root, runId),
    preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    epochs,
    seed: 5,
    resume: false,
    recipe: trainingRecipe('v2', { epochs }, { stepsPerEpoch, batchSize: 2, learningRate: 0.003, skipEval: epochs }, false),
    legend,
    cases,
  });
const pictureIn = (runId: string, name: string): Buffer => readFileSync(join(root, runId, FILM_FOLDER, name));
const trained = async (runId: string): Promise<PredictionFilm> => (await readFilm(join(root, runId)))!;

it('shows what the network predicts: otherwise when it has learnt, and nearer to the truth', async () => {
  const factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
  for (const task of [taskOf('early', 1, 1), taskOf('late', 4, 20)]) {
    const result = await runTrain(task, { tell: () => undefined, stop: { aborted: false } }, factory);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
  }
  const [early, late] = [await trained('early'), await trained('late')];
  expect(early).toMatchObject({ caseId: 'case_2', sliceK: 6, sliceCount: 12, frames: [{ step: 1, epoch: 1 }] });
  expect(late.frames).toMatchObject([{ step: 80, epoch: 4 }]);
  expect(late.frames[0]!.dice!).toBeGreaterThan(early.frames[0]!.dice! + 0.2);
  const [before, after] = [pictureIn('early', frameFile(1)), pictureIn('late', frameFile(80))];
  expect(before.subarray(1, 4).toString()).toBe('PNG');
  expect(before.equals(after)).toBe(false);
  expect(pictureIn('early', TRUTH_FILE).equals(pictureIn('late', TRUTH_FILE))).toBe(true);
}, 120_000);

it('goes on where a run goes on, and takes no picture while those before were too dear', async () => {
  const folder = join(root, 'by-hand');
  const plan = await readPlan(join(root, 'late'));
  const one = TrainCase.parse(cases[2]);
  const add = async (maker: FilmMaker, step: number, elapsedSeconds: number) =>
    maker.add(one, new Uint8Array(16 * 12 * 12).fill(step % 2), [0.25, Number.NaN], { step, epoch: step, elapsedSeconds });
  const first = await FilmMaker.open(folder, plan, legend);
  await add(first, 1, 0.001);
  await add(first, 2, 0.001); // the first one cost more than 2 % of a millisecond
  await add(first, 3, 1e6);
  await add(first, 5, 1e6);
  const film = (await readFilm(folder))!;
  expect(film.frames).toEqual([1, 3, 5].map((step) => ({ step, epoch: step, elapsedSeconds: step === 1 ? 0.001 : 1e6, dice: 0.25 })));
  expect(film.spentMs).toBeGreaterThan(0);
  const again = await FilmMaker.open(folder, plan, legend);
  await add(again, 4, 1e6);
  expect((await readFilm(folder))!.frames.map(({ step }) => step)).toEqual([1, 3, 4]);
  expect(readdirSync(join(folder, FILM_FOLDER)).sort()).toEqual([FILM_FILE, frameFile(1), frameFile(3), frameFile(4), TRUTH_FILE].sort());
});

describe('frames', () => {
  const film = (...steps: number[]): PredictionFilm =>
    PredictionFilm.parse({ version: 1, caseId: 'a', sliceK: 0, sliceCount: 1, spentMs: 0, frames: steps.map(frame) });
  const frame = (step: number) => ({ step, epoch: step, elapsedSeconds: step, dice: null });
  const stepsOf = (frames: readonly { step: number }[]) => frames.map(({ step }) => step);

  it('done again by a resumed run replace what it had', () => {
    const { film: next, dropped } = withFrame(film(10, 20, 30), frame(20));
    expect([stepsOf(next.frames), stepsOf(dropped)]).toEqual([[10, 20], [30]]);
  });

  it('become fewer where they are too many, with the first and the last of them kept', () => {
    const many = film(...Array.from({ length: 240 }, (_, n) => n));
    const { film: next, dropped } = withFrame(many, frame(240));
    expect([next.frames.length, next.frames[0]!.step, next.frames.at(-1)!.step, dropped.length]).toEqual([121, 0, 240, 120]);
    expect(stepsOf(dropped).every((step) => step % 2 === 1)).toBe(true);
  });
});
