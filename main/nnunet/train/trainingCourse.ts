/**
 * What the clock decided in a training. By the seed alone a training repeats only where nothing hangs on time; the rate of a
 * training by minutes does, and so does after which epochs it was validated (which decides which weights are the best).
 */
export interface TrainingCourse {
  /** Of each step, as the network got it. */
  readonly rates: Float32Array;
  readonly losses: Float32Array;
  /** Steps after which it was validated on the way. */
  readonly validatedSteps: readonly number[];
}

/** Grows while a training goes on. */
export class CourseRecord {
  readonly #rates: number[];
  readonly #losses: number[];
  readonly #validatedSteps: number[];

  /** `before`: of the run that goes on, with what came after its checkpoint; of that only the first `steps` steps count. */
  constructor(before: TrainingCourse | null, steps: number) {
    this.#rates = before ? [...before.rates.subarray(0, steps)] : [];
    this.#losses = before ? [...before.losses.subarray(0, steps)] : [];
    this.#validatedSteps = before ? before.validatedSteps.filter((step) => step <= steps) : [];
  }

  step(rate: number, loss: number): void {
    this.#rates.push(rate);
    this.#losses.push(loss);
  }

  validated(step: number): void {
    if (!this.#validatedSteps.includes(step)) this.#validatedSteps.push(step);
  }

  get course(): TrainingCourse {
    return { rates: Float32Array.from(this.#rates), losses: Float32Array.from(this.#losses), validatedSteps: [...this.#validatedSteps] };
  }
}

/** Where two losses part first, counted from 1, and by how much they differ at most; over the steps that both have. */
export function compareLosses(
  a: Float32Array,
  b: Float32Array,
): { comparedSteps: number; firstDifferentStep: number | null; largestDifference: number | null } {
  const comparedSteps = Math.min(a.length, b.length);
  let firstDifferentStep: number | null = null;
  let largest = 0;
  for (let n = 0; n < comparedSteps; n++) {
    if (Object.is(a[n], b[n])) continue;
    firstDifferentStep ??= n + 1;
    const difference = Math.abs(a[n]! - b[n]!);
    if (difference > largest) largest = difference;
  }
  if (firstDifferentStep === null && a.length !== b.length) firstDifferentStep = comparedSteps + 1;
  return { comparedSteps, firstDifferentStep, largestDifference: comparedSteps === 0 ? null : largest };
}
