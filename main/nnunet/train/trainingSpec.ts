/** From the recipe of a training and the plan of its network to what the engine builds. */
import type { ComputePrecision, OptimizerSpec, TrainingSpec, UNetStage } from '../../../models/engine.ts';
import { AppException } from '../../contract/errors.ts';
import type { TrainingRecipe } from '../../contract/trainingRecipe.ts';
import { networkOf } from '../plan/plan.ts';
import type { Plan, PlanConfiguration } from '../plan/plan.ts';

const LOOKAHEAD = { syncPeriod: 6, slowStep: 0.5 }; // defaults of the seed's tensorflow-addons

/** The plan with what the recipe changes about the network, so that prediction builds the same one. */
export function planWith(recipe: TrainingRecipe, plan: Plan, name: PlanConfiguration['name']): Plan {
  const changed = (configuration: PlanConfiguration): PlanConfiguration => ({
    ...configuration,
    norm: recipe.norm ?? configuration.norm,
    negativeSlope: recipe.negativeSlope ?? configuration.negativeSlope,
    stages: recipe.baseFeatures ? stagesFrom(recipe.baseFeatures, configuration.stages) : configuration.stages,
    patch: patchOf(recipe, configuration),
  });
  return { ...plan, configurations: plan.configurations.map((one) => (one.name === name ? changed(one) : one)) };
}

/** The plan of a run that goes on, with the patch that the recipe asks for now; the network stays as it is. */
export function planWithPatch(recipe: TrainingRecipe, plan: Plan, name: PlanConfiguration['name']): Plan {
  return { ...plan, configurations: plan.configurations.map((one) => (one.name === name ? { ...one, patch: patchOf(recipe, one) } : one)) };
}

/** Throws AppException contract/bad-input for a patch that the network cannot halve as often as it must. */
function patchOf({ patch }: TrainingRecipe, { patch: planned, stages }: PlanConfiguration): readonly number[] {
  if (!patch) return planned;
  const steps = patchSteps(stages);
  const isUsable = patch.length === steps.length && patch.every((size, axis) => size % steps[axis]! === 0);
  if (!isUsable) throw new AppException({ code: 'contract/bad-input', issues: [`patch: ${patch.join('×')} is not made of multiples of ${steps.join('×')}`] });
  return patch;
}

/** By how much a network halves each axis in all. */
export const patchSteps = (stages: readonly Pick<UNetStage, 'stride'>[]): number[] =>
  stages[0]!.stride.map((_, axis) => stages.reduce((product, { stride }) => product * stride[axis]!, 1));

/** A narrower or wider network of the same shape. */
function stagesFrom(baseFeatures: number, stages: PlanConfiguration['stages']): PlanConfiguration['stages'] {
  const factor = baseFeatures / stages[0]!.features;
  return stages.map((stage) => ({ ...stage, features: Math.round(stage.features * factor) }));
}

export function trainingSpec(recipe: TrainingRecipe, plan: Plan, configuration: PlanConfiguration, precision: ComputePrecision): TrainingSpec {
  const batchSize = recipe.batchSize ?? configuration.batchSize;
  return {
    network: networkOf(plan, configuration),
    patch: configuration.patch,
    batchSize,
    accumulation: Math.min(recipe.accumulation ?? 1, batchSize),
    deepSupervisionWeights: recipe.deepSupervision ? configuration.deepSupervisionWeights : [1],
    supervision: recipe.supervision,
    batchDice: recipe.lossBatchReduction ?? configuration.batchDice,
    diceIncludesBackground: recipe.lossIncludeBackground,
    diceSmooth: recipe.diceSmooth,
    regions: plan.regions && plan.regions.map(({ classes }) => classes),
    ignoreClass: plan.ignoreClass,
    optimizer: optimizerOf(recipe),
    emaDecay: recipe.ema,
    precision,
    xla: recipe.xla,
  };
}

function optimizerOf({ optimizer, momentum, nesterov, weightDecay, weightDecayOn, gradientClip, lookahead }: TrainingRecipe): OptimizerSpec {
  const shared = { weightDecay, weightDecayOn, clipNorm: gradientClip, ...(lookahead && { lookahead: LOOKAHEAD }) };
  if (optimizer === 'sgd') return { kind: optimizer, momentum, nesterov, ...shared };
  return { kind: optimizer, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, ...shared };
}
