import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { PredictOptions } from '../contract/predictOptions.ts';
import type { EvaluateTask, PredictTask } from '../contract/tasks.ts';
import type { CaseId, JobId, RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import { submitOutside } from './outsideJob.ts';
import { modelsOf } from './predictServices.ts';
import type { ProjectSession } from './projectSession.ts';

type EvaluateInput = Parameters<Handlers['evaluate.start']>[0];

export function evaluateServices(session: ProjectSession): Pick<Handlers, 'evaluate.start'> {
  return {
    'evaluate.start': (input) =>
      answer(async () => {
        const { of } = input;
        return of.kind === 'folders' ? evaluateFolders(session, input, of) : evaluateRun(session, input, of.runId);
      }),
  };
}

function evaluateFolders(
  session: ProjectSession,
  { outputFolder, absentScoresOne }: EvaluateInput,
  of: Extract<EvaluateInput['of'], { kind: 'folders' }>,
): { jobId: JobId } {
  const cases = {
    kind: 'folders' as const,
    predictionFolder: resolve(of.predictionFolder),
    truthFolder: resolve(of.truthFolder),
    ...(of.imageFolder !== undefined && { imageFolder: resolve(of.imageFolder) }),
  };
  for (const path of [cases.predictionFolder, cases.truthFolder, ...(cases.imageFolder ? [cases.imageFolder] : [])])
    if (!existsSync(path)) throw new AppException({ code: 'project/folder-missing', path });
  const title = `Evaluate ${basename(cases.predictionFolder)}`;
  const task: EvaluateTask = { task: 'evaluate', title, outputFolder: resolve(outputFolder), cases, absentScoresOne };
  const jobId = submitOutside(session.anyQueue(), {
    kind: 'evaluate',
    title,
    subject: task.outputFolder,
    writesInto: [task.outputFolder],
    tasks: [() => task],
    onItem() {},
  });
  return { jobId };
}

function evaluateRun(session: ProjectSession, { outputFolder, absentScoresOne }: EvaluateInput, runId: RunId): Promise<{ jobId: JobId }> {
  return session.during(async ({ store, queue }) => {
    const cases = validationCasesOf(store, runId);
    const missing = await predictMissing(
      store,
      runId,
      cases.map(({ caseId }) => caseId),
    );
    const title = `Evaluate ${runId}`;
    const task: EvaluateTask = {
      task: 'evaluate',
      title,
      outputFolder: resolve(outputFolder),
      absentScoresOne,
      cases: {
        kind: 'files',
        runFolder: store.folder.run(runId),
        legend: store.project.legend,
        files: cases.map(({ caseId, truthFile, imageFile }) => ({
          name: caseId,
          predictionFile: store.folder.validation(runId, caseId),
          truthFile,
          imageFile,
        })),
      },
    };
    const tasks = [...(missing ? [() => missing] : []), () => task];
    return {
      jobId: submitOutside(queue, { kind: 'evaluate', isHeavy: missing !== null, title, subject: runId, writesInto: [task.outputFolder], tasks, onItem() {} }),
    };
  });
}

interface ValidationCase {
  readonly caseId: CaseId;
  /** The labelmap revision that the run was measured on. */
  readonly truthFile: string;
  readonly imageFile: string;
}

/** Throws AppException not-found, evaluate/no-validation-cases. */
export function validationCasesOf(store: ProjectStore, runId: RunId): ValidationCase[] {
  if (!store.runs.find(runId)) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  const held = store.runs.cases(runId).filter(({ role }) => role === 'validation');
  if (held.length === 0) throw new AppException({ code: 'evaluate/no-validation-cases', runId });
  return held.map(({ caseId, revision }) => ({
    caseId,
    truthFile: store.folder.revision(caseId, revision),
    imageFile: requireCase(store, caseId).image.files[0]!,
  }));
}

/**
 * The task that predicts those held-back cases whose predictions the run did not leave; `null` when all are there. A run
 * that can still go on is predicted anew: what lies there may be of older weights.
 */
async function predictMissing(store: ProjectStore, runId: RunId, caseIds: readonly CaseId[]): Promise<PredictTask | null> {
  const run = store.runs.find(runId);
  const missing = caseIds.filter((caseId) => run?.state !== 'finished' || !existsSync(store.folder.validation(runId, caseId)));
  const [first] = missing;
  if (first === undefined) return null;
  if (!run?.hasCheckpoint) throw new AppException({ code: 'predict/no-model' });
  await mkdir(dirname(store.folder.validation(runId, first)), { recursive: true });
  return {
    task: 'predict',
    models: modelsOf(store, [run]),
    options: PredictOptions.parse({ mirror: store.runs.options(runId)?.recipe.tta ?? false, postprocess: false }),
    cases: missing.map((caseId) => ({ caseId, image: requireCase(store, caseId).image, outputFile: store.folder.validation(runId, caseId) })),
  };
}
