/** Which code does a task. Imports are dynamic so that TensorFlow is loaded by those tasks only that need it. */
import type { JobPort } from '../contract/jobPort.ts';
import { err, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { TaskInput } from '../contract/tasks.ts';
import type { EngineFactory } from '../../models/engine.ts';

/** Never rejects: what a task throws becomes an `AppError`. */
export async function runTask(input: TaskInput, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    return await dispatch(input, port);
  } catch (thrown) {
    return err(runtimeProblem(thrown) ?? toAppError(thrown));
  }
}

async function dispatch(input: TaskInput, port: JobPort): Promise<Result<Record<string, unknown>>> {
  switch (input.task) {
    case 'import':
      return (await import('./import.ts')).runImport(input, port);
    case 'plan':
      return (await import('./plan.ts')).runPlan(input, port);
    case 'train':
      return (await import('./train.ts')).runTrain(input, port, await loadEngine());
    case 'bench':
      return (await import('./bench.ts')).runBench(input, port, await loadEngine());
    case 'predict':
      return (await import('./predict.ts')).runPredict(input, port, await loadEngine());
    case 'evaluate':
      return (await import('./evaluate.ts')).runEvaluate(input, port);
    case 'findBest':
      return (await import('./findBest.ts')).runFindBest(input, port);
    case 'gate':
      return (await import('./gate.ts')).runGate(input, port);
    case 'compareRuns':
      return (await import('./compareRuns.ts')).runCompareRuns(input);
    case 'deleteModel':
      return (await import('./deleteModel.ts')).runDeleteModel(input);
    case 'export':
      return (await import('./export.ts')).runExport(input, port);
    case 'exportDataset':
      return (await import('./exportDataset.ts')).runExportDataset(input, port);
    case 'exportModel':
      return (await import('./exportModel.ts')).runExportModel(input);
    case 'importModel':
      return (await import('./importModel.ts')).runImportModel(input, port);
    case 'phantoms':
      return (await import('./phantoms.ts')).runPhantoms(input, port);
    case 'saveLabelmap':
      return (await import('./saveLabelmap.ts')).runSaveLabelmap(input, port);
    case 'checkLabels':
      return (await import('./saveLabelmap.ts')).runCheckLabels(input);
    case 'compareMasks':
      return (await import('./compareMasks.ts')).runCompareMasks(input, port);
    case 'propose': {
      const factory = await loadEngine();
      return (await import('./propose.ts')).runPropose(input, port, factory);
    }
    case 'examplePatches':
      return (await import('./examplePatches.ts')).runExamplePatches(input);
    case 'thumbnails':
      return (await import('./thumbnails.ts')).runThumbnails(input, port);
    case 'migrateLabels':
      return (await import('./migrateLabels.ts')).runMigrateLabels(input, port);
    case 'dicomAsk':
      return (await import('./dicomAsk.ts')).runDicomAsk(input);
    case 'dicomRetrieve':
      return (await import('./dicomRetrieve.ts')).runDicomRetrieve(input, port);
    case 'dicomSend':
      return (await import('./dicomSend.ts')).runDicomSend(input, port);
    case 'dicomReceive':
      return (await import('./dicomReceive.ts')).runDicomReceive(input, port);
    case 'checkRuntime': {
      const factory = await loadEngine();
      return (await import('./checkRuntime.ts')).runCheckRuntime(factory);
    }
  }
}

async function loadEngine(): Promise<EngineFactory> {
  return (await import('../compute/engineFactory.ts')).loadEngineFactory();
}

/** `RuntimeLoadError` of main/compute, known by its shape: importing its class here would load its module for every task. */
function runtimeProblem(thrown: unknown): AppError | null {
  if (!(thrown instanceof Error) || thrown.name !== 'RuntimeLoadError' || !('kind' in thrown)) return null;
  return { code: thrown.kind === 'missing' ? 'runtime/missing' : 'runtime/broken', detail: thrown.message };
}
