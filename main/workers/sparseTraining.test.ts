/**
 * Real trainings of a tiny network on balls of which a tenth of the slices is painted, against the same with all of them. The phantom was
 * chosen after smaller ones had failed, so this shows that unknown voxels are ignored, not how few slices suffice (docs/learning.md).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../models/engine.ts';
import { TrainTask } from '../contract/tasks.ts';
import { Grid } from '../contract/vocabulary.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { readPlan } from './runFiles.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-sparse-'));
const DIMS = [16, 16, 20] as const;
/** Two of twenty in each case, some without a ball. */
const SLICES = [
  [1, 8],
  [11, 16],
  [5, 18],
  [3, 10],
  [6, 14],
  [0, 12],
  [9, 17],
  [4, 13],
];
const HELD_OUT = SLICES.length;
const grid = Grid.parse({ dimsIjk: DIMS, spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
let factory: EngineFactory;

beforeAll(async () => {
  process.env.TF_NUM_INTRAOP_THREADS = '1';
  process.env.TF_NUM_INTEROP_THREADS = '1';
  factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A bright ball; in a sparse case it is painted in its `SLICES` only. */
async function writeCase(name: string, index: number, isSparse: boolean): Promise<unknown> {
  const folder = join(root, name, String(index));
  mkdirSync(folder, { recursive: true });
  const [ni, nj, nk] = DIMS;
  const voxels = new Float32Array(ni * nj * nk);
  const labels = new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) {
    const [i, j, k] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / ni / nj)];
    const isBall = Math.hypot(i - 5 - (index % 4), j - 8, k - 8 - (index % 3)) < 5.2;
    labels[n] = isBall && (!isSparse || SLICES[index]!.includes(k)) ? 1 : 0;
    voxels[n] = 100 + (isBall ? 60 : 0) + 25 * Math.sin(n * 12.9898 + index);
  }
  const image = { files: [join(folder, 'image.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  await writeStoredChannel(image.files[0]!, grid, voxels);
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: index === HELD_OUT ? 'validation' : 'train', weight: 1 };
}

async function diceOf(name: string, painted: 'everything' | 'slices', completenessOf?: (index: number) => object): Promise<number> {
  const isSparse = (index: number) => painted === 'slices' && index !== HELD_OUT;
  const cases = await Promise.all(
    [...SLICES.keys(), HELD_OUT].map(async (index) => ({
      ...((await writeCase(name, index, isSparse(index))) as object),
      ...(isSparse(index) && completenessOf && { completeness: completenessOf(index) }),
    })),
  );
  const task = TrainTask.parse({
    task: 'train',
    runId: name,
    runFolder: join(root, 'runs', name),
    preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    epochs: 4,
    seed: 3,
    resume: false,
    recipe: trainingRecipe('v2', { epochs: 4 }, { stepsPerEpoch: 9, batchSize: 2, skipEval: 3 }, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] }],
    cases,
  });
  const result = await runTrain(task, { tell: () => undefined, stop: { aborted: false } }, factory);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return Number(result.value.finalDice);
}

describe('a tenth of the slices painted', () => {
  it('teaches more where unpainted is unknown than where it is taken for background', async () => {
    const completenessOf = (index: number) => ({
      unpainted: 'unknown',
      knownLabels: null,
      completeSlices: SLICES[index]!.map((k) => ({ axis: 'k', index: k })),
      completeBoxes: [],
    });
    const full = await diceOf('full', 'everything');
    const sparse = await diceOf('sparse', 'slices', completenessOf);
    const wrong = await diceOf('wrong', 'slices');
    expect(full).toBeGreaterThan(0.85);
    expect(sparse).toBeGreaterThan(0.8);
    expect(wrong).toBeLessThan(sparse - 0.1);
    const plan = await readPlan(join(root, 'runs', 'sparse'));
    expect(plan).toMatchObject({ ignoreClass: 2, ignoreLabelValue: null, classes: [{ labelValue: 1 }] });
    expect((await readPlan(join(root, 'runs', 'full'))).ignoreClass).toBeNull();
  }, 180_000);
});
