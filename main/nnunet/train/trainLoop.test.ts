import { describe, expect, it } from 'vitest';
import type { TrainingEngine } from '../../../models/engine.ts';
import type { JobNews, Metric } from '../../contract/jobs.ts';
import type { DiceSummary } from '../metrics/diceOfCases.ts';
import { PatchSampler } from './patches.ts';
import { samplerSpecFor } from './samplerSpec.ts';
import { memoryCase } from '../testing/memoryCase.ts';
import { freshLoopState, runTrainLoop, stopReasonOf } from './trainLoop.ts';
import type { LoopState, TrainLoopHooks } from './trainLoop.ts';

const volume = memoryCase({
  shapeDhw: [4, 4, 4] as const,
  image: Float32Array.from({ length: 64 }, (_, i) => i),
  classes: Uint8Array.from({ length: 64 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
  locations: [new Uint32Array(0), Uint32Array.of(0, 5, 10)],
});
const sampler = () =>
  new PatchSampler(
    { weights: [1, 3], load: () => Promise.resolve(volume) },
    samplerSpecFor({
      preset: 'v2',
      patch: [2, 2, 2],
      batchSize: 2,
      plan: { channels: [{ insideMaskOnly: false }], classes: { length: 1 }, ignoreClass: null },
      oversampling: 0.33,
      nvol: 2,
    }),
    7,
  );
const schedule = { learningRate: 1e-3, scheduler: 'poly', endLearningRate: 0, firstCycleSteps: null, warmUp: 0.05 } as const;
const spec = { budget: { totalSteps: 20 }, stepsPerEpoch: 5, schedule, skipEval: 0, patience: null, saveIntervalMs: 60_000, classNames: ['lesion'] };

/** Notes what it was fed; the loop cannot tell it from a network. */
class RecordingEngine implements TrainingEngine {
  readonly fed: string[] = [];
  readonly rates: number[] = [];
  gradientNorm: (step: number) => number = () => 1;
  step(images: Float32Array, labels: Uint8Array, learningRate: number) {
    this.fed.push(`${images.join()}|${labels.join()}`);
    this.rates.push(learningRate);
    const gradientNorm = this.gradientNorm(this.fed.length);
    return { loss: 1 / this.fed.length, gradientNorm, skipped: !Number.isFinite(gradientNorm), lossScale: 1 };
  }
  predict = (image: Float32Array) => image;
  readWeights = () => [];
  writeWeights = () => undefined;
  readState = () => [];
  writeState = () => undefined;
  dispose = () => undefined;
}

function hooks(options: { dice?: number[]; stopAfter?: number } = {}) {
  const news: JobNews[] = [];
  const saved: { state: LoopState; isBest: boolean; validation: DiceSummary | null }[] = [];
  const epochs: number[] = [];
  const stop = { aborted: false };
  let time = 0;
  let steps = 0;
  const dice = [...(options.dice ?? [])];
  const made: TrainLoopHooks = {
    port: { tell: (entry) => news.push(entry), stop },
    now: () => (time += 10),
    breathe: async () => {
      if (++steps === options.stopAfter) stop.aborted = true;
    },
    validate: () => Promise.resolve({ mean: dice[0] ?? 0.5, perClass: [dice.shift() ?? 0.5] }),
    save: async (state, isBest, validation) => void saved.push({ state, isBest, validation }),
    epochEnded: async ({ epoch }) => void epochs.push(epoch),
  };
  const metrics = (name: Metric['name']) =>
    news.flatMap((entry) => (entry.type === 'metric' && entry.metric.name === name && entry.metric.label === undefined ? [entry.metric] : []));
  return { made, news, saved, epochs, metrics };
}

describe('runTrainLoop', () => {
  it('does every step of the budget, validates, and ends with a saved state', async () => {
    const engine = new RecordingEngine();
    const { made, news, saved } = hooks({ dice: [0.2, 0.6, 0.4, 0.5, 0.5] });
    const patches = sampler();
    const end = await runTrainLoop(engine, patches, spec, freshLoopState(patches), made);
    expect(end).toMatchObject({ step: 20, epoch: 4 });
    expect(engine.fed).toHaveLength(20);
    expect(engine.rates.at(-1)!).toBeLessThan(engine.rates[2]!);
    expect(saved.at(-1)!.state.step).toBe(20);
    expect(saved[0]!.isBest).toBe(true);
    expect(news.filter((n) => n.type === 'metric' && n.metric.name === 'valDice' && n.metric.label === 'lesion').length).toBe(
      saved.filter((s) => s.validation).length,
    );
    expect(news.some((n) => n.type === 'progress' && n.progress.secondsLeft !== undefined)).toBe(true);
  });

  it('goes on after a stop exactly where it was', async () => {
    const whole = new RecordingEngine();
    const a = sampler();
    await runTrainLoop(whole, a, spec, freshLoopState(a), hooks().made);

    const parts = new RecordingEngine();
    const first = hooks({ stopAfter: 7 });
    const b = sampler();
    const stopped = await runTrainLoop(parts, b, spec, freshLoopState(b), first.made);
    expect(stopped.step).toBe(7);
    expect(first.saved.at(-1)!.state).toEqual(stopped);
    const end = await runTrainLoop(parts, sampler(), spec, stopped, hooks().made);
    expect(end.step).toBe(20);
    expect(parts.fed).toEqual(whole.fed);
    expect(parts.rates).toEqual(whole.rates);
  });

  it('gives up after twenty updates in a row without a finite gradient, not after scattered ones', async () => {
    const scattered = new RecordingEngine();
    scattered.gradientNorm = (step) => (step % 2 ? NaN : 1);
    const a = sampler();
    await expect(runTrainLoop(scattered, a, spec, freshLoopState(a), hooks().made)).resolves.toMatchObject({ step: 20 });
    const lost = new RecordingEngine();
    lost.gradientNorm = () => Infinity;
    const b = sampler();
    const long = { ...spec, budget: { totalSteps: 100 } };
    await expect(runTrainLoop(lost, b, long, freshLoopState(b), hooks().made)).rejects.toMatchObject({ error: { code: 'train/diverged', step: 20 } });
  });

  it('keeps the best and not the last', async () => {
    const { made, saved } = hooks({ dice: [0.7, 0.3, 0.3, 0.3] });
    const patches = sampler();
    const end = await runTrainLoop(new RecordingEngine(), patches, spec, freshLoopState(patches), made);
    expect(end.bestDice).toBe(0.7);
    expect(saved.filter((s) => s.isBest)).toHaveLength(1);
  });

  it('counts skipped updates over the whole run and tells them', async () => {
    const engine = new RecordingEngine();
    engine.gradientNorm = (step) => (step % 4 === 0 ? NaN : step);
    const { made, metrics } = hooks();
    const patches = sampler();
    const end = await runTrainLoop(engine, patches, spec, { ...freshLoopState(patches), skippedSteps: 2 }, made);
    expect(end.skippedSteps).toBe(2 + 5);
    expect(metrics('skippedSteps').map(({ value, epoch }) => [epoch, value])).toEqual([
      [1, 3],
      [2, 4],
      [3, 5],
      [4, 7],
    ]);
    // step 4 of the first epoch has no norm
    expect(metrics('gradientNorm')[0]!.value).toBe((1 + 2 + 3 + 5) / 4);
  });

  it('tells how long a step takes and which part of it is waiting', async () => {
    const { made, metrics, epochs } = hooks();
    const patches = sampler();
    await runTrainLoop(new RecordingEngine(), patches, spec, freshLoopState(patches), made);
    // the clock of the test moves 10 ms at every look: one look around the draw, one around the update
    expect(metrics('secondsPerStep').map(({ value }) => value)).toEqual([0.02, 0.02, 0.02, 0.02].map((value) => expect.closeTo(value, 9)));
    expect(metrics('waitingShare').map(({ value }) => value)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(epochs).toEqual([1, 2, 3, 4]);
    const short = hooks();
    const others = sampler();
    await runTrainLoop(new RecordingEngine(), others, { ...spec, budget: { totalSteps: 3 } }, freshLoopState(others), short.made);
    expect(short.metrics('secondsPerStep')).toMatchObject([{ epoch: 1, step: 3 }]);
    expect(short.epochs).toEqual([]);
  });

  it('stops early when validations bring nothing any more, and not before', async () => {
    const always = { ...spec, budget: { totalSteps: 1000 }, patience: 2 };
    // a clock so slow that every epoch can afford its validation
    const slow = (dice: number[]) => {
      const all = hooks({ dice });
      let time = 0;
      return { ...all, made: { ...all.made, now: () => (time += 1), validate: () => Promise.resolve({ mean: dice[0]!, perClass: [dice.shift()!] }) } };
    };
    const { made, saved } = slow([0.1, 0.5, 0.4, 0.6, 0.6, 0.5, 0.9]);
    const patches = sampler();
    const end = await runTrainLoop(new RecordingEngine(), patches, always, freshLoopState(patches), made);
    expect(end.bestDice).toBe(0.6);
    expect(end.validationsWithoutGain).toBe(2);
    expect(end.step).toBeLessThan(1000);
    expect(saved.filter(({ validation }) => validation)).toHaveLength(6);
  });

  it('stops when it has converged, says why, and remembers its epochs over a stop', async () => {
    const flat = { ...spec, budget: { totalSteps: 1000 }, convergedAfter: 2 };
    const engine = new RecordingEngine();
    engine.gradientNorm = () => 1;
    const noGain = { ...engine, step: (...args: Parameters<RecordingEngine['step']>) => ({ ...engine.step(...args), loss: 0.4 }) };
    const a = sampler();
    const end = await runTrainLoop(noGain, a, flat, freshLoopState(a), hooks().made);
    expect(end).toMatchObject({ epoch: 4, step: 20 });
    expect(stopReasonOf(flat, end)).toBe('converged');
    const b = sampler();
    const half = await runTrainLoop(noGain, b, flat, freshLoopState(b), hooks({ stopAfter: 12 }).made);
    expect(stopReasonOf(flat, half)).toBeNull();
    expect(await runTrainLoop(noGain, sampler(), flat, half, hooks().made)).toMatchObject({ epoch: 4, step: 20 });
    const c = sampler();
    const falling = await runTrainLoop(new RecordingEngine(), c, { ...flat, budget: { totalSteps: 30 } }, freshLoopState(c), hooks().made);
    expect(stopReasonOf({ ...flat, budget: { totalSteps: 30 } }, falling)).toBe('budget');
  });

  it('skips validation in the first epochs, but not the last one', async () => {
    const { made, saved } = hooks();
    const patches = sampler();
    await runTrainLoop(new RecordingEngine(), patches, { ...spec, skipEval: 2 }, freshLoopState(patches), made);
    expect(saved.filter(({ validation }) => validation).map(({ state }) => state.epoch)).toEqual([3, 4]);
    const none = hooks();
    const others = sampler();
    await runTrainLoop(new RecordingEngine(), others, { ...spec, skipEval: 100 }, freshLoopState(others), none.made);
    expect(none.saved.filter(({ validation }) => validation).map(({ state }) => state.epoch)).toEqual([4]);
  });

  it('saves at the interval asked for', async () => {
    const { made, saved } = hooks();
    const patches = sampler();
    await runTrainLoop(new RecordingEngine(), patches, { ...spec, skipEval: 100, saveIntervalMs: 0 }, freshLoopState(patches), made);
    expect(saved.map(({ state }) => state.epoch)).toEqual([1, 2, 3, 4, 4].slice(0, saved.length));
    expect(saved.length).toBeGreaterThanOrEqual(4);
  });
});
