import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handlers, RunInfo } from '../contract/api.ts';
import { PredictOptions } from '../contract/predictOptions.ts';
import type { FindBestTask, PredictTask } from '../contract/tasks.ts';
import type { CaseId, JobId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { newJobId } from '../jobs/jobQueue.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import { type CrossValidated, type CrossValidation, crossValidationOf } from './crossValidation.ts';
import { modelsOf } from './predictServices.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

type FindBestInput = Parameters<Handlers['nnunet.findBest']>[0];

export function findBestServices(session: ProjectSession): Pick<Handlers, 'nnunet.findBest'> {
  return { 'nnunet.findBest': (input) => answer(() => session.during((project) => findBest(project, input))) };
}

/** Predictions that the runs left are used; others, and all those of pairs, are made now and thrown away afterwards. */
async function findBest({ store, queue }: OpenProject, { configurations, mirror }: FindBestInput): Promise<{ jobId: JobId }> {
  const crossValidation = crossValidationOf(store, configurations);
  const { entries, folds, caseIdsOfFold } = crossValidation;
  const jobId = newJobId('evaluate');
  const scratchFolder = join(store.folder.uploads, jobId); // swept when the project is opened or closed
  const candidates = [...entries.map((entry) => [entry]), ...pairsOf(entries)].map((members, n) => {
    const predicted = folds.map((fold, at) =>
      predictionsOf(
        store,
        members.map(({ runs }) => runs[at]!),
        caseIdsOfFold[at]!,
        mirror,
        join(scratchFolder, `${n}-${fold}`),
      ),
    );
    return { members, predicted };
  });
  const predictTasks = candidates.flatMap(({ predicted }) => predicted.flatMap(({ task }) => (task ? [task] : [])));
  for (const { cases } of predictTasks) await mkdir(join(cases[0]!.outputFile, '..'), { recursive: true });
  const task: FindBestTask = {
    task: 'findBest',
    outputFile: join(store.folder.path, 'inference_information.json'),
    folds: [...folds],
    mirror,
    truthFiles: truthFilesOf(store, crossValidation),
    candidates: candidates.map(({ members, predicted }) => ({
      name: members.map(({ name }) => name).join(' + '),
      configurations: members.map(({ preset, configuration }) => ({ preset, configuration })),
      runIds: members.flatMap(({ runs }) => runs.map(({ runId }) => runId)),
      runFolders: members.flatMap(({ runs }) => runs.map(({ runId }) => store.folder.run(runId))),
      predictionFiles: predicted.flatMap(({ files }) => files),
    })),
  };
  const tasks = [...predictTasks.map((predict) => () => predict), () => task];
  const title = `Find the best of ${candidates.length} model${candidates.length === 1 ? '' : 's'}`;
  const onEnded = () => rm(scratchFolder, { recursive: true, force: true });
  queue.submit({ kind: 'evaluate', isHeavy: predictTasks.length > 0, title, tasks, onItem() {}, onEnded }, jobId);
  return { jobId };
}

const pairsOf = (entries: readonly CrossValidated[]): CrossValidated[][] =>
  entries.flatMap((first, n) => entries.slice(n + 1).map((second) => [first, second]));

/** Files of the predictions of one fold in the order of `caseIds`, and the task that makes those that are not there. */
function predictionsOf(
  store: ProjectStore,
  runs: readonly RunInfo[],
  caseIds: readonly CaseId[],
  mirror: boolean,
  scratchFolder: string,
): { files: string[]; task: PredictTask | null } {
  const [only] = runs;
  const isKept = runs.length === 1 && only!.state === 'finished' && store.runs.options(only!.runId)?.recipe.tta === mirror;
  const fileOf = (caseId: CaseId): string => {
    const kept = store.folder.validation(only!.runId, caseId);
    return isKept && existsSync(kept) ? kept : join(scratchFolder, `${caseId}.nii.gz`);
  };
  const cases = caseIds
    .map((caseId) => ({ caseId, image: requireCase(store, caseId).image, outputFile: fileOf(caseId) }))
    .filter(({ outputFile }) => outputFile.startsWith(scratchFolder));
  const task: PredictTask = { task: 'predict', models: modelsOf(store, runs), options: PredictOptions.parse({ mirror, postprocess: false }), cases };
  return { files: caseIds.map(fileOf), task: cases.length > 0 ? task : null };
}

/** The labelmaps that the first configuration's runs were measured on, fold after fold. */
function truthFilesOf(store: ProjectStore, { entries, caseIdsOfFold }: CrossValidation): string[] {
  return caseIdsOfFold.flatMap((caseIds, n) => {
    const revisions = new Map(store.runs.cases(entries[0]!.runs[n]!.runId).map(({ caseId, revision }) => [caseId, revision]));
    return caseIds.map((caseId) => store.folder.revision(caseId, revisions.get(caseId)!));
  });
}
