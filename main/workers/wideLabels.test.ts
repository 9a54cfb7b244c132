/** Label values above 255, and more than 255 of them, from the user's files through training and prediction to the exported mask. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../models/engine.ts';
import type { JobNews } from '../contract/jobs.ts';
import { ImportedCase, ImportTask, PredictTask, TrainTask } from '../contract/tasks.ts';
import type { Segment } from '../contract/vocabulary.ts';
import { readVolumeFile } from '../dataset/read/volumeFile.ts';
import { readLabelmap, writeGzippedNifti } from '../dataset/storedVolume.ts';
import { gridFromAffine } from '../imaging/grid.ts';
import { diceOfLabelmaps } from '../imaging/diceOfLabelmaps.ts';
import type { VoxelArray } from '../imaging/volume.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { runExport } from './export.ts';
import { exportCaseOf, exportTaskOf } from './testing/exportTaskOf.ts';
import { runImport } from './import.ts';
import { runPredict } from './predict.ts';
import { runTrain } from './train.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-wide-'));
let factory: EngineFactory;
beforeAll(async () => {
  factory = await (await import('../compute/engineFactory.ts')).loadEngineFactory();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const DIMS = [16, 12, 12] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
/** Axes that an import turns. */
const grid = gridFromAffine(DIMS, [1, 0, 0, -20, 0, 1, 0, 10, 0, 0, 1.5, 0, 0, 0, 0, 1]);

async function succeeded(work: Promise<{ ok: boolean; error?: unknown }>): Promise<void> {
  const result = await work;
  if (!result.ok) throw new Error(JSON.stringify(result.error));
}

/** What the tasks tell. */
const news: JobNews[] = [];
const port = { tell: (entry: JobNews) => void news.push(entry), stop: { aborted: false } };

/** A Decathlon-like folder without dataset.json, imported; label files of the type that is given. */
async function importStudies(name: string, count: number, labelsOf: (index: number) => VoxelArray, imageOf: (label: number, n: number) => number) {
  for (const folder of ['imagesTr', 'labelsTr']) mkdirSync(join(root, name, folder), { recursive: true });
  for (let index = 0; index < count; index++) {
    const labels = labelsOf(index);
    await writeGzippedNifti(join(root, name, 'labelsTr', `case_${index}.nii.gz`), grid, labels);
    const image = Float32Array.from(labels, (label, n) => imageOf(label, n) + 3 * Math.sin(n * 12.9898 + index));
    await writeGzippedNifti(join(root, name, 'imagesTr', `case_${index}.nii.gz`), grid, image);
  }
  news.length = 0;
  const task = ImportTask.parse({ task: 'import', paths: [join(root, name)], casesFolder: join(root, name, 'cases'), existing: [], legend: [] });
  await succeeded(runImport(task, port));
  const cases = news.flatMap((one) => (one.type === 'item' ? [ImportedCase.parse(one.item)] : []));
  return { cases, problems: news.flatMap((one) => (one.type === 'problem' ? [one.error] : [])) };
}

const trainTask = (name: string, cases: readonly ImportedCase[], legend: readonly Segment[], epochs: number, stepsPerEpoch: number): TrainTask =>
  TrainTask.parse({
    task: 'train',
    runId: name,
    runFolder: join(root, name, 'run'),
    preprocessedFolder: join(root, name, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 'all',
    amp: 'off',
    epochs,
    seed: 5,
    resume: false,
    vramGb: 0.05,
    recipe: trainingRecipe('v2', { epochs }, { stepsPerEpoch, batchSize: 2, learningRate: 5e-3, optimizer: 'adam' }, false),
    legend,
    cases: cases.map(({ caseId, image, labelFile }) => ({ caseId, image, labelFile, role: 'train', weight: 1 })),
  });

async function predictFirst(name: string, { caseId, image }: ImportedCase): Promise<string> {
  const outputFile = join(root, name, 'predicted.nii.gz');
  const models = [{ runFolder: join(root, name, 'run'), previousRunFolders: [] }];
  await succeeded(
    runPredict(PredictTask.parse({ task: 'predict', models, options: { mirror: false }, cases: [{ caseId, image, outputFile }] }), port, factory),
  );
  return outputFile;
}

const bitsPerLabel = (file: string): number => gunzipSync(readFileSync(file)).readInt16LE(72);

describe('labels 1, 300 and 1000', () => {
  const VALUES = [1, 300, 1000];
  /** Three slabs, each of its own brightness. */
  const labelsOf = (index: number): Int16Array =>
    Int16Array.from({ length: COUNT }, (_, n) => {
      const [i, j] = [n % DIMS[0], Math.floor(n / DIMS[0]) % DIMS[1]];
      return j < 2 || j > 9 ? 0 : (VALUES[Math.floor((i - 2 + index) / 4)] ?? 0);
    });

  it('are imported, learnt, predicted and exported with the same values', async () => {
    const { cases } = await importStudies('three', 3, labelsOf, (label) => 100 + 40 * (VALUES.indexOf(label) + 1));
    const { segments = [], labelFile = '' } = cases[0]!;
    expect(segments.map(({ labelValue, name }) => [labelValue, name])).toEqual(VALUES.map((value) => [value, `label ${value}`]));
    expect(bitsPerLabel(labelFile)).toBe(16);

    const task = trainTask('three', cases, segments, 6, 10);
    await succeeded(runTrain(task, port, factory));
    const predictedFile = await predictFirst('three', cases[0]!);
    expect(bitsPerLabel(predictedFile)).toBe(16);
    const [predicted, truth] = [await readLabelmap(predictedFile), await readLabelmap(labelFile)];
    for (const dice of diceOfLabelmaps(predicted.voxels, truth.voxels, VALUES)) expect(dice).toBeGreaterThan(0.6);

    const outputFolder = join(root, 'three', 'exported');
    const exported = (baseName: string, file: string) => ({ ...exportCaseOf(cases[0]!), baseName, labelFile: file });
    await succeeded(runExport(exportTaskOf(cases, outputFolder, { cases: [exported('truth', labelFile), exported('predicted', predictedFile)] }), port));
    expect((await readVolumeFile(join(outputFolder, 'truth.nii.gz'))).channels[0]).toEqual(Uint16Array.from(labelsOf(0)));
    const values = new Set((await readVolumeFile(join(outputFolder, 'predicted.nii.gz'))).channels[0]);
    expect([...values].sort((a, b) => a - b)).toEqual([0, ...VALUES]);
  });
});

it('a mask of bytes stays one, also where other masks of the project are wide', async () => {
  const { cases } = await importStudies(
    'mixed',
    2,
    (index) => Int16Array.from({ length: COUNT }, (_, n) => (n % 5 === 0 ? 7 + 500 * index : 0)),
    (label) => label,
  );
  expect(cases.map(({ labelFile = '' }) => bitsPerLabel(labelFile))).toEqual([8, 16]);
});

it('a mask with a value above 65535 is left out with the reason', async () => {
  const { cases, problems } = await importStudies(
    'beyond',
    1,
    () => new Float32Array(COUNT).fill(65_536, 5, 9),
    () => 1,
  );
  expect(cases[0]!.labelFile).toBeUndefined();
  expect(problems).toMatchObject([{ code: 'import/label-values', detail: 'value 65536 is not a whole number from 0 to 65535' }]);
});

it('300 labels: batches and classes in 16 bits through a step of training and a prediction', async () => {
  const { cases } = await importStudies(
    'many',
    1,
    () => Uint16Array.from({ length: COUNT }, (_, n) => 700 + (n % 300)),
    (label) => label,
  );
  const { segments = [] } = cases[0]!;
  expect(segments).toHaveLength(300);
  await succeeded(runTrain(trainTask('many', cases, segments, 1, 1), port, factory));
  const metrics = news.flatMap((one) => (one.type === 'metric' && one.metric.name === 'trainLoss' ? [one.metric.value] : []));
  expect(metrics).toHaveLength(1);
  // untrained: the cross-entropy of 301 classes alone is about ln 301 ≈ 5.7
  expect(metrics[0]).toBeGreaterThan(4);
  const { voxels } = await readLabelmap(await predictFirst('many', cases[0]!));
  expect(voxels).toBeInstanceOf(Uint16Array);
  for (const value of new Set(voxels)) expect(value === 0 || (value >= 700 && value < 1000), String(value)).toBe(true);
});
