/** How far a training is and how fast it learns there. */
import type { TrainingRecipe } from '../../contract/trainingRecipe.ts';

export interface TrainingBudget {
  /** Whichever comes first ends the training; at least one is given. */
  readonly totalSteps?: number;
  readonly totalMs?: number;
}

export type LearningRateSchedule = Pick<TrainingRecipe, 'learningRate' | 'scheduler' | 'endLearningRate' | 'firstCycleSteps' | 'warmUp'>;

const POLY_POWER = 0.9;
/** Rate at the end of a cycle of the seed's restarts (`CosineDecayRestarts(alpha=0.1)`). */
const RESTART_FLOOR = 0.1;
/** Where the warm-up begins: not at 0, or the first step would be wasted. */
const WARM_UP_START = 0.1;

/** 0 at the start, 1 when the budget is used up. */
export function budgetUsed({ totalSteps, totalMs }: TrainingBudget, step: number, elapsedMs: number): number {
  return Math.min(1, Math.max(totalSteps ? step / totalSteps : 0, totalMs ? elapsedMs / totalMs : 0));
}

/** Rate of the update after `step` updates, with the part `used` (0 … 1) of the budget behind it. */
export function learningRateAt(schedule: LearningRateSchedule, used: number, step: number): number {
  const { warmUp } = schedule;
  const rising = warmUp > 0 ? Math.min(1, (used + WARM_UP_START * warmUp) / warmUp) : 1;
  return rising * scheduledRate(schedule, used, step);
}

function scheduledRate({ learningRate, scheduler, endLearningRate, firstCycleSteps }: LearningRateSchedule, used: number, step: number): number {
  switch (scheduler) {
    case 'none':
      return learningRate;
    case 'poly':
      return endLearningRate + (learningRate - endLearningRate) * (1 - used) ** POLY_POWER;
    case 'cosine':
      return learningRate * halfCosine(used);
    case 'cosine_annealing': {
      const done = firstCycleSteps === null ? used : partOfCycle(step, firstCycleSteps);
      return learningRate * (RESTART_FLOOR + (1 - RESTART_FLOOR) * halfCosine(done));
    }
  }
}

const halfCosine = (part: number): number => 0.5 * (1 + Math.cos(Math.PI * part));

/** SGDR (arXiv 1608.03983): every cycle lasts twice as long as the one before. */
function partOfCycle(step: number, firstCycleSteps: number): number {
  let begin = 0;
  let length = firstCycleSteps;
  while (step >= begin + length) {
    begin += length;
    length *= 2;
  }
  return (step - begin) / length;
}

/** Seconds until the budget is used up at the pace so far; undefined while there is no pace. */
export function secondsLeft(used: number, elapsedMs: number): number | undefined {
  return used > 0 ? (elapsedMs * (1 - used)) / used / 1000 : undefined;
}

/**
 * Steps of one epoch: so many patches per training case on average, at least 10 and at most nnU-Net's 250. On a CPU 250
 * steps of a small data set would be ten minutes without a sign of life.
 */
export function stepsOfEpoch(caseCount: number, batchSize: number, patchesPerCase: number): number {
  return Math.min(250, Math.max(10, Math.ceil((patchesPerCase * caseCount) / batchSize)));
}
