/** Before a training takes memory: what it will need, against what there is. */
import type { EngineFactory, TrainingSpec } from '../../models/engine.ts';
import { AppException } from '../contract/errors.ts';
import type { AppError } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TaskItem, TrainTask } from '../contract/tasks.ts';
import { largestCase } from '../nnunet/infer/inferenceMemory.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import { expectedShapes } from '../nnunet/preprocess/preprocess.ts';
import { choosePrecision } from '../nnunet/train/choosePrecision.ts';
import { offersBelow, offersFitting, trainingBytes } from '../nnunet/train/trainingMemory.ts';
import type { TrainingSurroundings } from '../nnunet/train/trainingMemory.ts';
import { planWithPatch, trainingSpec } from '../nnunet/train/trainingSpec.ts';
import { memoryForThisProcess } from './availableMemory.ts';
import { cacheLimitBytes } from './preprocessedStore.ts';
import { writePlan } from './runFiles.ts';

export interface SettledTraining {
  /** With the recipe that is trained. */
  readonly input: TrainTask;
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly spec: TrainingSpec;
  readonly precisionReason: string;
}

/**
 * The training as it will run. With `memory: 'fit'` the first offer is taken where it would not fit, and told as an item.
 * Throws `train/memory-short` where nothing fits, or nobody chose. Graphics cards are not asked for their memory.
 */
export async function settleTraining(
  input: TrainTask,
  plan: Plan,
  factory: EngineFactory,
  port: JobPort,
  availableBytes = memoryForThisProcess(),
): Promise<SettledTraining> {
  const settled = settledWith(input, plan, factory);
  if (input.memory === 'ignore' || factory.device.kind === 'gpu') return settled;
  const surroundings = surroundingsOf(settled);
  const neededBytes = trainingBytes(settled.spec, surroundings);
  if (neededBytes <= availableBytes) return settled;
  const offers = offersFitting(settled.spec, surroundings, availableBytes);
  const [first] = offers;
  if (input.memory !== 'fit' || !first) throw new AppException({ code: 'train/memory-short', neededBytes, availableBytes, offers });
  const item: TaskItem = { kind: 'fittedRecipe', choices: first.choices };
  port.tell({ type: 'item', item });
  const recipe = { ...input.recipe, ...first.choices };
  const changed = planWithPatch(recipe, plan, input.configuration);
  await writePlan(input.runFolder, changed);
  return settledWith({ ...input, recipe }, changed, factory);
}

function settledWith(input: TrainTask, plan: Plan, factory: EngineFactory): SettledTraining {
  const configuration = configurationOf(plan, input.configuration);
  const { precision, reason } = choosePrecision(input.amp, factory.device);
  return { input, plan, configuration, spec: trainingSpec(input.recipe, plan, configuration, precision), precisionReason: reason };
}

function surroundingsOf({ input, plan, configuration, spec }: SettledTraining): TrainingSurroundings {
  const channels = plan.channels.length;
  const shapes = (role: 'train' | 'validation') =>
    input.cases.filter((one) => one.role === role).map(({ image }) => ({ channels, ...expectedShapes(image.grid, plan, configuration) }));
  const unpackedBytes = shapes('train').reduce((sum, { shapeDhw: [d, h, w] }) => sum + d * h * w * (4 * channels + 1), 0);
  const network = { network: spec.network, patch: spec.patch, windowsPerCall: 1, count: 0 };
  return { cachedBytes: Math.min(unpackedBytes, cacheLimitBytes()), validationBytes: largestCase(network, shapes('validation')) };
}

/** `null`: something else went wrong. TensorFlow and V8 say it in words only. */
export function outOfMemory(thrown: unknown, spec: TrainingSpec): AppError | null {
  const detail = memoryMessage(thrown);
  return detail === null ? null : { code: 'train/out-of-memory', detail, offers: offersBelow(spec) };
}

/** The first line of what says that memory ran out: TensorFlow's ResourceExhausted, the C++ library, V8. */
export function memoryMessage(thrown: unknown): string | null {
  const text = thrown instanceof Error ? thrown.message : '';
  const isMemory = /out of memory|OOM when allocating|bad_alloc|RESOURCE_?EXHAUSTED|Array buffer allocation failed|Invalid (typed )?array length/i.test(text);
  return isMemory ? (text.split('\n')[0] ?? '') : null;
}
