/** Models that leave a project, and models that come from another one. */
import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { ExportModelTask, ImportModelTask, TaskItem } from '../contract/tasks.ts';
import { type JobId, RunId, type Segment } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { RunOptions } from '../dataset/runTable.ts';
import { newJobId } from '../jobs/jobQueue.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';
import { submitOutside } from './outsideJob.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

type ModelCalls = 'model.export' | 'model.import';

export function modelServices(session: ProjectSession, events: EventHub, author: string): Pick<Handlers, ModelCalls> {
  return {
    'model.export': (input) => answer(() => startExport(session.current(), author, input)),
    'model.import': ({ file }) => answer(() => startImport(session.current(), events, author, resolve(file))),
  };
}

function startExport({ store, queue }: OpenProject, actor: string, { runId, format, output }: Parameters<Handlers['model.export']>[0]): { jobId: JobId } {
  const run = store.runs.find(runId);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  if (!run.hasCheckpoint) throw new AppException({ code: 'predict/no-model' });
  const { epoch, step, elapsedSeconds, validationDice, validationDicePerLabel } = run;
  const task: ExportModelTask = {
    task: 'exportModel',
    format,
    runFolder: store.folder.run(runId),
    output: resolve(output),
    measures: { epoch, step, elapsedSeconds, validationDice, validationDicePerLabel },
  };
  store.note({ actor, action: 'exportModel', subject: runId, facts: { format, output: task.output } });
  const writesInto = [format === 'bundle' ? dirname(task.output) : task.output];
  return { jobId: submitOutside(queue, { kind: 'export', title: `Export model ${runId}`, subject: runId, writesInto, tasks: [() => task], onItem() {} }) };
}

function startImport({ store, queue }: OpenProject, events: EventHub, author: string, file: string): { jobId: JobId } {
  if (!existsSync(file)) throw new AppException({ code: 'model/unusable', path: file, detail: 'the file does not exist' });
  const jobId = newJobId('import');
  const runFolder = store.folder.pendingRun(jobId);
  const task: ImportModelTask = { task: 'importModel', bundleFile: file, runFolder, author };
  queue.submit(
    {
      kind: 'import',
      title: `Import model ${basename(file)}`,
      tasks: [() => task],
      onItem(item) {
        if (item.kind !== 'importedModel') return;
        storeModel(store, jobId, file, item, author);
        events.emit({ type: 'runs' });
      },
      async onEnded() {
        await rm(runFolder, { recursive: true, force: true });
        events.emit({ type: 'project', isOpen: true }); // the legend may have grown
      },
    },
    jobId,
  );
  return { jobId };
}

/** Throws AppException model/unusable when its labels mean something else in this project. */
function storeModel(store: ProjectStore, jobId: JobId, file: string, item: Extract<TaskItem, { kind: 'importedModel' }>, author: string): void {
  const unusable = (detail: string): AppException => new AppException({ code: 'model/unusable', path: file, detail });
  const options = RunOptions.safeParse(item.options);
  if (!options.success) throw unusable('its training options are not known here');
  const conflict = conflictingLabel(store.project.legend, item.legend);
  if (conflict) throw unusable(conflict);
  const runId = freeRunId(store, item.runId);
  renameSync(item.runFolder, store.folder.run(runId));
  store.transaction(() => {
    store.project.extendLegend(item.legend);
    // what it repeated is not here
    store.runs.insertImported({ runId, jobId, options: { ...options.data, repeatsRunId: undefined } }, item.measures, Date.now(), author);
    if (store.models.current() === null) store.models.choose({ runId, reason: 'import', author, atMs: Date.now() });
  });
}

function conflictingLabel(project: readonly Segment[], model: readonly Segment[]): string | null {
  for (const { labelValue, name } of model) {
    const here = project.find((segment) => segment.labelValue === labelValue);
    if (here && here.name !== name) return `label ${labelValue} is '${name}' in the model and '${here.name}' in this project`;
  }
  return null;
}

/** Its own name, so that provenance stays readable; numbered when a run of that name is here already. */
function freeRunId(store: ProjectStore, wanted: RunId): RunId {
  let name: string = wanted;
  for (let n = 2; store.runs.find(RunId.parse(name)) || existsSync(store.folder.run(RunId.parse(name))); n++) name = `${wanted.slice(0, 120)}-${n}`;
  return RunId.parse(name);
}
