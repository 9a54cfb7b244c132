import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Handlers, RunInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { MODEL_AUTHOR } from '../contract/provenance.ts';
import type { PredictTask, TaskItem } from '../contract/tasks.ts';
import { type CaseId, type JobId, RevisionSource, type RunId } from '../contract/vocabulary.ts';
import type { StoredCase } from '../dataset/caseTable.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { keepUncertainty } from '../dataset/uncertaintyFiles.ts';
import { parsePlan } from '../nnunet/plan/plan.ts';
import { newJobId } from '../jobs/jobQueue.ts';
import { readFile } from '../vault/readSealed.ts';
import { answer } from './answer.ts';
import { listCases, requireCase } from './caseSummary.ts';
import type { EventHub } from './eventHub.ts';
import { ensureLabelsFolder } from './labelServices.ts';
import { explainPredictionDeath } from './memoryDeaths.ts';
import { modelName } from './modelName.ts';
import { submitOutside } from './outsideJob.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

type PredictCalls = 'nnunet.predict' | 'nnunet.predictFolder';
type PredictInput = Parameters<Handlers['nnunet.predict']>[0];

export function predictServices(session: ProjectSession, events: EventHub, softwareVersion: string, actor: string): Pick<Handlers, PredictCalls> {
  return {
    'nnunet.predict': (input) => answer(() => session.during((project) => predictCases(project, events, actor, input))),
    'nnunet.predictFolder': ({ runIds, inputFolder, outputFolder, saveProbabilities, format, memory, ...options }) =>
      answer(() => {
        const { store, queue } = session.current();
        const runs = chooseRuns(store, runIds);
        const models = modelsOf(store, runs);
        const about = {
          softwareVersion,
          legend: store.project.legend,
          models: runs.map((run) => ({ ...modelName(run), runFolder: store.folder.run(run.runId) })),
        };
        const folder = { inputFolder: resolve(inputFolder), outputFolder: resolve(outputFolder), saveProbabilities, format, about };
        if (!existsSync(folder.inputFolder)) throw new AppException({ code: 'project/folder-missing', path: folder.inputFolder });
        const task: PredictTask = { task: 'predict', models, options, memory, cases: [], folder };
        const title = `Predict ${basename(folder.inputFolder)}`;
        const subject = runs.map(({ runId }) => runId).join('+');
        return {
          jobId: submitOutside(queue, {
            kind: 'predict',
            title,
            subject,
            writesInto: [folder.outputFolder],
            tasks: [() => task],
            onItem() {},
            explain: (error) => explainPredictionDeath(error, runs, options),
          }),
        };
      }),
  };
}

async function predictCases({ store, queue }: OpenProject, events: EventHub, actor: string, input: PredictInput): Promise<{ jobId: JobId }> {
  const { runIds, caseIds, memory, ...options } = input;
  const runs = chooseRuns(store, runIds);
  for (const { runId } of runs) await refuseOldLegend(store, runId);
  const models = modelsOf(store, runs);
  const voters = runs.map(({ runId }) => runId).join('+');
  const cases = chooseCases(store, caseIds);
  for (const { caseId } of cases) await ensureLabelsFolder(store, caseId);
  const jobId = newJobId('predict');
  const pendingFile = (caseId: CaseId) => store.folder.pendingLabels(caseId, jobId);
  const pendingMap = (caseId: CaseId) => store.folder.pendingLabels(caseId, `${jobId}.uncertainty`);
  const stored = new Set<CaseId>();
  // made anew where the process died: what is stored is not predicted twice
  const task = (): PredictTask => ({
    task: 'predict',
    models,
    options,
    memory,
    cases: cases
      .filter(({ caseId }) => !stored.has(caseId))
      .map(({ caseId, image }) => ({ caseId, image, outputFile: pendingFile(caseId), uncertaintyFile: pendingMap(caseId) })),
  });
  queue.submit(
    {
      kind: 'predict',
      title: cases.length === 1 ? `Predict ${cases[0]!.caseId}` : `Predict ${cases.length} cases`,
      subject: voters,
      request: { call: 'nnunet.predict', input: { ...options, memory, runIds: runs.map(({ runId }) => runId), caseIds: cases.map(({ caseId }) => caseId) } },
      tasks: [task],
      explain: (error) => explainPredictionDeath(error, runs, options),
      onItem(item) {
        if (item.kind !== 'prediction') return;
        stored.add(item.caseId);
        storePrediction(store, actor, voters, item, pendingMap(item.caseId));
        events.casesChanged(item.caseId);
      },
      async onEnded() {
        for (const { caseId } of cases) for (const file of [pendingFile(caseId), pendingMap(caseId)]) await rm(file, { force: true });
      },
    },
    jobId,
  );
  return { jobId };
}

/**
 * A label that an operation on the legend took away would come back nameless. Throws AppException predict/legend-changed. A
 * folder's predictions go by the names of the model and are not asked.
 */
async function refuseOldLegend(store: ProjectStore, runId: RunId): Promise<void> {
  const file = join(store.folder.run(runId), 'plans.json');
  if (!existsSync(file)) return; // the prediction says what is missing
  const { classes } = parsePlan(await readFile(file, 'utf8'), file);
  const known = new Set(store.project.legend.map(({ labelValue }) => labelValue));
  const gone = classes.filter(({ labelValue }) => !known.has(labelValue));
  if (gone.length > 0) throw new AppException({ code: 'predict/legend-changed', runId, names: gone.map(({ name }) => name) });
}

/** A new revision on top of whatever is newest by now; an accepted labelmap stays the accepted one. */
function storePrediction(store: ProjectStore, actor: string, voters: string, item: Extract<TaskItem, { kind: 'prediction' }>, pendingMap: string): void {
  const { caseId, labelFile: pendingFile, labelSha256: sha256, uncertainty } = item;
  const parent = store.revisions.latest(caseId)?.revision ?? null;
  const source = RevisionSource.parse(`model:${voters}`);
  const { revision } = store.revisions.commit({ caseId, pendingFile, parent, source, author: MODEL_AUTHOR, actor, sha256, isAccepted: false }, Date.now());
  if (uncertainty) keepUncertainty(store.folder, { caseId, revision, sha256 }, pendingMap, uncertainty);
}

/** Without a choice the current model, or while there is none the run trained last. Throws AppException predict/no-model, not-found. */
export function chooseRuns(store: ProjectStore, wanted: readonly RunId[] | undefined): RunInfo[] {
  const chosen = wanted ?? [store.models.current() ?? store.runs.lastTrained()];
  return [...new Set(chosen)].map((runId) => {
    if (!runId) throw new AppException({ code: 'predict/no-model' });
    const run = store.runs.find(runId);
    if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
    if (!run.hasCheckpoint) throw new AppException({ code: 'predict/no-model' });
    return run;
  });
}

/** Throws AppException predict/no-previous-stage. */
export function modelsOf(store: ProjectStore, runs: readonly RunInfo[]): PredictTask['models'] {
  return runs.map((run) => {
    const previous = run.configuration === '3d_cascade_fullres' ? [previousStageOf(store, run)] : [];
    return { runFolder: store.folder.run(run.runId), previousRunFolders: previous.map(({ runId }) => store.folder.run(runId)) };
  });
}

/**
 * The `3d_lowres` model that a cascade was trained behind, of its own fold where there is one. An imported cascade names
 * none: any `3d_lowres` model of the project will do, the newest first.
 */
function previousStageOf(store: ProjectStore, { runId, fold }: RunInfo): RunInfo {
  const recorded = store.runs.options(runId)?.previousRunIds ?? [];
  const usable = store.runs
    .list()
    .filter((run) => run.configuration === '3d_lowres' && run.hasCheckpoint && (recorded.length === 0 || recorded.includes(run.runId)));
  const found = usable.find((run) => run.fold === fold) ?? usable[0];
  if (!found) throw new AppException({ code: 'predict/no-previous-stage', runId });
  return found;
}

function chooseCases(store: ProjectStore, wanted: readonly CaseId[] | undefined): StoredCase[] {
  if (wanted) return [...new Set(wanted)].map((caseId) => requireCase(store, caseId));
  const open = listCases(store).filter(({ acceptedRevision, exclusion }) => acceptedRevision === null && exclusion === null);
  if (open.length === 0) {
    const issues = ['caseIds: every case has an accepted label map; name the cases to predict'];
    throw new AppException({ code: 'contract/bad-input', issues });
  }
  return open.map(({ caseId }) => requireCase(store, caseId));
}
