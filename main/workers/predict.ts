/** Prediction with a trained model: stored cases of the project, or a folder of files nobody imported. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { EngineFactory, InferenceEngine } from '../../models/engine.ts';
import { AppException, err, ok, toAppError } from '../contract/errors.ts';
import type { Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { PredictTask, TaskItem } from '../contract/tasks.ts';
import { loadSource } from '../dataset/loadSource.ts';
import { scanSources } from '../dataset/sourceScan.ts';
import { readStoredImage, writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { fromCanonical } from '../imaging/orientation.ts';
import type { Volume } from '../imaging/volume.ts';
import { configurationOf, networkOf } from '../nnunet/plan.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan.ts';
import { labelsOfClasses, preprocessImage } from '../nnunet/preprocess.ts';
import { readModel } from './runFiles.ts';
import { breathe, predictClasses } from './wholeCase.ts';

interface Model {
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly engine: InferenceEngine;
  readonly mirror: boolean;
}

/** The summary tells `predictedCount` and `failedCount`. One unreadable case does not stop the others. */
export async function runPredict(input: PredictTask, port: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  try {
    port.tell({ type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } });
    const { plan, about, weights } = await readModel(input.runFolder);
    const configuration = configurationOf(plan, about.configuration);
    const engine = await factory.createInference(networkOf(plan, configuration), configuration.patch, weights);
    try {
      const model = { plan, configuration, engine, mirror: input.mirror };
      const stored = await predictStored(input, port, model);
      const files = input.folder ? await predictFolder(input.folder, port, model) : { predicted: 0, failed: 0 };
      return ok({ predictedCount: stored.predicted + files.predicted, failedCount: stored.failed + files.failed });
    } finally {
      engine.dispose();
    }
  } catch (thrown) {
    return err(toAppError(thrown, input.runFolder));
  }
}

interface Tally {
  predicted: number;
  failed: number;
}

/** Runs `predictOne` for each entry; a failure becomes a problem and the next one goes on. Stops when told to. */
async function each<T>(entries: readonly T[], port: JobPort, pathOf: (entry: T) => string, predictOne: (entry: T, report: (part: number) => void) => Promise<boolean>): Promise<Tally> {
  const tally = { predicted: 0, failed: 0 };
  for (const [done, entry] of entries.entries()) {
    if (port.stop.aborted) break;
    const report = (part: number): void => port.tell({ type: 'progress', progress: { phase: 'predicting', done: done + part, total: entries.length } });
    report(0);
    try {
      if (await predictOne(entry, report)) tally.predicted++;
    } catch (thrown) {
      const error = toAppError(thrown, pathOf(entry));
      if (error.code === 'disk/full') throw thrown; // every further case would fail the same way
      port.tell({ type: 'problem', error });
      tally.failed++;
    }
  }
  return tally;
}

/** Label values on the grid of the channels; null when told to stop. */
async function predictLabels(channels: readonly Volume[], path: string, model: Model, port: JobPort, report: (part: number) => void): Promise<LabelArray | null> {
  const { plan, configuration, engine, mirror } = model;
  if (channels.length !== plan.channels.length) {
    throw new AppException({ code: 'predict/wrong-channels', path, expected: plan.channels.length, actual: channels.length });
  }
  const { image, geometry } = preprocessImage(channels, plan, configuration);
  const classes = await predictClasses(image, geometry, plan, configuration, mirror, {
    predict: (patch) => engine.predict(patch),
    async mayGoOn(done, total) {
      report(done / total);
      await breathe();
      return !port.stop.aborted;
    },
  });
  return classes && labelsOfClasses(classes, plan);
}

function predictStored(input: PredictTask, port: JobPort, model: Model): Promise<Tally> {
  return each(input.cases, port, ({ image }) => image.files[0]!, async ({ caseId, image, outputFile }, report) => {
    const began = performance.now();
    const labels = await predictLabels(await readStoredImage(image), image.files[0]!, model, port, report);
    if (!labels) return false;
    const { sha256 } = await writeLabelmap(outputFile, image.grid, labels);
    const item: TaskItem = { kind: 'prediction', caseId, labelFile: outputFile, labelSha256: sha256, elapsedSeconds: (performance.now() - began) / 1000 };
    port.tell({ type: 'item', item });
    return true;
  });
}

/** One label map for each case of the folder, same base name, source geometry. */
async function predictFolder(folder: { inputFolder: string; outputFolder: string }, port: JobPort, model: Model): Promise<Tally> {
  const { sources, problems } = await scanSources([folder.inputFolder], undefined, port.stop);
  for (const error of problems) port.tell({ type: 'problem', error });
  if (sources.length === 0) throw new AppException(problems[0] ?? { code: 'import/nothing-found', paths: [folder.inputFolder] });
  await mkdir(folder.outputFolder, { recursive: true });
  return each(sources, port, ({ path }) => path, async (source, report) => {
    const { channels, sourceGrid } = await loadSource(source);
    const labels = await predictLabels(channels, source.path, model, port, report);
    if (!labels) return false;
    const path = join(folder.outputFolder, `${source.baseName}.nii.gz`);
    await writeLabelmap(path, sourceGrid, fromCanonical(labels, sourceGrid));
    const item: TaskItem = { kind: 'writtenFile', path, sourcePath: source.path };
    port.tell({ type: 'item', item });
    return true;
  });
}
