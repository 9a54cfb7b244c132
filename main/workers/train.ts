/** One training from the project's files to checkpoints: fingerprint → plan → preprocess → train loop → final validation. */
import { mkdir } from 'node:fs/promises';
import type { EngineFactory, TrainingEngine, TrainingSpec } from '../../models/engine.ts';
import { AppException, err, ok, toAppError } from '../contract/errors.ts';
import type { Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TaskItem, TrainCase, TrainTask } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import type { DiceSummary } from '../nnunet/metrics/diceOfCases.ts';
import type { BatchSource, SamplerSpec } from '../nnunet/train/patches.ts';
import { patchDhw } from '../nnunet/patchWindow.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import { ignoringUnknown, planLabels } from '../nnunet/plan/planLabels.ts';
import { CascadeSource, joinBase } from '../nnunet/previousStage.ts';
import { samplerSpecFor } from '../nnunet/train/samplerSpec.ts';
import { sharedOutputs, withSharedHead } from '../nnunet/train/headTransfer.ts';
import { freshLoopState, runTrainLoop, stopReasonOf } from '../nnunet/train/trainLoop.ts';
import type { LoopState, TrainLoopHooks, TrainLoopSpec } from '../nnunet/train/trainLoop.ts';
import { CourseRecord } from '../nnunet/train/trainingCourse.ts';
import type { TrainingCourse } from '../nnunet/train/trainingCourse.ts';
import { stepsOfEpoch } from '../nnunet/train/trainingSchedule.ts';
import { planWith, planWithPatch } from '../nnunet/train/trainingSpec.ts';
import { openBatches } from './batchesAhead.ts';
import { readCourse, writeCourse } from './courseFile.ts';
import { withHardwareUse } from './hardwareUse.ts';
import { PausableClock } from './pausableClock.ts';
import { preprocessCases } from './prepareCases.ts';
import { FilmMaker } from './predictionFilm.ts';
import { PreprocessedStore, legendMismatch } from './preprocessedStore.ts';
import { hasCheckpoint, modelKind, readCheckpoint, readModel, readPlan, writeCheckpoint, writeEpochWeights, writeFingerprint, writePlan } from './runFiles.ts';
import { casesPerEpoch, mixOfRetraining } from './retraining.ts';
import { RunLog } from './runLog.ts';
import { environmentOf, inputDifferences, readInputs, trainingInputs, writeInputs } from './trainingInputs.ts';
import { outOfMemory, settleTraining } from './trainingFit.ts';
import type { SettledTraining } from './trainingFit.ts';
import { hasUnknown, planFromCases, requireForeground } from './trainingSetup.ts';
import { validateCases, validateForGood } from './validation.ts';
import type { Validated } from './validation.ts';

/** The summary tells `epoch`, `step`, `elapsedSeconds`, `bestDice` (null without validation), `skippedSteps`, `stoppedEarly`, `stopReason` (null when told to stop). */
export async function runTrain(input: TrainTask, port: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  try {
    return ok(await train(input, port, factory));
  } catch (thrown) {
    return err(toAppError(thrown, input.runFolder));
  }
}

async function train(asked: TrainTask, host: JobPort, factory: EngineFactory): Promise<Record<string, unknown>> {
  const clock = new PausableClock(host);
  const port = withHardwareUse({ ...host, tell: clock.tell });
  await mkdir(asked.runFolder, { recursive: true });
  if (!(await recordInputs(asked, port, factory))) return { stopped: true };
  const chosen = await choosePlan(asked, port);
  if (!chosen) return { stopped: true };
  const settled = await settleTraining(asked, chosen, factory, port);
  try {
    return await trainSettled(settled, clock, port, factory);
  } catch (thrown) {
    const exhausted = outOfMemory(thrown, settled.spec);
    throw exhausted ? new AppException(exhausted) : thrown;
  }
}

async function trainSettled(
  { input, plan, configuration, spec, precisionReason }: SettledTraining,
  clock: PausableClock,
  port: JobPort,
  factory: EngineFactory,
): Promise<Record<string, unknown>> {
  const repeated = input.repeatedRunFolder === undefined ? null : await readCourse(input.repeatedRunFolder);
  const store = new PreprocessedStore(input.preprocessedFolder, plan, configuration);
  if (!(await preprocessCases(store, input.cases, port))) return { stopped: true };
  const trainCases = input.cases.filter(({ role }) => role === 'train');
  await requireForeground(trainCases, store);
  port.tell({ type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } });
  const engine = await factory.createTraining(spec, input.seed);
  let batches: ReturnType<typeof openBatches> | null = null;
  try {
    const mix = await mixOfRetraining(input, trainCases, store, port);
    const samplerSpec = samplerSpecFor({ ...input.recipe, preset: input.preset, patch: spec.patch, batchSize: spec.batchSize, plan, mix });
    const isCascade = configuration.previousStage !== null;
    // the joined labels of a cascade need 16 bits
    const drawn: SamplerSpec = isCascade ? { ...samplerSpec, bytesPerLabel: 2 } : samplerSpec;
    batches = openBatches({ preprocessedFolder: input.preprocessedFolder, plan, configuration, cases: trainCases, spec: drawn }, input.seed);
    const cascade = { patch: patchDhw(spec.patch), channels: plan.channels.length, classCount: plan.classes.length, joinBase: joinBase(plan) };
    const source = isCascade ? new CascadeSource(batches.source, cascade) : batches.source;
    const start = await startState(input, engine, source);
    const loop = loopSpec(input, plan, casesPerEpoch(trainCases, mix), spec.batchSize, repeated);
    const course = new CourseRecord(start.step > 0 ? await readCourse(input.runFolder) : null, start.step);
    const log = await openLog(input, port, spec, precisionReason, loop, start);
    const validation = input.cases.filter(({ role }) => role === 'validation');
    const validated: Validated = { cases: validation, plan, configuration, store, mirror: input.recipe.tta, mayGoOn: clock.mayGoOn };
    const film = await filmOf(input, plan, port);
    const hooks = loopHooks(input, port, engine, log, validated, clock, course, film);
    const state = await runTrainLoop(engine, source, loop, start, hooks);
    await writeCourse(input.runFolder, course.course);
    const finalDice = port.stop.aborted ? null : await finish(input, port, engine, state, validated);
    await log.closed();
    const stopReason = port.stop.aborted ? null : stopReasonOf(loop, state);
    return {
      epoch: state.epoch,
      step: state.step,
      elapsedSeconds: state.elapsedMs / 1000,
      bestDice: state.bestDice,
      finalDice,
      skippedSteps: state.skippedSteps,
      stoppedEarly: stopReason === 'patience' || stopReason === 'converged',
      stopReason,
    };
  } finally {
    await batches?.close();
    engine.dispose();
  }
}

/** Before anything is learnt; of a repetition, against what the other read. False when told to stop. Throws `train/cannot-repeat`. */
async function recordInputs(input: TrainTask, port: JobPort, factory: EngineFactory): Promise<boolean> {
  const { runId, runFolder, repeatedRunFolder } = input;
  port.tell({ type: 'progress', progress: { phase: 'reading', done: 0, total: 1 } });
  const inputs = await trainingInputs(input, environmentOf(factory.version, factory.device), repeatedRunFolder !== undefined, port.stop);
  if (!inputs) return false;
  const before = repeatedRunFolder === undefined ? null : await readInputs(repeatedRunFolder);
  const differences = before ? inputDifferences(before, inputs) : [];
  if (differences.length > 0) throw new AppException({ code: 'train/cannot-repeat', runId, differences });
  await writeInputs(runFolder, inputs);
  return true;
}

/** A resumed run keeps its plan, a warm start takes its parent's, everything else is planned from the training cases. Null when told to stop. */
async function choosePlan(input: TrainTask, port: JobPort): Promise<Plan | null> {
  const from = input.resume && (await hasCheckpoint(input.runFolder, 'latest')) ? input.runFolder : input.parentRunFolder;
  if (from) {
    const plan = await readPlan(from);
    const current = planForLegend(plan, input, from === input.runFolder);
    const usable = planWithPatch(input.recipe, hasUnknown(input.cases) ? ignoringUnknown(current) : current, input.configuration);
    await writePlan(input.runFolder, usable);
    return usable;
  }
  const planned = await planFromCases(
    input,
    input.cases.filter(({ role }) => role === 'train'),
    port,
  );
  if (!planned) return null;
  const { plan, fingerprint } = planned;
  const changed = planWith(input.recipe, plan, input.configuration);
  await writeFingerprint(input.runFolder, fingerprint);
  await writePlan(input.runFolder, changed);
  return changed;
}

/** The parent's plan with the project's labels. Throws `train/incompatible-parent` where they need another body, or the run goes on. */
function planForLegend(plan: Plan, { legend, labelRules, configuration, runId }: TrainTask, isResumed: boolean): Plan {
  const detail = legendMismatch(plan, legend);
  if (!detail) return plan;
  // a cascade reads the classes of its first stage
  if (isResumed || configurationOf(plan, configuration).previousStage !== null) throw new AppException({ code: 'train/incompatible-parent', runId, detail });
  return { ...plan, ...planLabels(legend, labelRules, plan.ignoreClass !== null) };
}

function loopSpec({ recipe, epochs, minutes }: TrainTask, plan: Plan, caseCount: number, batchSize: number, repeated: TrainingCourse | null): TrainLoopSpec {
  const stepsPerEpoch = recipe.stepsPerEpoch ?? stepsOfEpoch(caseCount, batchSize, recipe.patchesPerCase);
  return {
    budget: repeated
      ? { totalSteps: repeated.rates.length }
      : { totalSteps: epochs === undefined ? undefined : epochs * stepsPerEpoch, totalMs: minutes === undefined ? undefined : minutes * 60_000 },
    stepsPerEpoch,
    schedule: recipe,
    skipEval: recipe.skipEval,
    // a repetition ends where the other ended, whatever made it end
    patience: repeated ? null : recipe.patience,
    convergedAfter: repeated ? null : recipe.convergedAfter,
    repeated: repeated ?? undefined,
    saveIntervalMs: recipe.saveIntervalSeconds * 1000,
    classNames: plan.classes.map(({ name }) => name),
  };
}

async function startState(input: TrainTask, engine: TrainingEngine, sampler: BatchSource): Promise<LoopState> {
  if (input.resume && (await hasCheckpoint(input.runFolder, 'latest'))) {
    const { about, arrays } = await readCheckpoint(input.runFolder, 'latest');
    engine.writeState(arrays);
    return about.loop;
  }
  if (input.parentRunFolder) await warmStart(engine, input.parentRunFolder, input);
  return freshLoopState(sampler);
}

/**
 * Heads that the parent did not train (without deep supervision it has one) stay as they were made, and so do outputs of
 * classes that it does not know: a new head on a warm body.
 */
async function warmStart(engine: TrainingEngine, parentRunFolder: string, { runId, runFolder }: TrainTask): Promise<void> {
  const { weights, plan } = await readModel(parentRunFolder);
  const shared = sharedOutputs(plan, await readPlan(runFolder));
  const known = new Map(weights.map((array) => [array.name, array]));
  const own = engine.readWeights();
  const missing = own.find(({ name }) => !known.has(name) && !name.startsWith('head.'));
  if (missing) throw new AppException({ code: 'train/incompatible-parent', runId, detail: `it has no '${missing.name}'` });
  engine.writeWeights(
    own.map((array) => {
      const trained = known.get(array.name);
      return trained && array.name.startsWith('head.') ? withSharedHead(array, trained, shared) : (trained ?? array);
    }),
  );
}

function openLog(
  { runId, runFolder, configuration, fold, recipe, cases }: TrainTask,
  port: JobPort,
  spec: TrainingSpec,
  precisionReason: string,
  loop: TrainLoopSpec,
  start: LoopState,
): Promise<RunLog> {
  const count = (role: 'train' | 'validation') => cases.filter((one) => one.role === role).length;
  const header = {
    runId,
    configuration,
    fold,
    firstStep: start.step,
    trainCaseCount: count('train'),
    validationCaseCount: count('validation'),
    patch: spec.patch,
    batchSize: spec.batchSize,
    stepsPerEpoch: loop.stepsPerEpoch,
    precision: spec.precision,
    precisionReason,
    recipe,
  };
  return RunLog.open(runFolder, header, (thrown) => port.tell({ type: 'problem', error: toAppError(thrown, runFolder) }));
}

function loopHooks(
  input: TrainTask,
  port: JobPort,
  engine: TrainingEngine,
  log: RunLog,
  validated: Validated,
  clock: PausableClock,
  course: CourseRecord,
  film: OnValidated,
): TrainLoopHooks {
  const { recipe, runFolder, configuration } = input;
  const about = (loop: LoopState) => ({ version: 1 as const, configuration, loop });
  return {
    port: {
      stop: port.stop,
      tell(news) {
        port.tell(news);
        if (news.type === 'metric') log.metric(news.metric);
      },
    },
    now: clock.now,
    async breathe() {
      await clock.mayGoOn();
    },
    stepDone: (learningRate, loss) => course.step(learningRate, loss),
    validated: (step) => course.validated(step),
    validate: (state) => withAverage(engine, recipe.ema, () => validateCases(validated, engine, port, (one, classes, dice) => film(state, one, classes, dice))),
    async save(loop, isBest, summary) {
      if (recipe.ckptStrategy !== 'none') {
        await writeCourse(runFolder, course.course);
        await writeCheckpoint(runFolder, 'latest', about(loop), engine.readState());
      }
      if (isBest && recipe.ckptStrategy === 'last_and_best') await writeCheckpoint(runFolder, 'best', about(loop), engine.readWeights('average'));
      tellCheckpoint(input, port, validated.plan, loop, isBest, summary);
    },
    async epochEnded(loop) {
      if (recipe.saveEvery !== null && loop.epoch % recipe.saveEvery === 0) await writeEpochWeights(runFolder, about(loop), engine.readWeights('average'));
    },
  };
}

type OnValidated = (state: LoopState, one: TrainCase, classes: LabelArray, dice: readonly number[]) => Promise<void>;

/** Takes a picture of the first validation case. A picture that fails is told, and is the last one: it is not worth a training. */
async function filmOf({ runFolder, legend }: TrainTask, plan: Plan, port: JobPort): Promise<OnValidated> {
  let maker: FilmMaker | null = null;
  let filmed: CaseId | null = null;
  const giveUp = (thrown: unknown): void => {
    maker = null;
    port.tell({ type: 'problem', error: toAppError(thrown, runFolder) });
  };
  await FilmMaker.open(runFolder, plan, legend).then((opened) => (maker = opened), giveUp);
  return async ({ step, epoch, elapsedMs }, one, classes, dice) => {
    filmed ??= one.caseId;
    if (one.caseId === filmed) await maker?.add(one, classes, dice, { step, epoch, elapsedSeconds: elapsedMs / 1000 }).catch(giveUp);
  };
}

function tellCheckpoint({ recipe }: TrainTask, port: JobPort, plan: Plan, loop: LoopState, isBest: boolean, summary: DiceSummary | null): void {
  const perLabel = (summary?.perClass ?? []).flatMap((value, index) => (Number.isNaN(value) ? [] : [[plan.classes[index]!.name, value] as const]));
  const item: TaskItem = {
    kind: 'checkpoint',
    epoch: loop.epoch,
    step: loop.step,
    elapsedSeconds: loop.elapsedMs / 1000,
    isBest,
    isKept: recipe.ckptStrategy !== 'none',
    validationDice: summary && !Number.isNaN(summary.mean) ? summary.mean : undefined,
    validationDicePerLabel: summary ? Object.fromEntries(perLabel) : undefined,
  };
  port.tell({ type: 'item', item });
}

/** Runs `action` with the averaged weights in place; afterwards everything is as before, bit for bit. */
async function withAverage<T>(engine: TrainingEngine, emaDecay: number, action: () => Promise<T>): Promise<T> {
  if (emaDecay === 0) return action();
  const state = engine.readState();
  engine.writeWeights(engine.readWeights('average'));
  try {
    return await action();
  } finally {
    engine.writeState(state);
  }
}

/**
 * Settles which weights are the model and validates them once more, keeping what they predict. Returns their Dice, null
 * without validation cases.
 */
async function finish(input: TrainTask, port: JobPort, engine: TrainingEngine, loop: LoopState, validated: Validated): Promise<number | null> {
  if (input.recipe.ckptStrategy === 'none') return null;
  if (!(await hasCheckpoint(input.runFolder, 'best'))) {
    const about = { version: 1 as const, configuration: input.configuration, loop };
    await writeCheckpoint(input.runFolder, 'final', about, engine.readWeights('average'));
  }
  if (validated.cases.length === 0) return null;
  const kind = await modelKind(input.runFolder);
  engine.writeWeights((await readCheckpoint(input.runFolder, kind)).arrays);
  const summary = await validateForGood(validated, engine, port, input.runFolder, kind);
  if (summary) tellCheckpoint(input, port, validated.plan, loop, false, summary);
  return summary && !Number.isNaN(summary.mean) ? summary.mean : null;
}
