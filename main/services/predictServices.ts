import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { PredictTask, TaskItem } from '../contract/tasks.ts';
import { type CaseId, type JobId, RevisionSource, type RunId } from '../contract/vocabulary.ts';
import type { StoredCase } from '../dataset/caseTable.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { newJobId } from '../jobs/jobQueue.ts';
import { answer } from './answer.ts';
import { listCases, requireCase } from './caseSummary.ts';
import type { EventHub } from './eventHub.ts';
import { ensureLabelsFolder } from './labelServices.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

type PredictCalls = 'nnunet.predict' | 'nnunet.predictFolder';
type PredictInput = Parameters<Handlers['nnunet.predict']>[0];

const MODEL_AUTHOR = 'model';

export function predictServices(session: ProjectSession, events: EventHub): Pick<Handlers, PredictCalls> {
  return {
    'nnunet.predict': (input) => answer(() => session.during((project) => predictCases(project, events, input))),
    'nnunet.predictFolder': ({ runId, inputFolder, outputFolder, mirror }) =>
      answer(() => {
        const { store, queue } = session.current();
        const folder = { inputFolder: resolve(inputFolder), outputFolder: resolve(outputFolder) };
        if (!existsSync(folder.inputFolder))
          throw new AppException({ code: 'project/folder-missing', path: folder.inputFolder });
        const run = chooseRun(store, runId);
        const task: PredictTask = { task: 'predict', runFolder: store.folder.run(run), mirror, cases: [], folder };
        const title = `Predict ${basename(folder.inputFolder)}`;
        return { jobId: queue.submit({ kind: 'predict', title, subject: run, tasks: [() => task], onItem() {} }) };
      }),
  };
}

async function predictCases(
  { store, queue }: OpenProject,
  events: EventHub,
  input: PredictInput,
): Promise<{ jobId: JobId }> {
  const runId = chooseRun(store, input.runId);
  const cases = chooseCases(store, input.caseIds);
  for (const { caseId } of cases) await ensureLabelsFolder(store, caseId);
  const jobId = newJobId('predict');
  const pendingFile = (caseId: CaseId) => store.folder.pendingLabels(caseId, jobId);
  const task: PredictTask = {
    task: 'predict',
    runFolder: store.folder.run(runId),
    mirror: input.mirror,
    cases: cases.map(({ caseId, image }) => ({ caseId, image, outputFile: pendingFile(caseId) })),
  };
  queue.submit(
    {
      kind: 'predict',
      title: cases.length === 1 ? `Predict ${cases[0]!.caseId}` : `Predict ${cases.length} cases`,
      subject: runId,
      tasks: [() => task],
      onItem(item) {
        if (item.kind !== 'prediction') return;
        storePrediction(store, runId, item);
        events.casesChanged(item.caseId);
      },
      async onEnded() {
        for (const { caseId } of cases) await rm(pendingFile(caseId), { force: true });
      },
    },
    jobId,
  );
  return { jobId };
}

/** A new revision on top of whatever is newest by now; an accepted labelmap stays the accepted one. */
function storePrediction(store: ProjectStore, runId: RunId, item: Extract<TaskItem, { kind: 'prediction' }>): void {
  const { caseId, labelFile: pendingFile, labelSha256: sha256 } = item;
  const parent = store.revisions.latest(caseId)?.revision ?? null;
  const source = RevisionSource.parse(`model:${runId}`);
  store.revisions.commit(
    { caseId, pendingFile, parent, source, author: MODEL_AUTHOR, sha256, isAccepted: false },
    Date.now(),
  );
}

/** Throws AppException predict/no-model, not-found. */
function chooseRun(store: ProjectStore, wanted: RunId | undefined): RunId {
  if (!wanted) {
    const last = store.runs.lastTrained();
    if (!last) throw new AppException({ code: 'predict/no-model' });
    return last;
  }
  const run = store.runs.find(wanted);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: wanted });
  if (!run.hasCheckpoint) throw new AppException({ code: 'predict/no-model' });
  return wanted;
}

function chooseCases(store: ProjectStore, wanted: readonly CaseId[] | undefined): StoredCase[] {
  if (wanted) return [...new Set(wanted)].map((caseId) => requireCase(store, caseId));
  const open = listCases(store).filter(({ acceptedRevision }) => acceptedRevision === null);
  if (open.length === 0) {
    const issues = ['caseIds: every case has an accepted label map; name the cases to predict'];
    throw new AppException({ code: 'contract/bad-input', issues });
  }
  return open.map(({ caseId }) => requireCase(store, caseId));
}
