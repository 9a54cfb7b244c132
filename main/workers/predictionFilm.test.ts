/** The film of a training: what the network predicts of a case it does not learn from changes while it learns, and comes to the truth. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictionFilm } from '../contract/predictionFilm.ts';
import { TrainTask } from '../contract/tasks.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { Grid } from '../contract/vocabulary.ts';
import { FILM_FOLDER, frameFile, readFilm } from '../dataset/filmFiles.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { MOST_SHARE, withFrame } from './predictionFilm.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-film-'));
const DIMS = [16, 12, 12] as const;
const grid = Grid.parse({ dimsIjk: DIMS, spacingMm: [1, 1, 1.5], originLpsMm: [5, -3, 2], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
let cases: unknown[] = [];

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

const taskOf = (epochs: number, resume: boolean): TrainTask =>
  TrainTask.parse({
    task: 'train', runId: 'film', runFolder: join(root, 'run'), preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres', preset: 'v2', fold: 0, amp: 'off', epochs, seed: 5, resume,
    recipe: trainingRecipe('v2', { epochs }, { stepsPerEpoch: 10, batchSize: 2, learningRate: 0.003 }, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [255, 0, 0] }], cases,
  });

it('shows the net learning, beside the truth, for less than its share of the time', async () => {
  const factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
  const train = async (epochs: number, resume: boolean) => {
    const result = await runTrain(taskOf(epochs, resume), { tell: () => undefined, stop: { aborted: false } }, factory);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value as { elapsedSeconds: number };
  };
  const { elapsedSeconds } = await train(8, false);
  const film = (await readFilm(join(root, 'run')))!;
  expect(film).toMatchObject({ caseId: 'case_2', sliceK: 6, sliceCount: 12 });
  expect(film.frames.length).toBeGreaterThan(1);
  const [first, last] = [film.frames[0]!, film.frames.at(-1)!];
  expect(last.dice!).toBeGreaterThan(first.dice! + 0.2);
  const folder = join(root, 'run', FILM_FOLDER);
  const picture = (name: string): Buffer => readFileSync(join(folder, name));
  expect(picture(frameFile(first.step)).equals(picture(frameFile(last.step)))).toBe(false);
  expect(picture(frameFile(first.step)).subarray(1, 4).toString()).toBe('PNG');
  expect(readdirSync(folder).sort()).toEqual(['film.json', ...film.frames.map(({ step }) => frameFile(step)), 'truth.png']);
  // one frame may go over it, then none is taken until it is earned again
  const dearest = film.spentMs / film.frames.length;
  expect(film.spentMs).toBeLessThan(MOST_SHARE * elapsedSeconds * 1000 + 5 * dearest);

  await train(10, true);
  const longer = (await readFilm(join(root, 'run')))!;
  expect(longer.frames.slice(0, film.frames.length - 1)).toEqual(film.frames.slice(0, -1));
  expect(longer.frames.at(-1)!.step).toBe(100);
}, 120_000);

describe('frames', () => {
  const film = (...steps: number[]): PredictionFilm => PredictionFilm.parse({ version: 1, caseId: 'a', sliceK: 0, sliceCount: 1, spentMs: 0, frames: steps.map(frame) });
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
