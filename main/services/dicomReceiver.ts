import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ReceiverStatus } from '../contract/dicomNetwork.ts';
import { OwnStation } from '../contract/dicomNetwork.ts';
import { AppException, toAppError, type AppError } from '../contract/errors.ts';
import { TaskItem } from '../contract/tasks.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask, type RunningTask } from '../jobs/computeTask.ts';
import type { EventHub } from './eventHub.ts';
import { importJob, importTask } from './importJob.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

/** Our receiving end: a process of its own while it is on, for one project. */
export class DicomReceiver {
  #running: { readonly task: RunningTask; readonly project: OpenProject } | null = null;
  #station: OwnStation = OwnStation.parse({});
  #receivedCount = 0;
  #last: ReceiverStatus['last'] = null;

  constructor(
    private readonly session: ProjectSession,
    private readonly compute: ComputeHost,
    private readonly events: EventHub,
    /** In whose name what comes in is imported. */
    private readonly userName: () => string,
  ) {
    // It belongs to a project and goes with it.
    events.subscribe((event) => {
      if (event.type === 'project' && this.#running && this.session.info()?.folder !== this.#running.project.store.folder.path) void this.stop();
    });
  }

  /** Of the receiver that runs, or would: the station is the one of the last start. */
  status(): ReceiverStatus {
    return { isRunning: this.#running !== null, station: this.#station, receivedCount: this.#receivedCount, last: this.#last };
  }

  /** Into the open project's inbox. Resolves when it listens; throws AppException network/port-in-use, project/none-open. */
  async start(station: OwnStation): Promise<void> {
    await this.stop();
    const project = this.session.current();
    const inboxFolder = project.store.folder.inbox;
    this.#station = station;
    this.#receivedCount = 0;
    this.#last = null;
    await new Promise<void>((resolve, reject) => {
      const task = startTask(this.compute, { task: 'dicomReceive', station, inboxFolder }, (news) => {
        if (news.type === 'problem') this.#tell(news.error);
        if (news.type !== 'item') return;
        const item = TaskItem.parse(news.item);
        if (item.kind === 'receiverReady') resolve();
        if (item.kind === 'receivedObjects') this.#received(project, item);
      });
      this.#running = { task, project };
      void task.outcome.then((outcome) => {
        const isOurs = this.#running?.task === task;
        if (isOurs) this.#running = null;
        const error = outcome.type === 'failed' ? outcome.error : null;
        if (isOurs) this.#tell(error);
        reject(new AppException(error ?? { code: 'internal', detail: 'the receiver ended before it listened' }));
      });
    });
    await this.#importLeftOver(project);
    this.#tell(null);
  }

  /** Resolves when nothing listens any more. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.task.stop();
    await running.task.outcome;
    this.#tell(null);
  }

  #received(project: OpenProject, item: Extract<TaskItem, { kind: 'receivedObjects' }>): void {
    this.#receivedCount += item.objectCount;
    if (item.objectCount > 0) this.#last = { atMs: Date.now(), callingAeTitle: item.callingAeTitle, studyUid: item.studyUid };
    if (item.isStudyQuiet) this.#import(project, item.folder, `Import a study from ${item.callingAeTitle}`);
    this.#tell(null);
  }

  #import({ store, queue }: OpenProject, folder: string, title: string): void {
    // Stopped, perhaps because its project closes: the next start imports what waits.
    if (!this.#running) return;
    try {
      queue.submit(importJob(store, this.events, this.userName(), title, [() => importTask(store, [folder])]));
    } catch (thrown) {
      // The files stay in the inbox; the next start of the receiver imports them.
      this.#tell(toAppError(thrown));
    }
  }

  /** Studies that came in while nobody could import them any more. */
  async #importLeftOver(project: OpenProject): Promise<void> {
    const { inbox } = project.store.folder;
    if (!existsSync(inbox)) return;
    const sources = project.store.cases.list().map(({ sourcePath }) => sourcePath);
    const folders = (await readdir(inbox)).filter((name) => !name.startsWith('.')).map((name) => join(inbox, name));
    for (const folder of folders) {
      if (!sources.some((path) => path === folder || path.startsWith(folder + sep))) this.#import(project, folder, 'Import a study that waited in the inbox');
    }
  }

  #tell(problem: AppError | null): void {
    this.events.emit({ type: 'receiver', status: this.status(), problem });
  }
}
