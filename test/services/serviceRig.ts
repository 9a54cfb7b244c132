/** For tests: real services over a folder of their own. Import, export and saving are the real tasks; training and prediction a script. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok, toAppError, type Result } from '../../main/contract/errors.ts';
import type { JobPort } from '../../main/contract/jobPort.ts';
import type { GateTask } from '../../main/contract/gateTask.ts';
import type { PredictTask, ProposeTask, TaskInput, TrainTask } from '../../main/contract/tasks.ts';
import { readStoredImage, writeGzippedNifti, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { InProcessHost } from '../../main/jobs/testing/inProcessHost.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../../main/nnunet/gridDhw.ts';
import { caseUncertainty } from '../../main/nnunet/infer/caseUncertainty.ts';
import { runCompareRuns } from '../../main/workers/compareRuns.ts';
import { runCompareMasks } from '../../main/workers/compareMasks.ts';
import { runDeleteModel } from '../../main/workers/deleteModel.ts';
import { runDicomAsk } from '../../main/workers/dicomAsk.ts';
import { runDicomReceive } from '../../main/workers/dicomReceive.ts';
import { runDicomRetrieve } from '../../main/workers/dicomRetrieve.ts';
import { runDicomSend } from '../../main/workers/dicomSend.ts';
import { runEvaluate } from '../../main/workers/evaluate.ts';
import { runExamplePatches } from '../../main/workers/examplePatches.ts';
import { runExport } from '../../main/workers/export.ts';
import { runExportDataset } from '../../main/workers/exportDataset.ts';
import { runExportModel } from '../../main/workers/exportModel.ts';
import { runFindBest } from '../../main/workers/findBest.ts';
import { runImport } from '../../main/workers/import.ts';
import { runImportModel } from '../../main/workers/importModel.ts';
import { runMigrateLabels } from '../../main/workers/migrateLabels.ts';
import { runPlan } from '../../main/workers/plan.ts';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { runCheckLabels, runSaveLabelmap } from '../../main/workers/saveLabelmap.ts';
import { runThumbnails } from '../../main/workers/thumbnails.ts';
import type { ServiceDependencies } from '../../main/services/services.ts';
import { ServiceClient } from './serviceClient.ts';

export type Training = (input: TrainTask, port: JobPort) => Promise<Result<Record<string, unknown>>>;

/** Lets the tasks of a rig be replaced by a test. */
class ScriptedTasks {
  training: Training = trainInNoTime;
  prediction: (input: PredictTask, port: JobPort) => Promise<Result<Record<string, unknown>>> = predictThreshold;
  proposal: (input: ProposeTask, port: JobPort) => Promise<Result<Record<string, unknown>>> = async () => ok({ levels: '', seedLevel: 0 });
  /** Trainings by script leave no plan that the real one could read. */
  gate: (input: GateTask, port: JobPort) => Promise<Result<Record<string, unknown>>> = acceptAny;
  /** Runs before a labelmap is stored. */
  beforeSave: () => Promise<void> = async () => {};

  /** Never rejects, as in a compute process. */
  run = async (input: TaskInput, port: JobPort): Promise<Result<Record<string, unknown>>> => {
    try {
      return await this.#dispatch(input, port);
    } catch (thrown) {
      return err(toAppError(thrown));
    }
  };

  async #dispatch(input: TaskInput, port: JobPort): Promise<Result<Record<string, unknown>>> {
    switch (input.task) {
      case 'import':
        return runImport(input, port);
      case 'export':
        return runExport(input, port);
      case 'exportDataset':
        return runExportDataset(input, port);
      case 'evaluate':
        return runEvaluate(input, port);
      case 'exportModel':
        return runExportModel(input);
      case 'importModel':
        return runImportModel(input, port);
      case 'gate':
        return this.gate(input, port);
      case 'compareRuns':
        return runCompareRuns(input);
      case 'deleteModel':
        return runDeleteModel(input);
      case 'findBest':
        return runFindBest(input, port);
      case 'phantoms':
        return runPhantoms(input, port);
      case 'saveLabelmap':
        await this.beforeSave();
        return runSaveLabelmap(input, port);
      case 'checkLabels':
        return runCheckLabels(input);
      case 'migrateLabels':
        return runMigrateLabels(input, port);
      case 'train':
        return this.training(input, port);
      case 'plan':
        return runPlan(input, port);
      case 'bench':
        return ok({ mode: input.mode, cases: input.cases.length });
      case 'propose':
        return this.proposal(input, port);
      case 'predict':
        return this.prediction(input, port);
      case 'compareMasks':
        return runCompareMasks(input, port);
      case 'examplePatches':
        return runExamplePatches(input);
      case 'thumbnails':
        return runThumbnails(input, port);
      case 'dicomAsk':
        return runDicomAsk(input);
      case 'dicomRetrieve':
        return runDicomRetrieve(input, port);
      case 'dicomSend':
        return runDicomSend(input, port);
      case 'dicomReceive':
        return runDicomReceive(input, port);
      case 'checkRuntime':
        return ok({ version: 'scripted' });
    }
  }
}

export class ServiceRig extends ServiceClient {
  readonly projectFolder: string;

  private constructor(
    readonly root: string,
    readonly tasks: ScriptedTasks,
    readonly host: InProcessHost,
    shell: 'cli' | 'browser',
    clusters: ServiceDependencies['clusters'],
  ) {
    super(host, join(root, 'state'), shell, clusters);
    this.projectFolder = join(root, 'project');
  }

  /** `browser`: a program that stays, in which a retraining may start by itself. */
  static create(
    root = mkdtempSync(join(tmpdir(), 'maskloop-services-')),
    shell: 'cli' | 'browser' = 'cli',
    clusters?: ServiceDependencies['clusters'],
  ): ServiceRig {
    const tasks = new ScriptedTasks();
    return new ServiceRig(root, tasks, new InProcessHost(tasks.run), shell, clusters);
  }

  async dispose(): Promise<void> {
    await this.services.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  async createWithPhantoms(caseCount: number, labelledCount: number): Promise<void> {
    await this.call('project.create', { folder: this.projectFolder });
    const { jobId } = await this.call('project.addPhantoms', { caseCount, labelledCount });
    const job = await this.jobEnd(jobId);
    if (job.state !== 'succeeded') throw new Error(JSON.stringify(job));
  }
}

export const trainInNoTime: Training = async (input, port) => {
  tellCheckpoint(input, port, 1);
  return ok({});
};

/** The same, leaving a file where the predictions of the held-out cases belong. */
export const trainKeepingValidation: Training = async (input, port) => {
  mkdirSync(join(input.runFolder, 'validation'), { recursive: true });
  for (const { caseId, role } of input.cases) if (role === 'validation') writeFileSync(join(input.runFolder, 'validation', `${caseId}.nii.gz`), '');
  return trainInNoTime(input, port);
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

const acceptAny: ScriptedTasks['gate'] = async ({ runId, currentRunId, rules, seed }, port) => {
  const nothing = { warnings: [], mean: null, structures: [], canary: null, cases: [] };
  port.tell({
    type: 'item',
    item: {
      kind: 'gateVerdict',
      verdict: { version: 1, runId, currentRunId, judgedAtMs: Date.now(), outcome: 'accepted', reasons: [{ code: 'notWorse' }], rules, seed, ...nothing },
    },
  });
  return ok({});
};

/** Everything brighter than the mean is label 1; the nearer to the mean, the less certain. */
async function predictThreshold(input: PredictTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  for (const { caseId, image, outputFile, uncertaintyFile } of input.cases) {
    const [volume] = await readStoredImage(image);
    if (!volume) throw new Error('no channel');
    let sum = 0;
    for (const value of volume.voxels) sum += value;
    const mean = sum / volume.voxels.length;
    const labels = Uint8Array.from(volume.voxels, (value) => (value > mean ? 1 : 0));
    const { sha256 } = await writeLabelmap(outputFile, volume.grid, labels);
    const map = Uint8Array.from(volume.voxels, (value) => 255 / (1 + Math.abs(value - mean) / 100));
    if (uncertaintyFile !== undefined) await writeGzippedNifti(uncertaintyFile, volume.grid, map);
    const uncertainty = caseUncertainty(map, labels, gridShapeDhw(volume.grid), gridSpacingDhwMm(volume.grid));
    port.tell({
      type: 'item',
      item: {
        kind: 'prediction',
        caseId,
        labelFile: outputFile,
        labelSha256: sha256,
        elapsedSeconds: 0,
        ...(uncertaintyFile !== undefined && { uncertainty }),
      },
    });
  }
  return ok({ predictedCount: input.cases.length });
}
