/** The whole plan of an experiment: nnU-Net v2's planner (default and residual encoders) and NVIDIA's fixed recipe. */
import type { LabelRules, MsdTask, Preset, Segment } from '../../contract/vocabulary.ts';
import { resizedShape } from '../../imaging/resizedShape.ts';
import { transposedShape } from '../../imaging/tensorShape.ts';
import type { DatasetFingerprint } from './fingerprint.ts';
import type { Plan, PlanConfiguration } from './plan.ts';
import { planChannels } from './planChannels.ts';
import { countedOutputs, planLabels } from './planLabels.ts';
import { planLowres } from './planLowres.ts';
import { planConfiguration, type DatasetFacts } from './planNetwork.ts';
import { PLANNER_RULES } from './planPresets.ts';
import { MOST_CASCADE_CLASSES } from '../previousStage.ts';
import { SEED_TASKS, type SeedTask } from './seedTasks.ts';
import { medianTriple } from '../statistics.ts';
import { coarsestFirst, seedSpacing, v2Spacing } from './targetSpacing.ts';

export interface PlanRequest {
  readonly fingerprint: DatasetFingerprint;
  readonly channelNames: readonly string[];
  readonly legend: readonly Segment[];
  readonly labelRules: LabelRules;
  /** Some masks leave voxels unknown. */
  readonly hasUnknown?: boolean;
  readonly preset: Preset;
  /** The `seed` preset takes NVIDIA's table for it; other presets plan from the data alone. */
  readonly task: MsdTask | null;
  /** Memory of the card to fill, in GB; `null`: what the preset stands for. */
  readonly vramGb: number | null;
}

/** Plans every configuration the data allow (3D not for single slices). Pure: same request, same plan. */
export function planExperiment(request: PlanRequest): Plan {
  const { fingerprint, channelNames, legend, labelRules, preset } = request;
  const task = preset === 'seed' && request.task !== null ? SEED_TASKS[request.task] : null;
  const labels = planLabels(legend, labelRules, request.hasUnknown);
  const spacingMm = targetSpacing(fingerprint, preset, task);
  const transposeForward = coarsestFirst(spacingMm);
  const shapes = fingerprint.shapesAfterCropDhw.map((shape, n) => resizedShape(shape, fingerprint.spacingsDhwMm[n]!, spacingMm));
  const rules = PLANNER_RULES[preset];
  const dataset: DatasetFacts = {
    preset,
    rules,
    task,
    vramGb: request.vramGb ?? rules.vramGb,
    spacingDhwMm: transposedShape(spacingMm, transposeForward),
    medianShapeDhw: transposedShape(medianTriple(shapes), transposeForward),
    caseCount: shapes.length,
    channels: channelNames.length,
    outputs: countedOutputs(labels),
  };
  return {
    version: 2,
    preset,
    transposeForward,
    channels: planChannels(channelNames, fingerprint, preset, task),
    ...labels,
    configurations: planConfigurations(dataset, labels.classes.length),
  };
}

function targetSpacing(fingerprint: DatasetFingerprint, preset: Preset, task: SeedTask | null): [number, number, number] {
  if (task) return [...task.spacingDhwMm];
  return preset === 'seed' ? seedSpacing(fingerprint) : v2Spacing(fingerprint);
}

function planConfigurations(dataset: DatasetFacts, classCount: number): PlanConfiguration[] {
  const flat = { ...planConfiguration('2d', dataset), batchDice: true };
  if (dataset.medianShapeDhw[0] === 1) return [flat];
  const fullres = planConfiguration('3d_fullres', dataset);
  // the seed knows no cascade, and takes Dice over the batch always
  if (dataset.preset === 'seed') return [flat, { ...fullres, batchDice: true }];
  const lowres = planLowres(fullres, dataset);
  if (!lowres) return [flat, fullres];
  const whole = { ...fullres, batchDice: true };
  if (classCount > MOST_CASCADE_CLASSES) return [flat, lowres, whole];
  return [flat, lowres, whole, { ...whole, name: '3d_cascade_fullres', previousStage: '3d_lowres' }];
}
