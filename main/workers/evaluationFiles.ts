/** Which files an evaluation compares, and which structures in them. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppException, type AppError } from '../contract/errors.ts';
import type { EvaluatedStructure } from '../contract/evaluation.ts';
import type { EvaluateTask } from '../contract/tasks.ts';
import type { Segment } from '../contract/vocabulary.ts';
import { defaultColor } from '../contract/segmentColors.ts';
import { readMsdDataset } from '../dataset/scan/msdDataset.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import { readPlan } from './runFiles.ts';

export interface ComparedFiles {
  readonly name: string;
  readonly predictionFile: string;
  readonly truthFile: string;
  readonly imageFile?: string | undefined;
}

export interface EvaluationFiles {
  readonly cases: readonly ComparedFiles[];
  /** Files without a partner. */
  readonly unpaired: readonly { readonly name: string; readonly error: AppError }[];
  /** Empty: whatever labels occur. */
  readonly structures: readonly EvaluatedStructure[];
  readonly ignoreLabel: number | null;
}

/** Throws AppException evaluate/nothing-to-compare, and what reading dataset.json or plans.json throws. */
export function evaluationCases(of: EvaluateTask['cases']): Promise<EvaluationFiles> {
  return of.kind === 'folders' ? pairFolders(of) : filesOfRun(of);
}

async function filesOfRun({ runFolder, legend, files }: Extract<EvaluateTask['cases'], { kind: 'files' }>): Promise<EvaluationFiles> {
  const plan = await readPlan(runFolder);
  const cases = files.filter(({ predictionFile }) => existsSync(predictionFile));
  const unpaired = files
    .filter(({ predictionFile }) => !existsSync(predictionFile))
    .map(({ name, truthFile }) => ({ name, error: { code: 'evaluate/no-prediction' as const, truthPath: truthFile } }));
  return { cases, unpaired, structures: structuresOfPlan(plan, legend), ignoreLabel: plan.ignoreLabelValue };
}

/** The plan's regions, else its classes. */
export function structuresOfPlan({ classes, regions }: Plan, legend: readonly Segment[]): EvaluatedStructure[] {
  const colorOf = (labelValue: number) => legend.find((segment) => segment.labelValue === labelValue)?.colorRgb ?? defaultColor(labelValue);
  if (!regions) return classes.map(({ labelValue, name }) => ({ name, labelValues: [labelValue], colorRgb: colorOf(labelValue) }));
  return regions.map(({ name, classes: ofRegion, paintsClass }) => ({
    name,
    labelValues: ofRegion.map((n) => classes[n - 1]!.labelValue),
    colorRgb: colorOf(classes[paintsClass - 1]!.labelValue),
  }));
}

async function pairFolders({ predictionFolder, truthFolder, imageFolder }: Extract<EvaluateTask['cases'], { kind: 'folders' }>): Promise<EvaluationFiles> {
  const predictions = await niftiByName(predictionFolder);
  const truths = await niftiByName(truthFolder);
  const images = imageFolder === undefined ? new Map<string, string>() : await niftiByName(imageFolder);
  const names = [...new Set([...predictions.keys(), ...truths.keys()])].sort();
  const cases: ComparedFiles[] = [];
  const unpaired: { name: string; error: AppError }[] = [];
  for (const name of names) {
    const predictionFile = predictions.get(name);
    const truthFile = truths.get(name);
    if (predictionFile !== undefined && truthFile !== undefined)
      cases.push({ name, predictionFile, truthFile, imageFile: images.get(name) ?? images.get(`${name}_0000`) });
    else if (truthFile !== undefined) unpaired.push({ name, error: { code: 'evaluate/no-prediction', truthPath: truthFile } });
    else if (predictionFile !== undefined) unpaired.push({ name, error: { code: 'evaluate/no-truth', path: predictionFile } });
  }
  if (cases.length === 0) throw new AppException({ code: 'evaluate/nothing-to-compare', path: predictionFolder, truthPath: truthFolder });
  return { cases, unpaired, ...(await labelsBeside(truthFolder, predictionFolder)) };
}

async function niftiByName(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => /\.nii(\.gz)?$/i.test(name) && !name.startsWith('.'));
  return new Map(names.sort().map((name) => [name.replace(/\.nii(\.gz)?$/i, ''), join(folder, name)]));
}

/** From the first dataset.json in or above the truth, or beside the predictions: its regions, else its labels. */
async function labelsBeside(truthFolder: string, predictionFolder: string): Promise<Pick<EvaluationFiles, 'structures' | 'ignoreLabel'>> {
  const found = [truthFolder, dirname(truthFolder), predictionFolder].map((folder) => join(folder, 'dataset.json')).find((path) => existsSync(path));
  if (found === undefined) return { structures: [], ignoreLabel: null };
  const { segments, labelRules } = await readMsdDataset(found);
  const { regions, ignoreLabelValue: ignoreLabel } = labelRules;
  const structures = regions
    ? regions.map(({ name, labelValues, paintsLabelValue }) => ({ name, labelValues, colorRgb: defaultColor(paintsLabelValue) }))
    : segments.filter(({ labelValue }) => labelValue !== ignoreLabel).map(({ labelValue, name, colorRgb }) => ({ name, labelValues: [labelValue], colorRgb }));
  return { structures, ignoreLabel };
}

export const structureOfLabel = (labelValue: number, name: string): EvaluatedStructure => ({
  name,
  labelValues: [labelValue],
  colorRgb: defaultColor(labelValue),
});
