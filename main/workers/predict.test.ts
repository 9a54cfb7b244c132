/** Prediction of whole cases with engines by formula: what comes out must lie where the image says, whoever votes. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineFactory, NamedArray } from '../../models/engine.ts';
import { writeDicomSeries } from '../../test/phantoms/writeDicomSeries.ts';
import type { JobNews } from '../contract/jobs.ts';
import { suggestCodes } from '../contract/suggestCodes.ts';
import { PredictTask, TaskItem } from '../contract/tasks.ts';
import { RunId } from '../contract/vocabulary.ts';
import { readVolumeFile } from '../dataset/read/volumeFile.ts';
import { writeGzippedNifti } from '../dataset/storedVolume.ts';
import { readDicomSeg } from '../formats/dicomSeg/readDicomSeg.ts';
import { gridFromAffine } from '../imaging/grid.ts';
import { Plan, type PlanConfiguration } from '../nnunet/plan/plan.ts';
import { LIMIT_VARIABLE } from './availableMemory.ts';
import { runPredict } from './predict.ts';
import { storedCase } from './testing/storedCase.ts';
import { writeCheckpoint, writePlan } from './runFiles.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-predict-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let test = 0;
let folder = '';
beforeEach(() => {
  folder = join(root, String(++test));
  mkdirSync(join(folder, 'in'), { recursive: true });
});

const DIMS = [22, 18, 14] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
/** RAS-like file with anisotropic voxels, so that axes are turned on the way in and back on the way out. */
const grid = gridFromAffine(DIMS, [-1, 0, 0, 30, 0, -1.2, 0, 20, 0, 0, 2, -5, 0, 0, 0, 1]);

/** Nothing, then a body of 100, in it a ball of 200 and, apart from it, a small cube of 200. */
function valueAt(n: number): number {
  const [i, j, k] = [n % DIMS[0], Math.floor(n / DIMS[0]) % DIMS[1], Math.floor(n / DIMS[0] / DIMS[1])];
  if (i < 4 || i > 19 || j < 3 || k < 1 || k > 12) return 0;
  if (Math.hypot(i - 13, 1.2 * (j - 10), 2 * (k - 6)) < 5.2) return 200;
  return i < 7 && j < 6 && k > 9 ? 200 : 100;
}
const truth = Uint8Array.from({ length: COUNT }, (_, n) => (valueAt(n) === 200 ? 1 : 0));

const configuration = (change: Partial<PlanConfiguration> = {}): PlanConfiguration => ({
  name: '3d_fullres',
  previousStage: null,
  spacingDhwMm: [2, 1.2, 1],
  medianShapeDhw: [12, 15, 16],
  patch: [8, 8, 8],
  batchSize: 2,
  batchDice: false,
  architecture: 'plain',
  norm: 'instance',
  stages: [{ features: 4, convs: 1, kernel: [3, 3, 3], stride: [1, 1, 1] }],
  decoderConvs: 1,
  negativeSlope: 0.01,
  deepSupervisionWeights: [1],
  ...change,
});
const plan = (change: Partial<Plan> = {}, configurations = [configuration()]): Plan =>
  Plan.parse({
    version: 2,
    preset: 'v2',
    transposeForward: [0, 1, 2],
    classes: [{ labelValue: 7, name: 'ball & co' }],
    regions: null,
    ignoreClass: null,
    ignoreLabelValue: null,
    channels: [{ name: 'CT', normalization: 'none', insideMaskOnly: false, mean: 0, std: 1, percentile005: 0, percentile995: 1 }],
    configurations,
    ...change,
  });

/** A run whose "weights" are the numbers of its formula. */
async function writeRun(name: string, of: Plan, weights: readonly number[], which: PlanConfiguration['name'] = '3d_fullres'): Promise<string> {
  const runFolder = join(folder, name);
  mkdirSync(runFolder);
  await writePlan(runFolder, of);
  const loop = {
    step: 1,
    epoch: 1,
    elapsedMs: 1,
    validationMs: 0,
    bestDice: null,
    validationsWithoutGain: 0,
    skippedInRow: 0,
    skippedSteps: 0,
    random: [1, 2, 3, 4] as never,
  };
  const arrays: NamedArray[] = [{ name: 'formula', shape: [weights.length], values: Float32Array.from(weights) }];
  await writeCheckpoint(runFolder, 'best', { version: 1, configuration: which, loop }, arrays);
  return runFolder;
}

/** Logit of the last output: (value − threshold) · slope, plus `perExtraChannel` for each further channel; of the others 0. */
const seen: number[] = [];
const factory: EngineFactory = {
  version: 'formula',
  device: { kind: 'cpu', convolvesBfloat16: false },
  createTraining: () => Promise.reject(new Error('not here')),
  createInference: (network, patch, weights, options) => {
    const [threshold, slope, perExtraChannel = 0] = weights[0]!.values;
    const voxels = patch.reduce((a, b) => a * b, 1);
    return Promise.resolve({
      batchSize: options?.batchSize ?? 1,
      predict(images) {
        seen.push(images.length / voxels / network.inputChannels);
        const logits = new Float32Array((images.length / network.inputChannels) * network.classes);
        for (let n = 0; n < images.length / network.inputChannels; n++) {
          const at = n * network.inputChannels;
          let extra = 0;
          for (let c = 1; c < network.inputChannels; c++) extra += images[at + c]!;
          logits[(n + 1) * network.classes - 1] = (images[at]! - threshold!) * slope! + extra * perExtraChannel;
        }
        return logits;
      },
      dispose: () => undefined,
    });
  },
};

interface Choices {
  readonly options?: object;
  readonly saveProbabilities?: boolean;
  readonly previous?: string;
  readonly memory?: PredictTask['memory'];
}

async function predicted(runFolders: readonly string[], { options = {}, saveProbabilities = false, previous, memory }: Choices = {}) {
  const outputFolder = join(folder, 'out');
  await writeGzippedNifti(
    join(folder, 'in', 'case.nii.gz'),
    grid,
    Int16Array.from({ length: COUNT }, (_, n) => valueAt(n)),
  );
  const models = runFolders.map((runFolder) => ({ runFolder, previousRunFolders: previous ? [previous] : [] }));
  const task = PredictTask.parse({
    task: 'predict',
    models,
    options,
    memory,
    cases: [],
    folder: { inputFolder: join(folder, 'in'), outputFolder, saveProbabilities },
  });
  const result = await runPredict(task, { tell: () => undefined, stop: { aborted: false } }, factory);
  const volume = async (file: string) => (await readVolumeFile(join(outputFolder, file))).channels[0]!;
  return { result, volume, files: () => readdirSync(outputFolder).sort(), outputFolder };
}

const dice = (a: ArrayLike<number>, value: number): number => {
  let [both, sum] = [0, 0];
  for (let n = 0; n < COUNT; n++) {
    const isIn = Number(a[n] === value);
    both += isIn * truth[n]!;
    sum += isIn + truth[n]!;
  }
  return (2 * both) / sum;
};
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('a folder of DICOM series', () => {
  it('becomes segmentations of the same patients, which name the model and its weights', async () => {
    const runFolder = await writeRun('a', plan(), [150, 1]);
    mkdirSync(join(folder, 'in', 'ct'));
    const voxels = Int16Array.from({ length: COUNT }, (_, n) => valueAt(n));
    writeDicomSeries(grid, voxels, { patientId: 'PAT-1' }).forEach((bytes, slice) => writeFileSync(join(folder, 'in', 'ct', `IM${slice}`), bytes));
    const outputFolder = join(folder, 'out');
    const runId = RunId.parse('run-a');
    const about = {
      softwareVersion: '1',
      legend: [{ labelValue: 7, name: 'liver', colorRgb: [1, 2, 3], codes: suggestCodes('liver')! }],
      models: [{ runId, runFolder, algorithmName: 'nnU-Net 3d_fullres' }],
    };
    const models = [{ runFolder, previousRunFolders: [] }];
    const task = PredictTask.parse({
      task: 'predict',
      models,
      options: {},
      cases: [],
      folder: { inputFolder: join(folder, 'in'), outputFolder, saveProbabilities: false, format: 'dicom-seg', about },
    });
    const news: JobNews[] = [];
    expect(await runPredict(task, { tell: (one) => news.push(one), stop: { aborted: false } }, factory)).toEqual({
      ok: true,
      value: { predictedCount: 1, failedCount: 0 },
    });
    expect(news.filter(({ type }) => type === 'problem')).toEqual([]);
    const [name, ...more] = readdirSync(outputFolder);
    expect([name, ...more]).toEqual(['ct.seg.dcm']);
    const bytes = readFileSync(join(outputFolder, name!));
    const { segments, maskOf } = await readDicomSeg(bytes, name!);
    expect(segments).toMatchObject([{ name: 'liver', codes: { type: { value: '10200004' } } }]);
    expect(maskOf(0).reduce((sum, voxel) => sum + voxel, 0)).toBe(truth.reduce((sum, voxel) => sum + voxel, 0));
    const weights = createHash('sha256')
      .update(readFileSync(join(runFolder, 'checkpoint_best.bin')))
      .digest('hex');
    for (const text of ['PAT-1', 'AUTOMATIC', `run=${runId} weightsSha256=${weights}`]) expect(bytes.toString('latin1'), text).toContain(text);
  });
});

describe('one model', () => {
  it('paints exactly where the image says when nothing is resampled (seed defect 2: it predicts at all)', async () => {
    const { result, volume, files } = await predicted([await writeRun('a', plan(), [150, 1])]);
    expect(result).toEqual({ ok: true, value: { predictedCount: 1, failedCount: 0 } });
    expect(files()).toEqual(['case.nii.gz']);
    expect([...(await volume('case.nii.gz'))]).toEqual([...truth.map((one) => one * 7)]);
  });

  it.each<[string, Plan['transposeForward'], PlanConfiguration['spacingDhwMm'], string]>([
    ['finer spacing', [0, 1, 2], [1.3, 0.9, 0.8], '3d_fullres'],
    ['coarser spacing, other axis first', [2, 0, 1], [1.3, 2.4, 1.5], '3d_fullres'],
    ['slices', [0, 1, 2], [null, 0.8, 0.7], '2d'],
  ])('resamples to the crop, then pads (seed defect 5): %s', async (_, transposeForward, spacingDhwMm, name) => {
    const patch = name === '2d' ? [8, 8] : [8, 8, 8];
    const one = configuration({ spacingDhwMm, patch, name: name as '2d' });
    const { volume } = await predicted([await writeRun('a', plan({ transposeForward }, [one]), [150, 1], name as '2d')]);
    const labels = await volume('case.nii.gz');
    expect(dice(labels, 7)).toBeGreaterThan(0.93);
  });

  it('gives slices to the network in batches', async () => {
    seen.length = 0;
    await predicted([await writeRun('a', plan({}, [configuration({ name: '2d', patch: [16, 16], spacingDhwMm: [null, 1.2, 1] })]), [150, 1], '2d')]);
    expect(Math.max(...seen)).toBe(8);
  });

  it('takes fewer windows with less overlap, and the seed preset takes a quarter', async () => {
    const calls = async (of: Plan, options: object) => {
      seen.length = 0;
      await predicted([await writeRun(`run-${readdirSync(folder).length}`, of, [150, 1])], { options });
      return seen.length;
    };
    const half = await calls(plan(), {});
    const none = await calls(plan(), { overlap: 0 });
    expect(none).toBeLessThan(half);
    expect(await calls(plan(), { mirror: true })).toBe(8 * half);
    expect(await calls(plan({ preset: 'seed' }), {})).toBe(await calls(plan(), { overlap: 0.25 }));
  });

  it('writes probabilities in source geometry: 1 for background outside the crop', async () => {
    const { volume, files } = await predicted([await writeRun('a', plan(), [150, 0.01])], { saveProbabilities: true });
    expect(files()).toEqual(['case.nii.gz', 'case_prob_0-background.nii.gz', 'case_prob_7-ball_co.nii.gz']);
    const [background, ball] = [await volume('case_prob_0-background.nii.gz'), await volume('case_prob_7-ball_co.nii.gz')];
    for (let n = 0; n < COUNT; n++) {
      expect(background[n]! + ball[n]!).toBeCloseTo(1, 5);
      if (valueAt(n) > 0) expect(ball[n]).toBeCloseTo(sigmoid((valueAt(n) - 150) * 0.01), 5);
    }
    expect(ball[0]).toBe(0);
  });

  it('paints regions in the order of the plan', async () => {
    const regions = [
      { name: 'body', classes: [1, 2], paintsClass: 1 },
      { name: 'core', classes: [2], paintsClass: 2 },
    ];
    const of = plan({
      classes: [
        { labelValue: 3, name: 'shell' },
        { labelValue: 5, name: 'core' },
      ],
      regions,
    });
    const { volume, files } = await predicted([await writeRun('a', of, [150, 1])], { saveProbabilities: true });
    // the formula leaves the first region at logit 0: not above one half, so only the core is painted
    expect([...(await volume('case.nii.gz'))]).toEqual([...truth.map((one) => one * 5)]);
    expect(files()).toEqual(['case.nii.gz', 'case_prob_1-body.nii.gz', 'case_prob_2-core.nii.gz']);
    const body = await volume('case_prob_1-body.nii.gz');
    expect([body[0], body[truth.indexOf(1)]]).toEqual([0, 0.5]);
  });

  it('applies postprocessing.json of its run', async () => {
    const run = await writeRun('a', plan(), [150, 1]);
    writeFileSync(join(run, 'postprocessing.json'), JSON.stringify({ version: 1, steps: [{ keepLargestOf: [1] }] }));
    const labels = await (await predicted([run])).volume('case.nii.gz');
    const cube = truth.filter((one, n) => one === 1 && n % DIMS[0] < 7).length;
    expect(cube).toBeGreaterThan(0);
    expect(labels.filter((one) => one === 7).length).toBe(truth.filter((one) => one === 1).length - cube);
    writeFileSync(join(run, 'postprocessing.json'), '{"version":1,"steps":[{"keepLargestOf":[]}]}');
    expect((await predicted([run])).result).toMatchObject({ ok: false, error: { code: 'disk/corrupt' } });
  });
});

describe('the uncertainty of a stored case', () => {
  const bitsOf = (p: number): number => -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
  async function measured(runFolders: readonly string[]) {
    const { caseId, image } = await storedCase(folder, 'case_1', [DIMS[2], DIMS[1], DIMS[0]], valueAt, () => 0);
    const [outputFile, uncertaintyFile] = [join(folder, 'labels.nii.gz'), join(folder, 'uncertainty.nii.gz')];
    const models = runFolders.map((runFolder) => ({ runFolder, previousRunFolders: [] }));
    const news: JobNews[] = [];
    const task = PredictTask.parse({ task: 'predict', models, options: {}, cases: [{ caseId, image, outputFile, uncertaintyFile }] });
    await runPredict(task, { tell: (one) => news.push(one), stop: { aborted: false } }, factory);
    const items = news.flatMap((one) => (one.type === 'item' ? [TaskItem.parse(one.item)] : []));
    const uncertainty = items.flatMap((item) => (item.kind === 'prediction' ? [item.uncertainty] : []))[0];
    return { uncertainty, map: (await readVolumeFile(uncertaintyFile)).channels[0]! };
  }
  const at = (i: number, j: number, k: number): number => i + DIMS[0] * (j + DIMS[1] * k);

  it('is told with it, and its map lies where the image does', async () => {
    const unit = configuration({ spacingDhwMm: [1, 1, 1] });
    const { uncertainty, map } = await measured([await writeRun('a', plan({}, [unit]), [150, 0.02])]);
    const expected = bitsOf(sigmoid(1)); // 200 and 100 lie equally far from 150
    expect([map[at(13, 10, 6)], map[at(5, 10, 6)], map[at(0, 0, 0)]]).toEqual([Math.round(255 * expected), Math.round(255 * expected), 0]);
    expect(uncertainty!.labels).toEqual([{ labelValue: 7, voxelCount: truth.reduce((a, b) => a + b, 0), bits: uncertainty!.bits }]);
    expect(uncertainty!.bits).toBeGreaterThan(0.7); // the small cube touches air, which is surer
    expect(uncertainty!.bits).toBeLessThan(expected);
  });

  it('of an ensemble is that of what it says together', async () => {
    const [one, other] = [configuration({ spacingDhwMm: [1, 1, 1] }), configuration({ spacingDhwMm: [1, 1, 1], patch: [6, 8, 8] })];
    const { map } = await measured([await writeRun('a', plan({}, [one]), [150, 0.02]), await writeRun('b', plan({}, [other]), [150, 0.06])]);
    expect(map[at(13, 10, 6)]).toBe(Math.round(255 * bitsOf((sigmoid(1) + sigmoid(3)) / 2)));
  });
});

describe('a case that needs more memory than there is', () => {
  const limitedTo = async <T>(bytes: number, work: () => Promise<T>): Promise<T> => {
    process.env[LIMIT_VARIABLE] = String(bytes / 1e9);
    try {
      return await work();
    } finally {
      delete process.env[LIMIT_VARIABLE];
    }
  };
  const shortOf = async (limitBytes: number, runFolders: readonly string[], options: object = {}) => {
    const { result } = await limitedTo(limitBytes, () => predicted(runFolders, { options }));
    if (result.ok || result.error.code !== 'predict/memory-short') throw new Error(JSON.stringify(result));
    return result.error;
  };
  /** So wide that what the network holds is most of it. */
  const wide = { stages: [{ features: 512, convs: 1, kernel: [3, 3], stride: [1, 1] }] };
  const slices = () => plan({}, [configuration({ name: '2d', patch: [16, 16], spacingDhwMm: [null, 1.2, 1], ...wide })]);

  it('is not begun: the job says what it needs, what there is, and what would fit', async () => {
    const runs = [await writeRun('a', slices(), [150, 1], '2d'), await writeRun('b', slices(), [150, 1], '2d')];
    seen.length = 0;
    const { neededBytes, availableBytes, offers, path } = await shortOf(1e7, runs);
    expect(path).toBe(join(folder, 'in', 'case.nii.gz'));
    expect([neededBytes > 4e8, Math.round(availableBytes), offers]).toEqual([true, 1e7, []]);
    const just = await shortOf(neededBytes - 1, runs);
    expect(just.offers.map(({ choices }) => choices)).toEqual([{ windowsPerCall: 1 }, { modelCount: 1 }, { windowsPerCall: 1, modelCount: 1 }]);
    expect(just.offers.every((offer) => offer.neededBytes! < neededBytes)).toBe(true);
    expect(seen).toEqual([]);
    // each offer is kept
    for (const { choices, neededBytes: enough } of just.offers) {
      const { windowsPerCall, modelCount = runs.length } = choices;
      const { result } = await limitedTo(enough! + 1, () => predicted(runs.slice(0, modelCount), { options: { windowsPerCall } }));
      expect(result, JSON.stringify(choices)).toMatchObject({ ok: true, value: { predictedCount: 1 } });
      if (windowsPerCall) expect(Math.max(...seen)).toBe(1);
      seen.length = 0;
    }
  });

  it('offers only what is left to give up, and starts all the same where somebody says so', async () => {
    const run = await writeRun('a', slices(), [150, 1], '2d');
    const { neededBytes } = await shortOf(1e7, [run], { windowsPerCall: 1 });
    expect((await shortOf(neededBytes - 1, [run], { windowsPerCall: 1 })).offers).toEqual([]);
    expect((await limitedTo(1e7, () => predicted([run], { memory: 'ignore' }))).result).toMatchObject({ ok: true });
  });

  it('fewer slices at once paint the same mask', async () => {
    const run = await writeRun('a', slices(), [150, 1], '2d');
    const masks = [];
    for (const windowsPerCall of [8, 1])
      masks.push(Buffer.from((await (await predicted([run], { options: { windowsPerCall } })).volume('case.nii.gz')).buffer));
    expect(masks[1]!.equals(masks[0]!)).toBe(true);
  });
});

describe('several models', () => {
  it('folds vote by the mean of their logits', async () => {
    const runs = [await writeRun('a', plan(), [150, 0.04]), await writeRun('b', plan(), [90, 0.02])];
    const { volume } = await predicted(runs, { saveProbabilities: true });
    const ball = await volume('case_prob_7-ball_co.nii.gz');
    for (let n = 0; n < COUNT; n++) {
      const value = valueAt(n);
      if (value > 0) expect(ball[n]).toBeCloseTo(sigmoid(((value - 150) * 0.04 + (value - 90) * 0.02) / 2), 5);
    }
  });

  it('configurations vote by the mean of their probabilities', async () => {
    const slices = configuration({ name: '2d', patch: [8, 8], spacingDhwMm: [null, 1.2, 1] });
    const both = plan({}, [configuration(), slices]);
    const runs = [
      await writeRun('a', both, [150, 0.04]),
      await writeRun('b', both, [90, 0.02], '2d'),
      await writeRun('c', plan({ preset: 'seed' }), [170, 0.01]),
    ];
    const { volume, result, files } = await predicted(runs, { saveProbabilities: true });
    expect(result.ok).toBe(true);
    expect(files().filter((name) => name.startsWith('.'))).toEqual([]);
    const [ball, labels] = [await volume('case_prob_7-ball_co.nii.gz'), await volume('case.nii.gz')];
    for (let n = 0; n < COUNT; n++) {
      const value = valueAt(n);
      if (value === 0) continue;
      const mean = (sigmoid((value - 150) * 0.04) + sigmoid((value - 90) * 0.02) + sigmoid((value - 170) * 0.01)) / 3;
      expect(ball[n]).toBeCloseTo(mean, 5);
      expect(labels[n]).toBe(mean > 0.5 ? 7 : 0);
    }
  });

  it('refuses those that were trained on other labels, or order the axes otherwise', async () => {
    const first = await writeRun('a', plan(), [150, 1]);
    const others = await writeRun('b', plan({ classes: [{ labelValue: 2, name: 'x' }] }), [150, 1]);
    expect((await predicted([first, others])).result).toMatchObject({ ok: false, error: { code: 'predict/incompatible-models' } });
    const turned = await writeRun('c', plan({ transposeForward: [2, 0, 1] }), [150, 1]);
    expect((await predicted([first, turned])).result).toMatchObject({ ok: false, error: { code: 'predict/incompatible-models' } });
  });

  it('a cascade sees what its first stage predicts', async () => {
    const coarse = configuration({ name: '3d_lowres', spacingDhwMm: [2, 2.4, 2] });
    const fine = configuration({ name: '3d_cascade_fullres', previousStage: '3d_lowres' });
    const of = plan({}, [coarse, fine]);
    const previous = await writeRun('low', of, [150, 1], '3d_lowres');
    // not for the second stage, which would then miss the cube
    writeFileSync(join(previous, 'postprocessing.json'), JSON.stringify({ version: 1, steps: [{ keepLargestOf: [1] }] }));
    // on its own it finds nothing; where the first stage saw something its channel adds 100
    const { volume } = await predicted([await writeRun('high', of, [250, 1, 100], '3d_cascade_fullres')], { previous });
    const labels = await volume('case.nii.gz');
    expect(dice(labels, 7)).toBeGreaterThan(0.85);
    expect(labels.some((label, n) => label === 7 && truth[n] === 1 && n % DIMS[0] < 7)).toBe(true);
    const blind = await predicted([await writeRun('blind', of, [250, 1, 0], '3d_cascade_fullres')], { previous });
    expect(dice(await blind.volume('case.nii.gz'), 7)).toBe(0);
  });
});
