/** Prediction with one or several trained models: stored cases of the project, or a folder of files nobody imported. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { EngineFactory } from '../../models/engine.ts';
import { AppException, err, ok, toAppError } from '../contract/errors.ts';
import type { AppError, Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { PredictTask, TaskItem } from '../contract/tasks.ts';
import type { CaseUncertainty } from '../contract/uncertainty.ts';
import type { Grid } from '../contract/vocabulary.ts';
import { loadSource } from '../dataset/read/loadSource.ts';
import { scanSources } from '../dataset/scan/sourceScan.ts';
import { readStoredImage, writeGzippedNifti, writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { fromCanonical } from '../imaging/orientation.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../nnunet/gridDhw.ts';
import { caseUncertainty } from '../nnunet/infer/caseUncertainty.ts';
import { EntropyMap } from '../nnunet/infer/entropyMap.ts';
import { labelsOfClasses } from '../nnunet/preprocess/preprocess.ts';
import { openEnsemble, predictCase } from './ensemble.ts';
import type { CaseHooks, Ensemble } from './ensemble.ts';
import { PredictedFiles } from './predictedFiles.ts';
import { outOfMemory, requireMemory } from './predictionFit.ts';
import { ProbabilityScratch } from './probabilityFiles.ts';
import { PausableClock } from './pausableClock.ts';

/** The summary tells `predictedCount` and `failedCount`. One unreadable case does not stop the others. */
export async function runPredict(input: PredictTask, host: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  const clock = new PausableClock(host);
  const port: HoldingPort = { ...host, tell: clock.tell, mayGoOn: clock.mayGoOn };
  try {
    port.tell({ type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } });
    const ensemble = await openEnsemble(input.models, input.options, factory);
    try {
      const stored = await predictStored(input, port, ensemble);
      const files = input.folder ? await predictFolder(input.folder, port, ensemble, input.memory) : NOTHING;
      const predictedCount = stored.predicted + files.predicted;
      const short = stored.lackedMemory ?? files.lackedMemory;
      // what nobody could begin has failed; of many cases those that are too large are problems
      if (predictedCount === 0 && short) return err(short);
      return ok({ predictedCount, failedCount: stored.failed + files.failed });
    } finally {
      ensemble.dispose();
    }
  } catch (thrown) {
    return err(outOfMemory(thrown) ?? toAppError(thrown, input.models[0]!.runFolder));
  }
}

interface HoldingPort extends JobPort {
  mayGoOn(): Promise<boolean>;
}

interface Tally {
  predicted: number;
  failed: number;
  /** Of the first case that needs more memory than there is. */
  lackedMemory: AppError | null;
}
const NOTHING: Readonly<Tally> = { predicted: 0, failed: 0, lackedMemory: null };

/** Runs `predictOne` for each entry; a failure becomes a problem and the next one goes on. Stops when told to. */
async function each<T>(
  entries: readonly T[],
  port: JobPort,
  pathOf: (entry: T) => string,
  predictOne: (entry: T, report: (part: number) => void) => Promise<boolean>,
): Promise<Tally> {
  const tally: Tally = { ...NOTHING };
  for (const [done, entry] of entries.entries()) {
    if (port.stop.aborted) break;
    const report = (part: number): void => port.tell({ type: 'progress', progress: { phase: 'predicting', done: done + part, total: entries.length } });
    report(0);
    try {
      if (await predictOne(entry, report)) tally.predicted++;
    } catch (thrown) {
      const error = outOfMemory(thrown) ?? toAppError(thrown, pathOf(entry));
      if (error.code === 'disk/full') throw thrown; // every further case would fail the same way
      port.tell({ type: 'problem', error });
      if (error.code === 'predict/memory-short') tally.lackedMemory ??= error;
      tally.failed++;
    }
  }
  return tally;
}

/** Reports, breathes and holds where it must before every call of a network. */
const hooksOf = (port: HoldingPort, report: (part: number) => void, scratchFolder: string): CaseHooks => ({
  scratchFolder,
  mayGoOn(part) {
    report(part);
    return port.mayGoOn();
  },
});

function predictStored(input: PredictTask, port: HoldingPort, ensemble: Ensemble): Promise<Tally> {
  return each(
    input.cases,
    port,
    ({ image }) => image.files[0]!,
    async ({ caseId, image, outputFile, uncertaintyFile }, report) => {
      const began = performance.now();
      const entropies = uncertaintyFile === undefined ? undefined : new EntropyMap();
      const hooks = { ...hooksOf(port, report, dirname(outputFile)), ...(entropies && { entropies }) };
      requireMemory(ensemble, { grid: image.grid, path: image.files[0]!, caseId }, input.memory);
      const classes = await predictCase(ensemble, await readStoredImage(image), image.files[0]!, hooks);
      if (!classes) return false;
      const labels = labelsOfClasses(classes, ensemble.members[0]!.plan);
      const uncertainty = entropies && (await keepUncertainty(entropies.onStoredGrid(), labels, image.grid, uncertaintyFile!));
      const { sha256 } = await writeLabelmap(outputFile, image.grid, labels);
      const elapsedSeconds = (performance.now() - began) / 1000;
      const item: TaskItem = { kind: 'prediction', caseId, labelFile: outputFile, labelSha256: sha256, elapsedSeconds, ...(uncertainty && { uncertainty }) };
      port.tell({ type: 'item', item });
      return true;
    },
  );
}

/** The map as `.nii.gz` of bytes; returns the numbers. */
async function keepUncertainty(map: Uint8Array, labels: LabelArray, grid: Grid, file: string): Promise<CaseUncertainty> {
  await writeGzippedNifti(file, grid, map);
  return caseUncertainty(map, labels, gridShapeDhw(grid), gridSpacingDhwMm(grid));
}

/** One mask for each case of the folder, same base name, source geometry; with `saveProbabilities` one volume per output too. */
async function predictFolder(folder: NonNullable<PredictTask['folder']>, port: HoldingPort, ensemble: Ensemble, memory: PredictTask['memory']): Promise<Tally> {
  const { inputFolder, outputFolder, saveProbabilities, format, about } = folder;
  const { sources, problems } = await scanSources([inputFolder], { stop: port.stop });
  for (const error of problems) port.tell({ type: 'problem', error });
  if (sources.length === 0) throw new AppException(problems[0] ?? { code: 'import/nothing-found', paths: [inputFolder] });
  await mkdir(outputFolder, { recursive: true });
  const plan = ensemble.members[0]!.plan;
  const files = new PredictedFiles(outputFolder, format, about);
  return each(
    sources,
    port,
    ({ path }) => path,
    async (source, report) => {
      const loaded = await loadSource(source);
      const { channels, sourceGrid } = loaded;
      requireMemory(ensemble, { grid: channels[0]!.grid, path: source.path }, memory);
      const written = (path: string): void => port.tell({ type: 'item', item: { kind: 'writtenFile', path, sourcePath: source.path } });
      const scratch = saveProbabilities ? await ProbabilityScratch.open(outputFolder) : null;
      try {
        const onProbabilities = scratch ? { onProbabilities: scratch.add.bind(scratch) } : {};
        const classes = await predictCase(ensemble, channels, source.path, { ...hooksOf(port, report, outputFolder), ...onProbabilities });
        if (!classes) return false;
        const paths = await files.write(loaded, labelsOfClasses(classes, plan), (error) => port.tell({ type: 'problem', error }));
        paths.forEach(written);
        await scratch?.finish(async (name, values) => {
          const file = join(outputFolder, `${source.baseName}_prob_${name}.nii.gz`);
          await writeGzippedNifti(file, sourceGrid, fromCanonical(values, sourceGrid));
          written(file);
        });
        return true;
      } finally {
        await scratch?.dispose();
      }
    },
  );
}
