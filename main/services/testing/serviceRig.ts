/** For tests: real services over a folder of their own. Import, export and saving are the real tasks; training and prediction a script. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppEvent, CallInput, CallName, CallOutput } from '../../contract/api.ts';
import { AppException, type AppError, ok, type Result } from '../../contract/errors.ts';
import type { JobPort } from '../../contract/jobPort.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { PredictTask, TaskInput, TrainTask } from '../../contract/tasks.ts';
import { readStoredImage, writeLabelmap } from '../../dataset/storedVolume.ts';
import { InProcessHost } from '../../jobs/testing/inProcessHost.ts';
import { runExport } from '../../workers/export.ts';
import { runImport } from '../../workers/import.ts';
import { runPhantoms } from '../../workers/phantoms.ts';
import { runSaveLabelmap } from '../../workers/saveLabelmap.ts';
import { callService } from '../callService.ts';
import { createServices } from '../createServices.ts';
import type { Services } from '../services.ts';

export type Training = (input: TrainTask, port: JobPort) => Promise<Result<Record<string, unknown>>>;

export class ServiceRig {
  readonly root: string;
  readonly projectFolder: string;
  readonly host: InProcessHost;
  readonly events: AppEvent[] = [];
  services: Services;
  /** A test may put another training here. */
  training: Training = trainInNoTime;
  /** Runs before a labelmap is stored; a test may let something happen in between. */
  beforeSave: () => Promise<void> = async () => {};

  constructor(root = mkdtempSync(join(tmpdir(), 'maskloop-services-'))) {
    this.root = root;
    this.projectFolder = join(this.root, 'project');
    this.host = new InProcessHost((input, port) => this.#run(input, port));
    this.services = this.#create();
  }

  /** What a new start of the program is. */
  async restart(): Promise<void> {
    await this.services.close();
    this.services = this.#create();
  }

  async dispose(): Promise<void> {
    await this.services.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Through the door that shells use; throws what comes back as an error. */
  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const result = await callService(this.services.handlers, name, input);
    if (!result.ok) throw new AppException(result.error);
    return result.value as CallOutput<K>;
  }

  async errorOf<K extends CallName>(name: K, input: CallInput<K>): Promise<AppError> {
    const result = await callService(this.services.handlers, name, input);
    if (result.ok) throw new Error(`${name} succeeded`);
    return result.error;
  }

  async jobEnd(jobId: string): Promise<JobSummary> {
    for (let n = 0; n < 2000; n++) {
      const { jobs } = await this.call('jobs.list', {});
      const job = jobs.find((one) => one.jobId === jobId);
      if (job?.endedAtMs !== undefined) return job;
      await sleep(5);
    }
    throw new Error(`${jobId} does not end`);
  }

  async createWithPhantoms(caseCount: number, labelledCount: number): Promise<void> {
    await this.call('project.create', { folder: this.projectFolder });
    const { jobId } = await this.call('project.addPhantoms', { caseCount, labelledCount });
    const job = await this.jobEnd(jobId);
    if (job.state !== 'succeeded') throw new Error(JSON.stringify(job));
  }

  async get(path: string): Promise<{ status: number; contentLength: number | null; bytes: Buffer }> {
    const { status, contentLength, body } = await this.services.bulk.get(path);
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    return { status, contentLength, bytes: Buffer.concat(chunks) };
  }

  #create(): Services {
    const host = { shell: 'cli', version: '0', userName: 'reader', stateFolder: join(this.root, 'state') } as const;
    const services = createServices({ compute: this.host, host });
    services.subscribe((event) => this.events.push(event));
    return services;
  }

  async #run(input: TaskInput, port: JobPort): Promise<Result<Record<string, unknown>>> {
    switch (input.task) {
      case 'import':
        return runImport(input, port);
      case 'export':
        return runExport(input, port);
      case 'phantoms':
        return runPhantoms(input, port);
      case 'saveLabelmap':
        await this.beforeSave();
        return runSaveLabelmap(input, port);
      case 'train':
        return this.training(input, port);
      case 'predict':
        return predictThreshold(input, port);
      case 'checkRuntime':
        return ok({ version: 'scripted' });
    }
  }
}

export const trainInNoTime: Training = async (input, port) => {
  tellCheckpoint(input, port, 1);
  return ok({});
};

/** Writes a checkpoint file and tells of it, with a metric before it. */
export function tellCheckpoint(input: TrainTask, port: JobPort, epoch: number): void {
  const step = epoch * 10;
  mkdirSync(input.runFolder, { recursive: true });
  port.tell({ type: 'metric', metric: { name: 'trainLoss', epoch, step, value: 1 / epoch } });
  writeFileSync(join(input.runFolder, 'checkpoint_latest.bin'), String(epoch));
  const dice = { validationDice: 0.5, validationDicePerLabel: { body: 0.5 } };
  port.tell({ type: 'item', item: { kind: 'checkpoint', epoch, step, elapsedSeconds: epoch, isBest: true, ...dice } });
}

/** Everything brighter than the mean is label 1. */
async function predictThreshold(input: PredictTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  for (const { caseId, image, outputFile } of input.cases) {
    const [volume] = await readStoredImage(image);
    if (!volume) throw new Error('no channel');
    let sum = 0;
    for (const value of volume.voxels) sum += value;
    const mean = sum / volume.voxels.length;
    const { sha256 } = await writeLabelmap(
      outputFile,
      volume.grid,
      Uint8Array.from(volume.voxels, (value) => (value > mean ? 1 : 0)),
    );
    port.tell({
      type: 'item',
      item: { kind: 'prediction', caseId, labelFile: outputFile, labelSha256: sha256, elapsedSeconds: 0 },
    });
  }
  return ok({ predictedCount: input.cases.length });
}
