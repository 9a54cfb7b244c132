/** What a training tells about its steps and epochs while it runs. */
import type { StepResult } from '../../../models/engine.ts';
import type { JobPort } from '../../contract/jobPort.ts';
import type { Metric } from '../../contract/jobs.ts';
import { EpochTally } from './epochTally.ts';

const LOSS_REPORTS_PER_EPOCH = 5;

/** The step a metric belongs to; `epoch` counts from 1. */
interface Moment {
  readonly step: number;
  readonly epoch: number;
}

export class TrainReports {
  readonly #port: JobPort;
  readonly #losses: LossWindow;
  readonly #tally = new EpochTally();
  readonly #epochLoss = { sum: 0, count: 0 };

  constructor(port: JobPort, stepsPerEpoch: number) {
    this.#port = port;
    this.#losses = new LossWindow(Math.max(1, Math.floor(stepsPerEpoch / LOSS_REPORTS_PER_EPOCH)));
  }

  /** After each step; tells the mean loss five times in an epoch. */
  step(result: StepResult, { waitMs, stepMs }: { waitMs: number; stepMs: number }, at: Moment): void {
    this.#tally.add(result, waitMs, stepMs);
    if (Number.isFinite(result.loss)) {
      this.#epochLoss.sum += result.loss;
      this.#epochLoss.count++;
    }
    const meanLoss = this.#losses.add(result.loss);
    if (meanLoss !== null) this.#tell('trainLoss', meanLoss, at);
  }

  /** Mean loss since it was taken last; null when no step had a finite one. */
  takeMeanLoss(): number | null {
    const { sum, count } = this.#epochLoss;
    this.#epochLoss.sum = this.#epochLoss.count = 0;
    return count > 0 ? sum / count : null;
  }

  learningRate(rate: number, at: Moment): void {
    this.#tell('learningRate', rate, at);
  }

  /** After an epoch, also one that was cut short. */
  epoch({ skippedSteps, ...at }: Moment & { readonly skippedSteps: number }): void {
    for (const [name, value] of this.#tally.take()) this.#tell(name, value, at);
    this.#tell('skippedSteps', skippedSteps, at);
  }

  #tell(name: Metric['name'], value: number, { step, epoch }: Moment): void {
    this.#port.tell({ type: 'metric', metric: { name, epoch, step, value } });
  }
}

/** Mean of the finite losses of every `size` steps. */
class LossWindow {
  #sum = 0;
  #count = 0;
  #seen = 0;
  readonly #size: number;
  constructor(size: number) {
    this.#size = size;
  }
  /** The mean when the window is full, else null. */
  add(loss: number): number | null {
    if (Number.isFinite(loss)) {
      this.#sum += loss;
      this.#count++;
    }
    if (++this.#seen < this.#size) return null;
    const mean = this.#count > 0 ? this.#sum / this.#count : null;
    this.#sum = this.#count = this.#seen = 0;
    return mean;
  }
}
