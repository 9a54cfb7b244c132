/** The training, top to bottom. What varies comes in as an argument; the state is plain data, so a checkpoint is the state. */
import { z } from 'zod';
import type { TrainingEngine } from '../../../models/engine.ts';
import { AppException } from '../../contract/errors.ts';
import type { JobPort } from '../../contract/jobPort.ts';
import type { Metric } from '../../contract/jobs.ts';
import type { DiceSummary } from '../metrics/diceOfCases.ts';
import { EpochRecord, hasConverged } from './convergence.ts';
import type { BatchSource } from './patches.ts';
import { RandomState } from '../random.ts';
import { TrainReports } from './trainReports.ts';
import { budgetUsed, learningRateAt, secondsLeft } from './trainingSchedule.ts';
import type { TrainingCourse } from './trainingCourse.ts';
import type { LearningRateSchedule, TrainingBudget } from './trainingSchedule.ts';

export const LoopState = z.object({
  step: z.int().nonnegative(),
  /** Finished epochs. */
  epoch: z.int().nonnegative(),
  /** Wall time inside the loop, over all sessions of this run. */
  elapsedMs: z.number().nonnegative(),
  validationMs: z.number().nonnegative(),
  bestDice: z.number().nullable(),
  /** Validations since the best one. */
  validationsWithoutGain: z.int().nonnegative().default(0),
  /** Updates that were skipped because loss or gradient was not finite: in a row, and in all. */
  skippedInRow: z.int().nonnegative(),
  skippedSteps: z.int().nonnegative().default(0),
  /** The last epochs, as many as `convergedAfter` looks back on; absent where nothing asks. */
  recentEpochs: z.array(EpochRecord).optional(),
  random: RandomState,
});
export type LoopState = z.infer<typeof LoopState>;

export interface TrainLoopSpec {
  readonly budget: TrainingBudget;
  readonly stepsPerEpoch: number;
  readonly schedule: LearningRateSchedule;
  /** No validation in the first so many epochs; the last one is always done. */
  readonly skipEval: number;
  /** Ends after so many validations without a better one; `null` = never. */
  readonly patience: number | null;
  /** Ends when so many epochs brought nothing over as many before (`hasConverged`); `null` = never. */
  readonly convergedAfter?: number | null | undefined;
  readonly saveIntervalMs: number;
  /** Names of classes 1 …, for the metrics. */
  readonly classNames: readonly string[];
  /** Of the training that this one repeats: its rates and the times of its validations are taken, whatever the clock says. */
  readonly repeated?: TrainingCourse | undefined;
}

export interface TrainLoopHooks {
  readonly port: JobPort;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Lets messages of the host arrive: a step blocks the thread. */
  breathe(): Promise<void>;
  /** Dice of whole validation cases in original space; null when told to stop. */
  validate(state: LoopState): Promise<DiceSummary | null>;
  /** `isBest`: the weights are the best so far and should be kept apart. `validation` is that of this very moment. */
  save(state: LoopState, isBest: boolean, validation: DiceSummary | null): Promise<void>;
  /** Each step as it went, and the steps after which it was validated on the way. */
  stepDone?(learningRate: number, loss: number): void;
  validated?(step: number): void;
  /** At the end of every epoch, before its validation. */
  epochEnded(state: LoopState): Promise<void>;
}

const MOST_SKIPPED_IN_ROW = 20;
/** Validation may take this part of the time; the last one is always done. */
const VALIDATION_PART = 0.12;

export const freshLoopState = (sampler: BatchSource): LoopState => ({
  step: 0,
  epoch: 0,
  elapsedMs: 0,
  validationMs: 0,
  bestDice: null,
  validationsWithoutGain: 0,
  skippedInRow: 0,
  skippedSteps: 0,
  random: sampler.state,
});

/** Trains until `stopReasonOf` names a reason; every end is a saved state. Throws `train/diverged`. */
export async function runTrainLoop(
  engine: TrainingEngine,
  sampler: BatchSource,
  spec: TrainLoopSpec,
  start: LoopState,
  hooks: TrainLoopHooks,
): Promise<LoopState> {
  const { budget, stepsPerEpoch } = spec;
  const { port } = hooks;
  const before = start.elapsedMs;
  const began = hooks.now();
  const elapsed = (): number => before + hooks.now() - began;
  const reports = new TrainReports(port, stepsPerEpoch);
  let state = start;
  let lastSavedMs = began;
  let lastValidationMs = 0;
  let hasValidated = false;
  sampler.restore(start.random);

  while (!port.stop.aborted && stopReasonOf(spec, state, elapsed()) === null) {
    const learningRate = spec.repeated?.rates[state.step] ?? learningRateAt(spec.schedule, budgetUsed(budget, state.step, elapsed()), state.step);
    const drawBegan = hooks.now();
    await sampler.draw();
    const stepBegan = hooks.now();
    const result = engine.step(sampler.images, sampler.labels, learningRate);
    const times = { waitMs: stepBegan - drawBegan, stepMs: hooks.now() - stepBegan };
    hooks.stepDone?.(learningRate, result.loss);
    await hooks.breathe();
    state = afterStep(state, result.skipped, elapsed(), sampler.state);
    hasValidated = false;
    if (state.skippedInRow >= MOST_SKIPPED_IN_ROW) throw new AppException({ code: 'train/diverged', step: state.step });
    const epoch = state.epoch + 1;
    reports.step(result, times, { ...state, epoch });
    port.tell({ type: 'progress', progress: progressOf(budget, state, elapsed()) });
    if (state.step % stepsPerEpoch !== 0) continue;

    state = withEpoch({ ...state, epoch }, reports.takeMeanLoss(), spec);
    reports.learningRate(learningRate, state);
    reports.epoch(state);
    await hooks.epochEnded(state);
    const affordable = state.validationMs + lastValidationMs <= VALIDATION_PART * elapsed();
    const isLast = budgetUsed(budget, state.step, elapsed()) >= 1;
    const isTime = spec.repeated?.validatedSteps.includes(state.step) ?? ((affordable || epoch === spec.skipEval + 1) && epoch > spec.skipEval && !isLast);
    if (isTime && !port.stop.aborted) {
      hooks.validated?.(state.step);
      const validationBegan = hooks.now();
      state = await validateAndSave(state, spec, hooks);
      hasValidated = true;
      lastValidationMs = hooks.now() - validationBegan;
      state = { ...state, validationMs: state.validationMs + lastValidationMs, elapsedMs: elapsed() };
      lastSavedMs = hooks.now();
    } else if (hooks.now() - lastSavedMs > spec.saveIntervalMs) {
      await hooks.save(state, false, null);
      lastSavedMs = hooks.now();
    }
  }
  if (state.step % stepsPerEpoch !== 0) reports.epoch({ ...state, epoch: state.epoch + 1 });
  if (port.stop.aborted) await hooks.save(state, false, null);
  else if (!hasValidated) state = await validateAndSave({ ...state, elapsedMs: elapsed() }, spec, hooks);
  return state;
}

export type StopReason = 'budget' | 'patience' | 'converged';

/** Why a training ends here by itself; null while it goes on. */
export function stopReasonOf({ budget, patience, convergedAfter }: TrainLoopSpec, state: LoopState, elapsedMs = state.elapsedMs): StopReason | null {
  if (budgetUsed(budget, state.step, elapsedMs) >= 1) return 'budget';
  if (patience !== null && state.validationsWithoutGain >= patience) return 'patience';
  return convergedAfter && hasConverged(state.recentEpochs ?? [], convergedAfter) ? 'converged' : null;
}

function withEpoch(state: LoopState, loss: number | null, { convergedAfter }: TrainLoopSpec): LoopState {
  if (!convergedAfter) return state;
  return { ...state, recentEpochs: [...(state.recentEpochs ?? []), { loss, dice: null }].slice(-2 * convergedAfter) };
}

function afterStep(state: LoopState, skipped: boolean, elapsedMs: number, random: RandomState): LoopState {
  const skippedInRow = skipped ? state.skippedInRow + 1 : 0;
  return { ...state, step: state.step + 1, elapsedMs, skippedInRow, skippedSteps: state.skippedSteps + (skipped ? 1 : 0), random };
}

async function validateAndSave(state: LoopState, spec: TrainLoopSpec, hooks: TrainLoopHooks): Promise<LoopState> {
  const summary = await hooks.validate(state);
  if (summary) {
    for (const metric of diceMetrics(summary, state, spec.classNames)) hooks.port.tell({ type: 'metric', metric });
  }
  const dice = summary && !Number.isNaN(summary.mean) ? summary.mean : null;
  const isBest = dice !== null && (state.bestDice === null || dice > state.bestDice);
  const withoutGain = isBest ? 0 : state.validationsWithoutGain + (dice === null ? 0 : 1);
  const recent = state.recentEpochs?.map((epoch, n, all) => (n === all.length - 1 ? { ...epoch, dice } : epoch));
  const next = { ...state, bestDice: isBest ? dice : state.bestDice, validationsWithoutGain: withoutGain, ...(recent && { recentEpochs: recent }) };
  await hooks.save(next, isBest, summary);
  return next;
}

function diceMetrics({ mean, perClass }: DiceSummary, { epoch, step }: LoopState, names: readonly string[]): Metric[] {
  const metric = (value: number, label?: string): Metric => ({ name: 'valDice', epoch: Math.max(1, epoch), step, value, label });
  return [metric(mean), ...perClass.map((value, index) => metric(value, names[index]))].filter(({ value }) => !Number.isNaN(value));
}

function progressOf(budget: TrainingBudget, { step }: LoopState, elapsedMs: number) {
  const used = budgetUsed(budget, step, elapsedMs);
  return { phase: 'training' as const, done: used, total: 1, secondsLeft: secondsLeft(used, elapsedMs) };
}
