/**
 * A model as one file: an array file (`arrayFile.ts`) with the weights, whose `about` holds the JSON files of the run folder
 * (plan, fingerprint, record of the training) and what the run had reached. Nothing in it is ever executed; names, sizes and
 * hashes are checked before anything is written.
 */
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { NamedArray, UNetSpec } from '../../models/engine.ts';
import { parametersOf } from '../../models/unet.ts';
import { headLevels } from '../../models/unetDecoder.ts';
import { AppException } from '../contract/errors.ts';
import { RunMeasures } from '../contract/tasks.ts';
import { RunId, Segment } from '../contract/vocabulary.ts';
import { configurationOf, networkOf, parsePlan, type Plan } from '../nnunet/plan/plan.ts';
import { Postprocessing } from '../nnunet/infer/postprocess.ts';
import { readArrayFile, writeArrayFile } from './arrayFile.ts';
import { hashOfValues } from './hashOfWeights.ts';
import { CheckpointAbout } from './runFiles.ts';

/** `run.json` as far as others must rely on it; the rest travels along. */
export const RunRecord = z.looseObject({
  runId: RunId,
  author: z.string(),
  createdAt: z.string(),
  options: z.record(z.string(), z.unknown()),
  legend: z.array(Segment).min(1),
  /** Hash over the names and hashes of the labelmaps it learned from. */
  trainingDataSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type RunRecord = z.infer<typeof RunRecord>;

const BundleAbout = z.object({
  kind: z.literal('maskloop model'),
  version: z.literal(1),
  checkpoint: CheckpointAbout,
  record: RunRecord,
  /** `plans.json` of any version. */
  plan: z.looseObject({}),
  fingerprint: z.looseObject({}).nullable(),
  /** What was decided for predictions of this model, if it was. */
  postprocessing: Postprocessing.nullable(),
  measures: RunMeasures,
  weightsSha256: z.string(),
});
type BundleAbout = z.infer<typeof BundleAbout>;

export type ModelBundle = Omit<BundleAbout, 'kind' | 'version' | 'weightsSha256' | 'plan'> & { readonly plan: Plan; readonly weights: readonly NamedArray[] };

const LARGEST_BUNDLE_BYTES = 2 ** 31 - 1;
/** Far above any network of the presets; keeps a made-up plan from eating all memory. */
const MOST_LAYERS = 1000;
const MOST_PATCH_VOXELS = 2 ** 27;

/** Atomic; replaces a file of that name. */
export async function writeModelBundle(path: string, { weights, ...facts }: ModelBundle): Promise<void> {
  const about: BundleAbout = { kind: 'maskloop model', version: 1, ...facts, weightsSha256: hashOfValues(weights) };
  await writeArrayFile(path, about, weights);
}

/** Throws `model/unusable`, saying why; `disk/corrupt` where the file is cut or of another kind. */
export async function readModelBundle(path: string): Promise<ModelBundle> {
  const unusable = (detail: string): AppException => new AppException({ code: 'model/unusable', path, detail });
  if ((await stat(path)).size > LARGEST_BUNDLE_BYTES) throw unusable('it is larger than 2 GiB');
  const { about, arrays } = await readArrayFile(path, BundleAbout);
  const { weightsSha256, plan: planJson, checkpoint, record, fingerprint, postprocessing, measures } = about;
  const weights = arrays.map(({ name, shape, values }) => {
    if (!(values instanceof Float32Array)) throw unusable(`'${name}' is not float32`);
    return { name, shape, values };
  });
  if (hashOfValues(weights) !== weightsSha256) throw unusable('the weights are not those that were exported');
  const plan = parsePlan(JSON.stringify(planJson), path);
  const problem = legendProblem(plan, record) ?? weightsProblem(plan, checkpoint, weights);
  if (problem) throw unusable(problem);
  return { checkpoint, record, plan, fingerprint, postprocessing, measures, weights };
}

function legendProblem(plan: Plan, { legend }: RunRecord): string | null {
  const known = new Set(legend.map(({ labelValue }) => labelValue));
  const missing = plan.classes.find(({ labelValue }) => !known.has(labelValue));
  return missing ? `its legend lacks the label ${missing.labelValue}` : null;
}

/** The arrays must be exactly those of the planned network, all numbers finite. */
function weightsProblem(plan: Plan, { configuration: name }: CheckpointAbout, weights: readonly NamedArray[]): string | null {
  const configuration = plan.configurations.find((one) => one.name === name);
  if (!configuration) return `its plan has no configuration '${name}'`;
  const network = networkOf(plan, configurationOf(plan, name));
  const layers = network.stages.reduce((sum, { convs }) => sum + convs, 0) + network.decoderConvs * network.stages.length;
  if (layers > MOST_LAYERS) return `${layers} layers are too many`;
  const voxels = configuration.patch.reduce((a, b) => a * b, 1);
  if (voxels > MOST_PATCH_VOXELS) return `a patch of ${voxels} voxels is too large`;
  const axes = [configuration.patch, ...network.stages.flatMap(({ kernel, stride }) => [kernel, stride])];
  if (axes.some((list) => list.length !== network.dims)) return 'its plan mixes 2D and 3D';
  return arraysProblem(network, weights);
}

function arraysProblem(network: UNetSpec, weights: readonly NamedArray[]): string | null {
  const withEveryHead = network.stages.map(() => 1);
  const allowed = new Map(parametersOf(network, headLevels(network, withEveryHead)).map((p) => [p.name, p.shape]));
  const given = new Set<string>();
  for (const { name, shape, values } of weights) {
    const wanted = allowed.get(name);
    if (!wanted || given.has(name)) return `the network has no further array '${name.slice(0, 80)}'`;
    if (shape.join() !== wanted.join()) return `'${name}' has shape [${shape.join()}], not [${wanted.join()}]`;
    if (!values.every(Number.isFinite)) return `'${name}' holds numbers that are not finite`;
    given.add(name);
  }
  const missing = parametersOf(network, [0]).find(({ name }) => !given.has(name));
  return missing ? `'${missing.name}' is missing` : null;
}
