/** Which project is open, and the orderly change from one to another. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ProjectInfo } from '../contract/api.ts';
import { type AppError, AppException } from '../contract/errors.ts';
import { sweepUploads } from '../dataset/projectSweep.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { JobQueue } from '../jobs/jobQueue.ts';
import { MemoryJobLog } from '../jobs/memoryJobLog.ts';
import type { EventHub } from './eventHub.ts';

export interface OpenProject {
  readonly store: ProjectStore;
  readonly queue: JobQueue;
}

export class ProjectSession {
  #open: OpenProject | null = null;
  #loose: JobQueue | null = null;
  readonly #inUse = new Set<Promise<unknown>>();
  /** Opening and closing happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly compute: ComputeHost,
    private readonly events: EventHub,
    /** Before a project closes; it closes all the same when this fails. */
    private readonly onClosing: (store: ProjectStore) => Promise<void> = async () => {},
  ) {}

  /** Throws AppException project/none-open. */
  current(): OpenProject {
    if (!this.#open) throw new AppException({ code: 'project/none-open' });
    return this.#open;
  }

  /** For work on plain folders: the project's queue, or without a project one that forgets when the program ends. */
  anyQueue(): JobQueue {
    if (this.#open) return this.#open.queue;
    this.#loose ??= new JobQueue(this.compute, new MemoryJobLog(), (event) => this.events.emit({ type: 'job', event }));
    return this.#loose;
  }

  /** The queue that `jobs.…` calls mean. Throws AppException project/none-open. */
  currentQueue(): JobQueue {
    return this.#open?.queue ?? this.#loose ?? this.current().queue;
  }

  info(): ProjectInfo | null {
    if (!this.#open) return null;
    const { folder, project, cases, readOnly, isEncrypted } = this.#open.store;
    const { name, legend, labelRules, msdTask } = project;
    return { folder: folder.path, name, legend, labelRules, msdTask, caseCount: cases.count(), readOnly, isEncrypted };
  }

  /**
   * Throws AppException project/read-only for a project that is only looked at, and project/folder-missing for one whose drive
   * went away: what is written then would make a second folder in its place.
   */
  requireWritable(): void {
    if (!this.#open) return;
    const { folder } = this.#open.store;
    if (!existsSync(folder.database)) throw new AppException({ code: 'project/folder-missing', path: folder.path });
    this.#open.store.requireWritable();
  }

  /** What cannot be found or read while the drive of the project is away is not what is wrong. */
  explain(error: AppError): AppError {
    const folder = this.#open?.store.folder;
    const mayBeTheDrive = error.code === 'internal' || error.code.startsWith('disk/');
    return folder && mayBeTheDrive && !existsSync(folder.database) ? { code: 'project/folder-missing', path: folder.path } : error;
  }

  /** Keeps the project open while asynchronous work on it goes on. */
  async during<T>(work: (project: OpenProject) => Promise<T>): Promise<T> {
    const promise = work(this.current());
    this.#inUse.add(promise);
    try {
      return await promise;
    } finally {
      this.#inUse.delete(promise);
    }
  }

  /**
   * Replaces the open project by the one in `folder`, which `open` gives; when that fails the old one stays open.
   * Throws AppException job/busy while a job is active.
   */
  replace(folder: string, open: () => Promise<ProjectStore>): Promise<ProjectInfo> {
    return this.#inTurn(async () => {
      this.#refuseWhileBusy();
      // Opened once more, the same folder must find its lock free.
      if (this.#open?.store.folder.path === resolve(folder)) await this.#closeNow();
      const store = await open();
      await this.#closeNow();
      this.#start(store);
      this.events.emit({ type: 'project', isOpen: true });
      const info = this.info();
      if (!info) throw new Error('no project after opening one');
      return info;
    });
  }

  /** Throws AppException job/busy while a job is active. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseWhileBusy();
      await this.#closeNow();
      this.events.emit({ type: 'project', isOpen: false });
    });
  }

  /** Stops jobs (they save what they must) and closes. */
  shutDown(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#loose?.close();
      await this.#closeNow();
    });
  }

  #start(store: ProjectStore): void {
    // What only reads (an export, say) is no fact of a project that is only looked at.
    const log = store.readOnly ? new MemoryJobLog() : store.jobs;
    const queue = new JobQueue(this.compute, log, (event) => this.events.emit({ type: 'job', event }));
    this.#open = { store, queue };
  }

  async #closeNow(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    await open.queue.close();
    this.#open = null;
    await Promise.allSettled([...this.#inUse]);
    try {
      await this.onClosing(open.store);
      if (!open.store.readOnly && existsSync(open.store.folder.database)) await sweepUploads(open.store.folder);
    } finally {
      open.store.close();
    }
  }

  #refuseWhileBusy(): void {
    const [jobId] = [...(this.#open?.queue.active() ?? []), ...(this.#loose?.active() ?? [])];
    if (jobId) throw new AppException({ code: 'job/busy', jobId });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    // The next turn comes also after a failure, which its own caller is told.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
