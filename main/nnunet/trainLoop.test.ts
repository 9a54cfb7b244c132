import { describe, expect, it } from 'vitest';
import type { TrainingEngine } from '../../models/engine.ts';
import type { JobNews } from '../contract/jobs.ts';
import type { DiceSummary } from './evaluate.ts';
import { PatchSampler } from './patches.ts';
import { memoryCase } from './testing/memoryCase.ts';
import { freshLoopState, runTrainLoop } from './trainLoop.ts';
import type { LoopState, TrainLoopHooks } from './trainLoop.ts';

const volume = memoryCase({
  shapeDhw: [4, 4, 4] as const,
  image: Float32Array.from({ length: 64 }, (_, i) => i),
  classes: Uint8Array.from({ length: 64 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
  locations: [new Uint32Array(0), Uint32Array.of(0, 5, 10)],
});
const sampler = () => new PatchSampler({ weights: [1, 3], load: () => Promise.resolve(volume) }, { patch: [2, 2, 2], batchSize: 2, channels: 1 }, 7);
const spec = { budget: { totalSteps: 20 }, stepsPerEpoch: 5, learningRate: 1e-3, classNames: ['lesion'] };

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
  };
  return { made, news, saved };
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
    expect(news.filter((n) => n.type === 'metric' && n.metric.name === 'valDice' && n.metric.label === 'lesion').length).toBe(saved.filter((s) => s.validation).length);
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
});
