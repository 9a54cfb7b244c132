/** How far a training is and how fast it learns there. */
export interface TrainingBudget {
  /** Whichever comes first ends the training; at least one is given. */
  readonly totalSteps?: number;
  readonly totalMs?: number;
}

const WARM_UP_PART = 0.05;
const POLY_POWER = 0.9;

/** 0 at the start, 1 when the budget is used up. */
export function budgetUsed({ totalSteps, totalMs }: TrainingBudget, step: number, elapsedMs: number): number {
  return Math.min(1, Math.max(totalSteps ? step / totalSteps : 0, totalMs ? elapsedMs / totalMs : 0));
}

/** Linear warm-up over the first 5 %, then nnU-Net's polynomial decay to 0 over the whole budget. */
export function learningRateAt(base: number, used: number): number {
  return base * Math.min(1, (used + 0.1 * WARM_UP_PART) / WARM_UP_PART) * (1 - used) ** POLY_POWER;
}

/** Seconds until the budget is used up at the pace so far; undefined while there is no pace. */
export function secondsLeft(used: number, elapsedMs: number): number | undefined {
  return used > 0 ? (elapsedMs * (1 - used)) / used / 1000 : undefined;
}

/**
 * Steps of one epoch: four patches per training case on average, at least 10 and at most nnU-Net's 250. On a CPU 250
 * steps of a small data set would be ten minutes without a sign of life.
 */
export function defaultStepsPerEpoch(caseCount: number, batchSize: number): number {
  return Math.min(250, Math.max(10, Math.ceil((4 * caseCount) / batchSize)));
}
