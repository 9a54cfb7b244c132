/** One or several trained models that predict a case together, each loaded once for all cases. */
import { join } from 'node:path';
import type { EngineFactory, InferenceEngine } from '../../models/engine.ts';
import { AppException } from '../contract/errors.ts';
import type { PredictOptions } from '../contract/predictOptions.ts';
import type { PredictTask } from '../contract/tasks.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import type { Volume } from '../imaging/volume.ts';
import { readFile } from '../vault/readSealed.ts';
import { choosePrecision } from '../nnunet/train/choosePrecision.ts';
import { averageInto } from '../nnunet/infer/classDecision.ts';
import type { EntropyMap, OutputKind } from '../nnunet/infer/entropyMap.ts';
import { inferPlanes } from '../nnunet/infer/infer.ts';
import type { InferSpec } from '../nnunet/infer/infer.ts';
import { inferSpecOf, windowsPerCall } from '../nnunet/infer/inferencePreset.ts';
import { configurationOf, networkOf } from '../nnunet/plan/plan.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import { applyPostprocessing, Postprocessing } from '../nnunet/infer/postprocess.ts';
import { preprocessImage, preprocessLabels } from '../nnunet/preprocess/preprocess.ts';
import type { CaseGeometry } from '../nnunet/preprocess/preprocess.ts';
import { classesOnStoredGrid, logitsOnCroppedGrid, probabilityPlanes } from '../nnunet/infer/storedClasses.ts';
import { imageSource, withOneHotClasses } from '../nnunet/infer/windowSource.ts';
import type { WindowSource } from '../nnunet/infer/windowSource.ts';
import { exists, readModel } from './runFiles.ts';
import { VoteFile } from './voteFile.ts';

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
  readonly isOnGpu: boolean;
  /** Of the runs, where all carry the same. */
  readonly postprocessing: Postprocessing | null;
  dispose(): void;
}

export interface CaseHooks {
  /** Where votes of several models wait: 4 bytes per voxel and output, for a moment. */
  readonly scratchFolder: string;
  /** Part of the case that is done, 0 … 1; before each call of a network. Resolves to false to give up. */
  mayGoOn(part: number): Promise<boolean>;
  /** Probabilities of each plane of the cropped case, axes as transposed; the plane is overwritten afterwards. */
  onProbabilities?(plane: Float32Array, geometry: CaseGeometry, plan: Plan): Promise<void>;
  /** Receives the entropy of what all models say together. */
  readonly entropies?: EntropyMap;
}

/** Loads every model. Throws `predict/no-model`, `predict/incompatible-models`, `disk/corrupt`. */
export async function openEnsemble(models: Models, options: PredictOptions, factory: EngineFactory): Promise<Ensemble> {
  const members: Member[] = [];
  const dispose = (): void => members.forEach((member) => closeMember(member));
  try {
    const groups = new Map<
      string,
      { plan: Plan; configuration: PlanConfiguration; models: Models[number][]; weights: Awaited<ReturnType<typeof readModel>>['weights'][] }
    >();
    for (const model of models) {
      const { plan, about, weights } = await readModel(model.runFolder);
      const configuration = configurationOf(plan, about.configuration);
      const key = JSON.stringify([plan, configuration]);
      const group = groups.get(key) ?? { plan, configuration, models: [], weights: [] };
      groups.set(key, { ...group, models: [...group.models, model], weights: [...group.weights, weights] });
    }
    for (const { plan, configuration, models: runs, weights } of groups.values()) {
      requireSameMeaning(members[0]?.plan ?? plan, plan);
      const folders = [...new Set(runs.flatMap(({ previousRunFolders }) => previousRunFolders))];
      // what a second stage was trained on is the first's as it is, not post-processed
      const previous = configuration.previousStage
        ? {
            ...(await openEnsemble(
              folders.map((runFolder) => ({ runFolder, previousRunFolders: [] })),
              options,
              factory,
            )),
            postprocessing: null,
          }
        : null;
      const engines: InferenceEngine[] = [];
      members.push({ plan, configuration, engines, previous });
      const engineOptions = {
        batchSize: windowsPerCall(configuration, options.windowsPerCall),
        precision: choosePrecision(options.amp, factory.device).precision,
        xla: options.xla,
      };
      for (const ofRun of weights) engines.push(await factory.createInference(networkOf(plan, configuration), configuration.patch, ofRun, engineOptions));
    }
    return {
      members,
      options,
      isOnGpu: factory.device.kind === 'gpu',
      postprocessing: options.postprocess ? await commonPostprocessing(models) : null,
      dispose,
    };
  } catch (thrown) {
    dispose();
    throw thrown;
  }
}

function closeMember({ engines, previous }: Member): void {
  for (const engine of engines) engine.dispose();
  previous?.dispose();
}

/** Models vote voxel by voxel and plane by plane. */
function requireSameMeaning(first: Plan, other: Plan): void {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'predict/incompatible-models', detail });
  };
  const named = ({ classes, regions }: Plan): string => JSON.stringify([classes, regions]);
  if (named(first) !== named(other)) refuse('they were trained on different labels');
  if (first.transposeForward.join() !== other.transposeForward.join()) refuse('their plans order the axes differently');
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
 * Network classes on the grid of the channels, post-processed; null when told to give up. Members predict one after the
 * other. Throws `predict/wrong-channels` (with `path`).
 */
export async function predictCase(ensemble: Ensemble, channels: readonly Volume[], path: string, hooks: CaseHooks): Promise<LabelArray | null> {
  const { members, postprocessing } = ensemble;
  const begin = (index: number): Promise<Begun | null> =>
    beginMember(members[index]!, ensemble.options, channels, path, { ...hooks, mayGoOn: (part) => hooks.mayGoOn((index + part) / members.length) });
  const votes = members.length > 1 ? await VoteFile.open(hooks.scratchFolder) : null;
  try {
    for (let index = 0; votes && index < members.length - 1; index++) {
      const begun = await begin(index);
      if (!begun || !(await votes.add(probabilityPlanes(begun.logits, members[index]!.plan), begun.geometry.croppedShapeDhw[0]))) return null;
    }
    const last = await begin(members.length - 1);
    if (!last) return null;
    const classes = await classesOf(last, members[0]!.plan, votes, hooks);
    return classes && postprocessing ? applyPostprocessing(classes, last.geometry.storedShapeDhw, postprocessing) : classes;
  } finally {
    await votes?.dispose();
  }
}

/** On the stored grid; probabilities are made where somebody needs them. */
function classesOf({ logits, geometry }: Begun, plan: Plan, votes: VoteFile | null, { onProbabilities, entropies }: CaseHooks): Promise<LabelArray | null> {
  const measured = (planes: AsyncIterable<Float32Array>, kind: OutputKind) =>
    entropies ? watched(planes, (plane) => entropies.add(plane, kind, geometry, plan)) : planes;
  if (!votes && !onProbabilities) return classesOnStoredGrid(measured(logits, 'logits'), geometry, plan, 0);
  const own = probabilityPlanes(logits, plan);
  const voted = measured(votes ? votes.meanWith(own) : own, 'probabilities');
  const planes = onProbabilities ? watched(voted, (plane) => onProbabilities(plane, geometry, plan)) : voted;
  return classesOnStoredGrid(planes, geometry, plan, 0.5);
}

interface Begun {
  readonly geometry: CaseGeometry;
  /** On the cropped grid, not computed yet. */
  readonly logits: AsyncGenerator<Float32Array, void, undefined>;
}

async function beginMember(member: Member, options: PredictOptions, channels: readonly Volume[], path: string, hooks: CaseHooks): Promise<Begun | null> {
  const prepared = await prepareMember(member, options, channels, path, hooks);
  if (!prepared) return null;
  const { source, geometry, spec, predict, firstPart } = prepared;
  const planes = inferPlanes(source, geometry.shapeDhw, spec, {
    predict,
    mayGoOn: (done, total) => hooks.mayGoOn(firstPart + (1 - firstPart) * (done / total)),
  });
  return { geometry, logits: logitsOnCroppedGrid(planes, geometry, member.plan) };
}

interface Prepared {
  readonly geometry: CaseGeometry;
  readonly source: WindowSource;
  readonly spec: InferSpec;
  predict(windows: Float32Array): Float32Array;
  /** Of the work that the first stage of a cascade has done. */
  readonly firstPart: number;
}

/** The case preprocessed for a member; null when told to give up. Throws `predict/wrong-channels`. */
export async function prepareMember(
  { plan, configuration, engines, previous }: Member,
  options: PredictOptions,
  channels: readonly Volume[],
  path: string,
  { mayGoOn, scratchFolder }: Pick<CaseHooks, 'mayGoOn' | 'scratchFolder'>,
): Promise<Prepared | null> {
  if (channels.length !== plan.channels.length) {
    throw new AppException({ code: 'predict/wrong-channels', path, expected: plan.channels.length, actual: channels.length });
  }
  const firstPart = previous ? 0.5 : 0;
  const coarse = previous && (await predictCase(previous, channels, path, { scratchFolder, mayGoOn: (part) => mayGoOn(part * firstPart) }));
  if (previous && !coarse) return null;
  const { image, geometry } = preprocessImage(channels, plan, configuration);
  const { shapeDhw } = geometry;
  const alone = imageSource(image, shapeDhw, plan.channels.length);
  const source = coarse ? withOneHotClasses(alone, preprocessLabels(coarse, null, geometry, plan).classes, shapeDhw, plan.classes.length) : alone;
  const spec = inferSpecOf(plan, configuration, options, windowsPerCall(configuration, options.windowsPerCall));
  return { geometry, source, spec, firstPart, predict: (windows) => meanLogits(engines, windows) };
}

function meanLogits(engines: readonly InferenceEngine[], windows: Float32Array): Float32Array {
  const [first, ...others] = engines.map((engine) => engine.predict(windows));
  if (others.length > 0) averageInto(first!, others);
  return first!;
}

/** The same planes; each is shown to `look` first. */
async function* watched(
  planes: AsyncIterable<Float32Array>,
  look: (plane: Float32Array) => void | Promise<void>,
): AsyncGenerator<Float32Array, void, undefined> {
  for await (const plane of planes) {
    await look(plane);
    yield plane;
  }
}
