/** What the steps of one epoch were like, for the metrics. */
import type { StepResult } from '../../../models/engine.ts';
import type { Metric } from '../../contract/jobs.ts';

export class EpochTally {
  #steps = 0;
  #waitMs = 0;
  #stepMs = 0;
  #normSum = 0;
  #normCount = 0;
  #lossScale = 1;

  /** `waitMs`: from asking for a batch until it was there. `stepMs`: of the update. */
  add({ gradientNorm, lossScale }: StepResult, waitMs: number, stepMs: number): void {
    this.#steps++;
    this.#waitMs += waitMs;
    this.#stepMs += stepMs;
    this.#lossScale = lossScale;
    if (Number.isFinite(gradientNorm)) {
      this.#normSum += gradientNorm;
      this.#normCount++;
    }
  }

  /** The metrics of the epoch (none without a step); begins the next one. */
  take(): [Metric['name'], number][] {
    if (this.#steps === 0) return [];
    const totalMs = this.#waitMs + this.#stepMs;
    const metrics: [Metric['name'], number][] = [['secondsPerStep', totalMs / 1000 / this.#steps]];
    if (totalMs > 0) metrics.push(['waitingShare', this.#waitMs / totalMs]);
    metrics.push(['lossScale', this.#lossScale]);
    if (this.#normCount > 0) metrics.push(['gradientNorm', this.#normSum / this.#normCount]);
    this.#steps = this.#waitMs = this.#stepMs = this.#normSum = this.#normCount = 0;
    return metrics;
  }
}
