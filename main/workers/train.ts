/** One training from the project's files to checkpoints: fingerprint → plan → preprocess → train loop. */
import { mkdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { EngineFactory, TrainingEngine, TrainingSpec } from '../../models/engine.ts';
import { AppException, err, ok, toAppError } from '../contract/errors.ts';
import type { AppError, Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TaskItem, TrainCase, TrainTask } from '../contract/tasks.ts';
import type { Preset } from '../contract/vocabulary.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { dicePerClass, summarizeDice } from '../nnunet/evaluate.ts';
import type { DiceSummary } from '../nnunet/evaluate.ts';
import { fingerprintCase, fingerprintDataset, intensitySamplesPerCase } from '../nnunet/fingerprint.ts';
import { PatchSampler } from '../nnunet/patches.ts';
import { configurationOf, networkOf } from '../nnunet/plan.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan.ts';
import { planExperiment } from '../nnunet/planExperiment.ts';
import { classesOfLabels } from '../nnunet/preprocess.ts';
import { freshLoopState, runTrainLoop } from '../nnunet/trainLoop.ts';
import type { LoopState, TrainLoopHooks } from '../nnunet/trainLoop.ts';
import { defaultStepsPerEpoch } from '../nnunet/trainingSchedule.ts';
import { PreprocessedStore, legendMismatch } from './preprocessedStore.ts';
import { appendMetric, hasCheckpoint, readCheckpoint, readModel, readPlan, writeCheckpoint, writeFingerprint, writePlan } from './runFiles.ts';
import { breathe, predictClasses } from './wholeCase.ts';

/** Adam from scratch; a tenth of it when going on from a trained model. The seed's preset uses 3e-4. */
const LEARNING_RATE: Record<Preset, number> = { v2: 1e-3, seed: 3e-4, resenc_m: 1e-3, resenc_l: 1e-3, resenc_xl: 1e-3 };
const WARM_START_PART = 0.1;

/** The summary tells `epoch`, `step`, `elapsedSeconds` and `bestDice` (null without validation). */
export async function runTrain(input: TrainTask, port: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  try {
    return ok(await train(input, port, factory));
  } catch (thrown) {
    return err(outOfMemory(thrown) ?? toAppError(thrown, input.runFolder));
  }
}

/** TensorFlow and V8 say it in words only. */
function outOfMemory(thrown: unknown): AppError | null {
  const text = thrown instanceof Error ? thrown.message : '';
  return /out of memory|OOM when allocating|bad_alloc|RESOURCE_EXHAUSTED|Array buffer allocation failed/i.test(text) ? { code: 'train/out-of-memory', detail: text.split('\n')[0]! } : null;
}

async function train(input: TrainTask, port: JobPort, factory: EngineFactory): Promise<Record<string, unknown>> {
  await mkdir(input.runFolder, { recursive: true });
  const plan = await choosePlan(input, port);
  if (port.stop.aborted) return { stopped: true };
  const configuration = configurationOf(plan, input.configuration);
  const store = new PreprocessedStore(input.preprocessedFolder, plan, configuration);
  for (const [done, trainCase] of input.cases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'preprocessing', done, total: input.cases.length } });
    await store.prepare(trainCase);
    await breathe();
    if (port.stop.aborted) return { stopped: true };
  }
  const trainCases = input.cases.filter(({ role }) => role === 'train');
  await requireForeground(trainCases, store);
  port.tell({ type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } });
  const spec = trainingSpec(input, plan, configuration);
  const engine = await factory.createTraining(spec, input.seed);
  try {
    const sampler = new PatchSampler(store.trainingCases(trainCases), { patch: spec.patch, batchSize: spec.batchSize, channels: plan.channels.length }, input.seed);
    const start = await startState(input, engine, sampler);
    const state = await runTrainLoop(engine, sampler, loopSpec(input, plan, trainCases.length, spec.batchSize), start, loopHooks(input, port, engine, plan, configuration, store));
    return { epoch: state.epoch, step: state.step, elapsedSeconds: state.elapsedMs / 1000, bestDice: state.bestDice };
  } finally {
    engine.dispose();
  }
}

/** A resumed run keeps its plan, a warm start takes its parent's, everything else is planned from the training cases. */
async function choosePlan(input: TrainTask, port: JobPort): Promise<Plan> {
  const from = input.resume && (await hasCheckpoint(input.runFolder, 'latest')) ? input.runFolder : input.parentRunFolder;
  if (from) {
    const plan = await readPlan(from);
    const detail = legendMismatch(plan, input.legend);
    if (detail) throw new AppException({ code: 'train/incompatible-parent', runId: input.runId, detail });
    await writePlan(input.runFolder, plan);
    return plan;
  }
  const trainCases = input.cases.filter(({ role }) => role === 'train');
  const samples = intensitySamplesPerCase(trainCases.length);
  const fingerprints = [];
  for (const [done, { image, labelFile }] of trainCases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'fingerprint', done, total: trainCases.length } });
    fingerprints.push(fingerprintCase(await readStoredImage(image), (await readLabelmap(labelFile)).voxels, samples));
    await breathe();
  }
  const fingerprint = fingerprintDataset(fingerprints);
  await writeFingerprint(input.runFolder, fingerprint);
  const plan = planExperiment({ fingerprint, channelNames: trainCases[0]!.image.channelNames, legend: input.legend, preset: input.preset });
  await writePlan(input.runFolder, plan);
  return plan;
}

async function requireForeground(trainCases: readonly TrainCase[], store: PreprocessedStore): Promise<void> {
  for (const trainCase of trainCases) {
    if ((await store.load(trainCase)).locations.some((list) => list.length > 0)) return;
  }
  throw new AppException({ code: 'train/no-foreground' });
}

function trainingSpec(input: TrainTask, plan: Plan, configuration: PlanConfiguration): TrainingSpec {
  return {
    network: networkOf(plan, configuration),
    patch: configuration.patch,
    batchSize: input.batchSize ?? configuration.batchSize,
    deepSupervisionWeights: configuration.deepSupervisionWeights,
    batchDice: configuration.batchDice,
    diceIncludesBackground: false,
    diceSmooth: 1e-5,
    supervision: 'subsampledLabels',
    regions: null,
    ignoreClass: null,
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 3e-5, clipNorm: 12 },
    emaDecay: 0,
    precision: input.amp === 'bf16' ? 'bfloat16' : 'float32',
    xla: false,
  };
}

function loopSpec(input: TrainTask, plan: Plan, caseCount: number, batchSize: number) {
  const stepsPerEpoch = input.stepsPerEpoch ?? defaultStepsPerEpoch(caseCount, batchSize);
  const base = input.learningRate ?? LEARNING_RATE[input.preset] * (input.parentRunFolder ? WARM_START_PART : 1);
  return {
    budget: {
      totalSteps: input.epochs === undefined ? undefined : input.epochs * stepsPerEpoch,
      totalMs: input.minutes === undefined ? undefined : input.minutes * 60_000,
    },
    stepsPerEpoch,
    learningRate: base,
    classNames: plan.classes.map(({ name }) => name),
  };
}

async function startState(input: TrainTask, engine: TrainingEngine, sampler: PatchSampler): Promise<LoopState> {
  if (input.resume && (await hasCheckpoint(input.runFolder, 'latest'))) {
    const { about, arrays } = await readCheckpoint(input.runFolder, 'latest');
    engine.writeState(arrays);
    return about.loop;
  }
  if (input.parentRunFolder) engine.writeWeights((await readModel(input.parentRunFolder)).weights);
  return freshLoopState(sampler);
}

function loopHooks(
  input: TrainTask,
  port: JobPort,
  engine: TrainingEngine,
  plan: Plan,
  configuration: PlanConfiguration,
  store: PreprocessedStore,
): TrainLoopHooks {
  const names = plan.classes.map(({ name }) => name);
  const tellItem = (item: TaskItem): void => port.tell({ type: 'item', item });
  const validation = input.cases.filter(({ role }) => role === 'validation');
  return {
    port: {
      stop: port.stop,
      tell(news) {
        port.tell(news);
        // a metric that cannot be kept is worth a line, not the training
        if (news.type === 'metric') appendMetric(input.runFolder, news.metric).catch((thrown: unknown) => port.tell({ type: 'problem', error: toAppError(thrown, input.runFolder) }));
      },
    },
    now: () => performance.now(),
    breathe,
    validate: () => validate(validation, port, engine, plan, configuration, store),
    async save(loop, isBest, summary) {
      const about = { version: 1 as const, configuration: input.configuration, loop };
      await writeCheckpoint(input.runFolder, 'latest', about, engine.readState());
      if (isBest) await writeCheckpoint(input.runFolder, 'best', about, engine.readWeights());
      const perLabel = (summary?.perClass ?? []).flatMap((value, index) => (Number.isNaN(value) ? [] : [[names[index]!, value] as const]));
      tellItem({
        kind: 'checkpoint', epoch: loop.epoch, step: loop.step, elapsedSeconds: loop.elapsedMs / 1000, isBest,
        validationDice: summary && !Number.isNaN(summary.mean) ? summary.mean : undefined,
        validationDicePerLabel: summary ? Object.fromEntries(perLabel) : undefined,
      });
    },
  };
}

/** Dice on the stored grid, which is the source's with its axes turned: original voxel space. */
async function validate(
  cases: readonly TrainCase[],
  port: JobPort,
  engine: TrainingEngine,
  plan: Plan,
  configuration: PlanConfiguration,
  store: PreprocessedStore,
): Promise<DiceSummary | null> {
  const dice: number[][] = [];
  for (const [done, validationCase] of cases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'validating', done, total: cases.length } });
    const stored = await store.load(validationCase);
    const { geometry } = stored;
    const image = await stored.readImage();
    const hooks = { predict: (patch: Float32Array) => engine.predict(patch), mayGoOn: () => breathe().then(() => !port.stop.aborted) };
    const predicted = await predictClasses(image, geometry, plan, configuration, false, hooks);
    if (!predicted) return null;
    const truth = classesOfLabels((await readLabelmap(validationCase.labelFile)).voxels, plan);
    if (truth.ok) dice.push(dicePerClass(predicted, truth.classes, plan.classes.length + 1));
  }
  return summarizeDice(dice);
}
