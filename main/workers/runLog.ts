/** What a run tells while it trains: `metrics.ndjson` (one JSON object per line) and TensorBoard event files. */
import { join } from 'node:path';
import type { Metric } from '../contract/jobs.ts';
import { vaultKeyOf } from '../vault/keyring.ts';
import { GrowingFile } from '../vault/sealedLog.ts';
import { TensorboardFile } from './tensorboardFile.ts';

/** Written at the start of every session of a run, before its metrics. */
export interface RunHeader {
  readonly runId: string;
  readonly configuration: string;
  readonly fold: number | string;
  readonly firstStep: number;
  readonly trainCaseCount: number;
  readonly validationCaseCount: number;
  readonly patch: readonly number[];
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly precision: string;
  /** Why: `--amp auto` chooses by the device. */
  readonly precisionReason: string;
  readonly recipe: object;
}

/** Lines come out in the order in which they were told; `closed` resolves when all are on disk. */
export class RunLog {
  #last: Promise<void> = Promise.resolve();

  private constructor(
    private readonly lines: GrowingFile,
    private readonly tensorboard: TensorboardFile | null,
    private readonly onProblem: (thrown: unknown) => void,
  ) {}

  /** In an encrypted project without files for TensorBoard, which could not read them. `onProblem`: a line that cannot be kept is worth a notice, not the training. */
  static async open(runFolder: string, header: RunHeader, onProblem: (thrown: unknown) => void): Promise<RunLog> {
    const atMs = Date.now();
    const path = join(runFolder, 'metrics.ndjson');
    const tensorboard = vaultKeyOf(path) ? null : await TensorboardFile.create(join(runFolder, 'tensorboard'), header.firstStep, atMs);
    const log = new RunLog(new GrowingFile(path), tensorboard, onProblem);
    await log.#line({ run: header, atMs });
    return log;
  }

  metric(metric: Metric): void {
    const atMs = Date.now();
    const tag = metric.label === undefined ? metric.name : `${metric.name}/${metric.label}`;
    this.#last = this.#last
      .then(() => this.#line({ ...metric, atMs }))
      .then(() => this.tensorboard?.scalar(tag, metric.step, metric.value, atMs))
      .catch(this.onProblem);
  }

  closed(): Promise<void> {
    return this.#last;
  }

  #line(value: object): Promise<void> {
    return this.lines.append(`${JSON.stringify(value)}\n`);
  }
}
