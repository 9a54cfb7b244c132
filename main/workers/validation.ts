/** Whole validation cases through the network being trained, and their Dice in original voxel space. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainingEngine } from '../../models/engine.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TrainCase } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { readLabelmap, writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { fromCanonical } from '../imaging/orientation.ts';
import { dicePerClass, summarizeDice } from '../nnunet/metrics/diceOfCases.ts';
import type { DiceSummary } from '../nnunet/metrics/diceOfCases.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import { classesOfLabels, labelsOfClasses } from '../nnunet/preprocess/preprocess.ts';
import { imageSource, withOneHotClasses } from '../nnunet/infer/windowSource.ts';
import type { WindowSource } from '../nnunet/infer/windowSource.ts';
import type { PreprocessedCase, PreprocessedStore } from './preprocessedStore.ts';
import { predictClasses } from './wholeCase.ts';

export interface Validated {
  readonly cases: readonly TrainCase[];
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly store: PreprocessedStore;
  readonly mirror: boolean;
  /** Between two windows: lets messages arrive, holds while it must; false when told to stop. */
  mayGoOn(): Promise<boolean>;
}

type OnPredicted = (validationCase: TrainCase, classes: LabelArray, dice: readonly number[]) => Promise<void>;

/**
 * Dice on the stored grid, which is the source's with its axes turned: original voxel space. `onPredicted` gets the classes
 * on that grid. Null when told to stop.
 */
export async function validateCases(validated: Validated, engine: TrainingEngine, port: JobPort, onPredicted?: OnPredicted): Promise<DiceSummary | null> {
  const { cases, plan, configuration, store, mirror, mayGoOn } = validated;
  const dice: number[][] = [];
  for (const [done, validationCase] of cases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'validating', done, total: cases.length } });
    const stored = await store.load(validationCase);
    const hooks = { predict: (patch: Float32Array) => engine.predict(patch), mayGoOn };
    const predicted = await predictClasses(await windowsOf(stored, plan), stored.geometry, plan, configuration, mirror, hooks);
    if (!predicted) return null;
    const truth = classesOfLabels((await readLabelmap(validationCase.labelFile)).voxels, plan);
    if (!truth.ok) continue;
    const ofCase = dicePerClass(predicted, truth.classes, plan.classes.length + 1);
    dice.push(ofCase);
    await onPredicted?.(validationCase, predicted, ofCase);
  }
  return summarizeDice(dice);
}

/** The image, and for a cascade one channel per class of what its first stage predicted. */
async function windowsOf(stored: PreprocessedCase, plan: Plan): Promise<WindowSource> {
  const image = imageSource(await stored.readImage(), stored.shapeDhw, plan.channels.length);
  const previous = await stored.readPrevious();
  return previous ? withOneHotClasses(image, previous, stored.shapeDhw, plan.classes.length) : image;
}

/**
 * The fold's own predictions, as nnU-Net keeps them: `validation/CASE.nii.gz` in source geometry and `validation/summary.json`.
 * `checkpoint` says whose they are. Null when told to stop; then there is no summary.
 */
export async function validateForGood(
  validated: Validated,
  engine: TrainingEngine,
  port: JobPort,
  runFolder: string,
  checkpoint: string,
): Promise<DiceSummary | null> {
  const { plan, configuration, mirror } = validated;
  const folder = join(runFolder, 'validation');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const named = (dice: readonly number[]) => Object.fromEntries(plan.classes.map(({ name }, n) => [name, numberOrNull(dice[n]!)]));
  const cases: { caseId: string; dice: Record<string, number | null> }[] = [];
  const summary = await validateCases(validated, engine, port, async ({ caseId, image }, classes, dice) => {
    await writeLabelmap(join(folder, `${caseId}.nii.gz`), image.sourceGrid, fromCanonical(labelsOfClasses(classes, plan), image.sourceGrid));
    cases.push({ caseId, dice: named(dice) });
  });
  if (!summary) return null;
  const about = {
    version: 1,
    configuration: configuration.name,
    checkpoint,
    mirror,
    mean: numberOrNull(summary.mean),
    perLabel: named(summary.perClass),
    cases,
  };
  await writeFileAtomic(join(folder, 'summary.json'), Buffer.from(`${JSON.stringify(about, null, 2)}\n`));
  return summary;
}

/** JSON has no NaN: a class that is in neither map has no Dice. */
const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
