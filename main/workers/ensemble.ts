/** One or several trained models that predict a case together, each loaded once for all cases. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFactory, InferenceEngine } from '../../models/engine.ts';
import { AppException } from '../contract/errors.ts';
import type { PredictOptions } from '../contract/predictOptions.ts';
import type { PredictTask } from '../contract/tasks.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import type { Volume } from '../imaging/volume.ts';
import { choosePrecision } from '../nnunet/choosePrecision.ts';
import { averageInto } from '../nnunet/classDecision.ts';
import { inferPlanes } from '../nnunet/infer.ts';
import { inferSpecOf, windowsPerCall } from '../nnunet/inferencePreset.ts';
import { configurationOf, networkOf } from '../nnunet/plan.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan.ts';
import { applyPostprocessing, Postprocessing } from '../nnunet/postprocess.ts';
import { preprocessClasses, preprocessImage } from '../nnunet/preprocess.ts';
import type { CaseGeometry } from '../nnunet/preprocess.ts';
import { classesOnStoredGrid, logitsOnCroppedGrid, meanProbabilities } from '../nnunet/storedClasses.ts';
import { imageSource, withOneHotClasses } from '../nnunet/windowSource.ts';
import { exists, readModel } from './runFiles.ts';

type Models = PredictTask['models'];

/** Runs of one plan and configuration: they see the same windows, and the mean of their logits is taken there (v2's folds). */
interface Member {
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly engines: readonly InferenceEngine[];
  /** Predicts the first stage of a cascade. */
  readonly previous: Ensemble | null;
}

export interface Ensemble {
  readonly members: readonly Member[];
  readonly options: PredictOptions;
  /** Of the runs, where all carry the same. */
  readonly postprocessing: Postprocessing | null;
  dispose(): void;
}

export interface CaseHooks {
  /** Part of the case that is done, 0 … 1; before each call of a network. Resolves to false to give up. */
  mayGoOn(part: number): Promise<boolean>;
  /** Probabilities of each plane of the cropped case, axes as transposed; the plane is overwritten afterwards. */
  onProbabilities?(plane: Float32Array, geometry: CaseGeometry, plan: Plan): Promise<void>;
}

/** Loads every model. Throws `predict/no-model`, `predict/incompatible-models`, `disk/corrupt`. */
export async function openEnsemble(models: Models, options: PredictOptions, factory: EngineFactory): Promise<Ensemble> {
  const members: Member[] = [];
  const dispose = (): void => members.forEach((member) => closeMember(member));
  try {
    const groups = new Map<string, { plan: Plan; configuration: PlanConfiguration; models: Models[number][]; weights: Awaited<ReturnType<typeof readModel>>['weights'][] }>();
    for (const model of models) {
      const { plan, about, weights } = await readModel(model.runFolder);
      const configuration = configurationOf(plan, about.configuration);
      const key = JSON.stringify([plan, configuration]);
      const group = groups.get(key) ?? { plan, configuration, models: [], weights: [] };
      groups.set(key, { ...group, models: [...group.models, model], weights: [...group.weights, weights] });
    }
    for (const { plan, configuration, models: runs, weights } of groups.values()) {
      requireSameClasses(members[0]?.plan ?? plan, plan);
      const folders = [...new Set(runs.flatMap(({ previousRunFolders }) => previousRunFolders))];
      const previous = configuration.previousStage
        ? await openEnsemble(folders.map((runFolder) => ({ runFolder, previousRunFolders: [] })), options, factory)
        : null;
      const engines: InferenceEngine[] = [];
      members.push({ plan, configuration, engines, previous });
      const engineOptions = { batchSize: windowsPerCall(configuration), precision: choosePrecision(options.amp, factory.device).precision };
      for (const ofRun of weights) engines.push(await factory.createInference(networkOf(plan, configuration), configuration.patch, ofRun, engineOptions));
    }
    return { members, options, postprocessing: await commonPostprocessing(models), dispose };
  } catch (thrown) {
    dispose();
    throw thrown;
  }
}

function closeMember({ engines, previous }: Member): void {
  for (const engine of engines) engine.dispose();
  previous?.dispose();
}

function requireSameClasses(first: Plan, other: Plan): void {
  const named = ({ classes, regions }: Plan): string => JSON.stringify([classes, regions]);
  if (named(first) === named(other)) return;
  throw new AppException({ code: 'predict/incompatible-models', detail: 'they were trained on different labels' });
}

/** `postprocessing.json` of the runs when each has one and all say the same, else null. Throws `disk/corrupt`. */
async function commonPostprocessing(models: Models): Promise<Postprocessing | null> {
  const found: Postprocessing[] = [];
  for (const { runFolder } of models) {
    const path = join(runFolder, 'postprocessing.json');
    if (!(await exists(path))) return null;
    const parsed = Postprocessing.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (!parsed.success) throw new AppException({ code: 'disk/corrupt', path, detail: parsed.error.message });
    found.push(parsed.data);
  }
  return new Set(found.map((one) => JSON.stringify(one))).size === 1 ? found[0]! : null;
}

/**
 * Network classes on the grid of the channels, post-processed; null when told to give up. Throws `predict/wrong-channels`
 * (with `path`), `predict/incompatible-models`.
 */
export async function predictCase(ensemble: Ensemble, channels: readonly Volume[], path: string, hooks: CaseHooks): Promise<LabelArray | null> {
  const plan = ensemble.members[0]!.plan;
  const parts = ensemble.members.map(() => 0);
  const logits: AsyncGenerator<Float32Array, void, undefined>[] = [];
  let geometry: CaseGeometry | null = null;
  for (const [index, member] of ensemble.members.entries()) {
    const mayGoOn = (part: number): Promise<boolean> => {
      parts[index] = part;
      return hooks.mayGoOn(parts.reduce((a, b) => a + b, 0) / parts.length);
    };
    const begun = await beginMember(member, ensemble.options, channels, path, mayGoOn);
    if (!begun) return null;
    geometry ??= begun.geometry;
    requireSameAxes(plan, geometry, member.plan, begun.geometry);
    logits.push(begun.logits);
  }
  const { onProbabilities } = hooks;
  const isVote = logits.length > 1 || onProbabilities !== undefined;
  const planes = isVote ? watched(meanProbabilities(logits, plan), (plane) => onProbabilities?.(plane, geometry!, plan)) : logits[0]!;
  const classes = await classesOnStoredGrid(planes, geometry!, plan, isVote ? 0.5 : 0);
  return classes && ensemble.postprocessing ? applyPostprocessing(classes, geometry!.storedShapeDhw, ensemble.postprocessing) : classes;
}

/** The case preprocessed for a member, and its logits on the cropped grid, not computed yet; null when told to give up. */
async function beginMember(
  { plan, configuration, engines, previous }: Member,
  options: PredictOptions,
  channels: readonly Volume[],
  path: string,
  mayGoOn: (part: number) => Promise<boolean>,
): Promise<{ geometry: CaseGeometry; logits: AsyncGenerator<Float32Array, void, undefined> } | null> {
  if (channels.length !== plan.channels.length) {
    throw new AppException({ code: 'predict/wrong-channels', path, expected: plan.channels.length, actual: channels.length });
  }
  const firstPart = previous ? 0.5 : 0;
  const coarse = previous && (await predictCase(previous, channels, path, { mayGoOn: (part) => mayGoOn(part * firstPart) }));
  if (previous && !coarse) return null;
  const { image, geometry } = preprocessImage(channels, plan, configuration);
  const { shapeDhw } = geometry;
  const alone = imageSource(image, shapeDhw, plan.channels.length);
  const source = coarse ? withOneHotClasses(alone, preprocessClasses(coarse, geometry, plan), shapeDhw, plan.classes.length) : alone;
  const spec = inferSpecOf(plan, configuration, options, windowsPerCall(configuration));
  const planes = inferPlanes(source, shapeDhw, spec, {
    predict: (windows) => meanLogits(engines, windows),
    mayGoOn: (done, total) => mayGoOn(firstPart + (1 - firstPart) * (done / total)),
  });
  return { geometry, logits: logitsOnCroppedGrid(planes, geometry, plan) };
}

function meanLogits(engines: readonly InferenceEngine[], windows: Float32Array): Float32Array {
  const [first, ...others] = engines.map((engine) => engine.predict(windows));
  if (others.length > 0) averageInto(first!, others);
  return first!;
}

/** Members vote plane by plane, so their planes must be the same planes. */
function requireSameAxes(plan: Plan, geometry: CaseGeometry, otherPlan: Plan, other: CaseGeometry): void {
  const axes = (one: Plan, of: CaseGeometry): string => JSON.stringify([one.transposeForward, of.croppedShapeDhw]);
  if (axes(plan, geometry) === axes(otherPlan, other)) return;
  throw new AppException({ code: 'predict/incompatible-models', detail: 'their plans order the axes differently' });
}

/** The same planes; each is shown to `look` first. */
async function* watched(planes: AsyncIterable<Float32Array>, look: (plane: Float32Array) => Promise<void> | undefined): AsyncGenerator<Float32Array, void, undefined> {
  for await (const plane of planes) {
    await look(plane);
    yield plane;
  }
}
