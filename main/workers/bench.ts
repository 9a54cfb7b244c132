/** Times train steps or predictions on fixed patches: the centres of some cases, not augmented, again and again. */
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { EngineFactory, TrainingSpec } from '../../models/engine.ts';
import { err, ok, toAppError } from '../contract/errors.ts';
import type { Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { emptyLabels, labelTypeUpTo, type LabelType } from '../contract/labelType.ts';
import type { BenchTask, TrainCase } from '../contract/tasks.ts';
import { summarizeLatencies } from '../nnunet/train/benchmark.ts';
import { choosePrecision } from '../nnunet/train/choosePrecision.ts';
import { patchDhw } from '../nnunet/patchWindow.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import type { ClassArray } from '../nnunet/train/trainingCase.ts';
import { planWith, trainingSpec } from '../nnunet/train/trainingSpec.ts';
import { preprocessCases } from './prepareCases.ts';
import { PreprocessedStore } from './preprocessedStore.ts';
import { planFromCases } from './trainingSetup.ts';
import { breathe } from './wholeCase.ts';

/** The summary is the result: speed, latencies, and what was measured on what. */
export async function runBench(input: BenchTask, port: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  try {
    return ok(await bench(input, port, factory));
  } catch (thrown) {
    return err(toAppError(thrown, input.preprocessedFolder));
  }
}

async function bench(input: BenchTask, port: JobPort, factory: EngineFactory): Promise<Record<string, unknown>> {
  const { mode, recipe, configuration: name, warmupSteps, benchSteps } = input;
  const planned = await planFromCases(input, input.cases, port);
  if (!planned) return { stopped: true };
  const { plan } = planned;
  const changed = planWith(recipe, plan, name);
  const configuration = configurationOf(changed, name);
  const { precision, reason: precisionReason } = choosePrecision(input.amp, factory.device);
  const trained = trainingSpec(recipe, changed, configuration, precision);
  // predictions go one patch at a time
  const spec: TrainingSpec = mode === 'train' ? trained : { ...trained, batchSize: 1 };
  const store = new PreprocessedStore(input.preprocessedFolder, changed, configuration);
  const cases = input.cases.slice(0, spec.batchSize);
  if (!(await preprocessCases(store, cases, port))) return { stopped: true };
  const batch = await centreBatch(cases, store, spec, labelTypeUpTo(changed.ignoreClass ?? changed.classes.length));
  const work = mode === 'train' ? await trainWork(factory, spec, input.seed, batch) : await predictWork(factory, spec, input.seed, batch);
  try {
    const stepMs: number[] = [];
    while (stepMs.length < benchSteps) {
      const began = performance.now();
      work.step();
      stepMs.push(performance.now() - began);
      port.tell({ type: 'progress', progress: { phase: mode === 'train' ? 'training' : 'predicting', done: stepMs.length, total: benchSteps } });
      await breathe();
      if (port.stop.aborted) return { stopped: true };
    }
    return {
      mode,
      configuration: name,
      preset: input.preset,
      precision: spec.precision,
      precisionReason,
      patch: spec.patch,
      batchSize: spec.batchSize,
      channels: spec.network.inputChannels,
      warmupSteps,
      benchSteps,
      ...summarizeLatencies(stepMs, warmupSteps, spec.batchSize),
      peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
      tensorflow: factory.version,
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
    };
  } finally {
    work.dispose();
  }
}

interface Batch {
  readonly images: Float32Array;
  readonly labels: ClassArray;
}

/** The channels of a cascade's first stage stay 0: what it predicted changes nothing about the time. */
async function centreBatch(cases: readonly TrainCase[], store: PreprocessedStore, spec: TrainingSpec, labelType: LabelType): Promise<Batch> {
  const patch = patchDhw(spec.patch);
  const channels = spec.network.inputChannels;
  const voxels = patch[0] * patch[1] * patch[2];
  const batch = { images: new Float32Array(spec.batchSize * voxels * channels), labels: emptyLabels(labelType, spec.batchSize * voxels) };
  for (let sample = 0; sample < spec.batchSize; sample++) {
    const loaded = await store.load(cases[sample % cases.length]!);
    const from = (axis: 0 | 1 | 2): number => Math.floor((loaded.shapeDhw[axis] - patch[axis]) / 2);
    const window = await loaded.readWindow([from(0), from(1), from(2)], patch);
    for (let c = 0; c < loaded.channels; c++) {
      for (let n = 0; n < voxels; n++) batch.images[(sample * voxels + n) * channels + c] = window.image[c * voxels + n]!;
    }
    batch.labels.set(window.classes, sample * voxels);
  }
  return batch;
}

interface Work {
  step(): void;
  dispose(): void;
}

async function trainWork(factory: EngineFactory, spec: TrainingSpec, seed: number, { images, labels }: Batch): Promise<Work> {
  const engine = await factory.createTraining(spec, seed);
  // the rate changes nothing about the time; a small one keeps numbers finite however long it runs
  return { step: () => void engine.step(images, labels, 1e-5), dispose: () => engine.dispose() };
}

async function predictWork(factory: EngineFactory, spec: TrainingSpec, seed: number, { images }: Batch): Promise<Work> {
  const untrained = await factory.createTraining(spec, seed);
  const weights = untrained.readWeights();
  untrained.dispose();
  const engine = await factory.createInference(spec.network, spec.patch, weights, { precision: spec.precision, xla: spec.xla });
  return { step: () => void engine.predict(images), dispose: () => engine.dispose() };
}
