/** Long work, one heavy, one light and one background job at a time and any number on clusters, each task in its own process; every change is a logged event. */
import { randomBytes } from 'node:crypto';
import { type AppError, AppException, toAppError } from '../contract/errors.ts';
import { foldJob, waitingOrder } from '../contract/foldJob.ts';
import type { JobEvent, JobKind, JobNews, JobRequest, JobSummary, Progress } from '../contract/jobs.ts';
import { TaskItem, type TaskInput } from '../contract/tasks.ts';
import { JobId } from '../contract/vocabulary.ts';
import { type RunningTask, startTask, TASK_TIMES, type TaskOutcome, type TaskTimes } from './computeTask.ts';
import type { ComputeHost } from './computeHost.ts';
import { EventWriter } from './eventWriter.ts';
import type { JobLog } from './jobLog.ts';
import { LANE, type Lane, Lanes } from './lanes.ts';
import { waitsBeforeRetries } from './retryPolicy.ts';

export type JobEnd =
  | { readonly state: 'succeeded'; readonly summary: Record<string, unknown> }
  | { readonly state: 'failed'; readonly error: AppError }
  | { readonly state: 'cancelled' };

export interface JobSpec {
  readonly kind: JobKind;
  readonly title: string;
  readonly subject?: string;
  /** Does the job, or the rest of it, once more. */
  readonly request?: JobRequest;
  /** Folders outside the project that its files go into; on record before it begins. */
  readonly writesInto?: readonly string[];
  /** Of a kind that is light by itself: waits its turn with trainings, because it needs the network. */
  readonly isHeavy?: boolean;
  /** Holds while a heavy job runs or the user is active, and starts only when none waits. */
  readonly isBackground?: boolean;
  readonly elsewhere?: Elsewhere;
  /** How long a task may take to stop after a cancel; what may die at any time need not wait as long as a training. */
  readonly killAfterMs?: number;
  /** Run one after the other, each in a process of its own; an input is made when its turn comes; `null`: there is nothing to do. */
  readonly tasks: readonly (() => TaskInput | null)[];
  onStarted?(): void;
  /** Stores a finished piece. Throwing ends the job with that error. */
  onItem(item: TaskItem): void;
  /** What a failure means for this job, e.g. what to change after a process that ran out of memory. */
  explain?(error: AppError): AppError;
  /** Before the end becomes an event, also for a job that never started. */
  onEnded?(end: JobEnd): void | Promise<void>;
}

/** The first tasks of a job run on another computer and take no place among the work of this one. */
export interface Elsewhere {
  readonly host: ComputeHost;
  readonly taskCount: number;
  /** How often it may lose the node that it runs on. */
  readonly retries: number;
}

interface LiveJob {
  readonly jobId: JobId;
  readonly spec: JobSpec;
  nextSeq: number;
  isCancelRequested: boolean;
  /** Not by the user: the program ends. */
  isInterrupted: boolean;
  task: RunningTask | null;
  /** Ends a wait before another attempt. */
  wake: () => void;
  readonly ended: Promise<void>;
  readonly settle: () => void;
}

export interface QueueTimes extends TaskTimes {
  readonly progressIntervalMs: number;
  /** Without a sign of the user for so long, background jobs go on. */
  readonly quietMs: number;
  /** Of the waits before another attempt; tests do not wait. */
  readonly retryFactor: number;
}
const QUEUE_TIMES: QueueTimes = { ...TASK_TIMES, progressIntervalMs: 200, quietMs: 10_000, retryFactor: 1 };
const SUMMARIES_KEPT = 200;

/** What an event says beyond its envelope. */
type EventFacts = JobEvent extends infer E ? (E extends JobEvent ? Omit<E, 'jobId' | 'seq' | 'atMs'> : never) : never;

export class JobQueue {
  readonly #summaries = new Map<JobId, JobSummary>();
  readonly #live = new Map<JobId, LiveJob>();
  readonly #lanes = new Lanes();
  readonly #writer: EventWriter;
  #isClosing = false;
  #activity: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ComputeHost,
    log: JobLog,
    private readonly emit: (event: JobEvent) => void,
    private readonly times: QueueTimes = QUEUE_TIMES,
  ) {
    this.#writer = new EventWriter(log);
    for (const event of log.recentEvents(SUMMARIES_KEPT)) this.#summaries.set(event.jobId, foldJob(this.#summaries.get(event.jobId) ?? null, event));
  }

  /** Throws AppException (disk/full …) when the job cannot be put on record; then nothing was queued. */
  submit(spec: JobSpec, jobId: JobId = newJobId(spec.kind)): JobId {
    let settle = () => {};
    const ended = new Promise<void>((resolve) => (settle = resolve));
    const job: LiveJob = { jobId, spec, nextSeq: 0, isCancelRequested: false, isInterrupted: false, task: null, wake: () => undefined, ended, settle };
    const { kind, title, subject, request, writesInto } = spec;
    const event = this.#record(job, { type: 'queued', kind, title, subject, request, ...(writesInto && { writesInto: [...writesInto] }) });
    try {
      this.#writer.flush();
    } catch (thrown) {
      this.#writer.forget(jobId);
      this.#summaries.delete(jobId);
      throw thrown;
    }
    this.#live.set(jobId, job);
    this.emit(event);
    this.#startNext();
    return jobId;
  }

  /** Newest first. */
  list(): JobSummary[] {
    return [...this.#summaries.values()].reverse();
  }

  /** Ids of the jobs that are queued or running. */
  active(): JobId[] {
    return [...this.#live.keys()];
  }

  events(jobId: JobId, fromSeq: number): JobEvent[] {
    return this.#writer.events(jobId, fromSeq);
  }

  /** Makes everything told so far readable in the log. */
  flush(): void {
    this.#writer.flush();
  }

  /** Does nothing for a job that has ended. Throws AppException not-found for one that never was. */
  cancel(jobId: JobId): void {
    const job = this.#live.get(jobId);
    if (!job) {
      if (this.#summaries.has(jobId)) return;
      throw new AppException({ code: 'not-found', what: 'job', id: jobId });
    }
    if (job.isCancelRequested) return;
    job.isCancelRequested = true;
    job.wake();
    if (job.task) job.task.stop();
    else if (this.#summaries.get(jobId)?.state === 'queued') void this.#end(job, { state: 'cancelled' });
  }

  /** Of the waiting jobs this one is next. Does nothing for one that has begun. Throws AppException not-found. */
  moveUp(jobId: JobId): void {
    const summary = this.#summaries.get(jobId);
    if (!summary) throw new AppException({ code: 'not-found', what: 'job', id: jobId });
    const job = this.#live.get(jobId);
    if (job && summary.state === 'queued') this.#tell(job, { type: 'movedUp' });
  }

  /** What was left of an ended job is done by another. */
  noteResumed(jobId: JobId, byJobId: JobId): void {
    const seq = (this.events(jobId, 0).at(-1)?.seq ?? -1) + 1;
    const event: JobEvent = { type: 'resumed', jobId, byJobId, seq, atMs: Date.now() };
    this.#summaries.set(jobId, foldJob(this.#summaries.get(jobId) ?? null, event));
    this.#writer.write(event);
    this.emit(event);
  }

  /** The user paints: background jobs hold until it has been quiet for a while. */
  noteUserActivity(): void {
    clearTimeout(this.#activity);
    this.#activity = setTimeout(() => {
      this.#activity = undefined;
      this.#pauseBackground();
      this.#startNext();
    }, this.times.quietMs);
    this.#activity.unref();
    this.#pauseBackground();
  }

  /** Stops everything, as interrupted, and waits for the processes to be gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#activity);
    const jobs = [...this.#live.values()];
    for (const job of jobs) {
      job.isInterrupted = !job.isCancelRequested;
      this.cancel(job.jobId);
    }
    await Promise.all(jobs.map((job) => job.ended));
    this.#writer.close();
  }

  #startNext(): void {
    if (this.#isClosing) return;
    for (const job of this.#waiting()) {
      const lane = laneOf(job.spec);
      if (job.spec.elsewhere) {
        void this.#run(job);
        continue;
      }
      if (this.#lanes.isBusy(lane) || (lane === 'background' && this.#isPauseWanted)) continue;
      this.#lanes.take(lane);
      this.#pauseBackground();
      void this.#run(job).finally(() => this.#leave(lane));
    }
  }

  #leave(lane: Lane): void {
    this.#lanes.release(lane);
    this.#startNext();
    this.#pauseBackground();
  }

  /** In the order in which they shall run. */
  #waiting(): LiveJob[] {
    const waiting = [...this.#live.values()].flatMap((job) => {
      const summary = this.#summaries.get(job.jobId);
      return summary?.state === 'queued' && !job.isCancelRequested ? [{ job, summary }] : [];
    });
    return waiting.sort((a, b) => waitingOrder(a.summary, b.summary)).map(({ job }) => job);
  }

  get #isPauseWanted(): boolean {
    return this.#lanes.isBusy('heavy') || this.#activity !== undefined;
  }

  /** Tells background jobs to hold or to go on. */
  #pauseBackground(): void {
    for (const { spec, task } of this.#live.values()) if (spec.isBackground) task?.pause(this.#isPauseWanted);
  }

  async #run(job: LiveJob): Promise<void> {
    let end: JobEnd;
    const progress = new LatestProgress((latest) => this.#tell(job, { type: 'progress', progress: latest }), this.times.progressIntervalMs);
    try {
      this.#tell(job, { type: 'started' });
      job.spec.onStarted?.();
      end = await this.#runTasks(job, (news) => this.#hear(job, news, progress));
    } catch (thrown) {
      end = { state: 'failed', error: toAppError(thrown) };
    }
    progress.flush();
    await this.#end(job, end);
  }

  async #runTasks(job: LiveJob, listen: (news: JobNews) => void): Promise<JobEnd> {
    const { tasks, elsewhere } = job.spec;
    if (!elsewhere) return this.#runInOrder(job, tasks, this.host, listen);
    const there = await this.#runInOrder(job, tasks.slice(0, elsewhere.taskCount), elsewhere.host, listen);
    const rest = tasks.slice(elsewhere.taskCount);
    if (there.state !== 'succeeded' || rest.length === 0) return there;
    const lane = laneOf(job.spec);
    if (!(await this.#turn(job, lane))) return { state: 'cancelled' };
    this.#pauseBackground();
    try {
      const here = await this.#runInOrder(job, rest, this.host, listen);
      return here.state === 'succeeded' ? { ...here, summary: { ...there.summary, ...here.summary } } : here;
    } finally {
      this.#leave(lane);
    }
  }

  /** False when the job was cancelled before its turn came. */
  async #turn(job: LiveJob, lane: Lane): Promise<boolean> {
    if (job.isCancelRequested) return false;
    const { turn, giveUp } = this.#lanes.wait(lane);
    job.wake = giveUp;
    const isMine = await turn;
    job.wake = () => undefined;
    return isMine;
  }

  async #runInOrder(job: LiveJob, tasks: JobSpec['tasks'], host: ComputeHost, listen: (news: JobNews) => void): Promise<JobEnd> {
    let summary: Record<string, unknown> = {};
    for (const makeInput of tasks) {
      if (job.isCancelRequested) return { state: 'cancelled' };
      const outcome = await this.#runWithRetries(job, makeInput, host, listen);
      if (!outcome) continue;
      const end = endOf(outcome, job.isCancelRequested);
      if (end) return end;
      if (outcome.type === 'done') summary = { ...summary, ...outcome.summary };
    }
    return { state: 'succeeded', summary };
  }

  /** The outcome of the last attempt; `null`: there was nothing to do. An input is made anew for each: what is done is left out. */
  async #runWithRetries(job: LiveJob, makeInput: () => TaskInput | null, host: ComputeHost, listen: (news: JobNews) => void): Promise<TaskOutcome | null> {
    const onCluster = host === job.spec.elsewhere?.host ? job.spec.elsewhere.retries : null;
    for (let attempt = 1; ; attempt++) {
      const input = makeInput();
      if (!input) return null;
      const outcome = await this.#runOnce(job, input, host, listen);
      const waits = outcome.type === 'failed' && !job.isCancelRequested ? waitsBeforeRetries(outcome.error, onCluster) : [];
      const waitMs = waits[attempt - 1];
      if (waitMs === undefined || outcome.type !== 'failed') return outcome;
      const delayMs = waitMs * this.times.retryFactor;
      this.#tell(job, { type: 'retrying', error: outcome.error, attempt: attempt + 1, attempts: waits.length + 1, retryAtMs: Date.now() + delayMs });
      await this.#wait(job, delayMs);
      if (job.isCancelRequested) return outcome;
    }
  }

  async #runOnce(job: LiveJob, input: TaskInput, host: ComputeHost, listen: (news: JobNews) => void): Promise<TaskOutcome> {
    const { killAfterMs = this.times.killAfterMs, isBackground = false } = job.spec;
    job.task = startTask(host, input, listen, { ...this.times, killAfterMs, isBackground, jobId: job.jobId });
    if (isBackground) job.task.pause(this.#isPauseWanted);
    const outcome = await job.task.outcome;
    job.task = null;
    return outcome;
  }

  /** Ends early when the job is cancelled. */
  async #wait(job: LiveJob, delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      job.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    job.wake = () => undefined;
  }

  #hear(job: LiveJob, news: JobNews, progress: LatestProgress): void {
    switch (news.type) {
      case 'progress':
        progress.set(news.progress);
        break;
      case 'metric':
        this.#tell(job, { type: 'metric', metric: news.metric });
        break;
      case 'problem':
        this.#tell(job, { type: 'problem', error: news.error });
        break;
      case 'item':
        job.spec.onItem(TaskItem.parse(news.item));
        break;
    }
  }

  async #end(job: LiveJob, asked: JobEnd): Promise<void> {
    let end = asked;
    try {
      if (end.state === 'failed') end = { ...end, error: job.spec.explain?.(end.error) ?? end.error };
      await job.spec.onEnded?.(end);
    } catch (thrown) {
      end = { state: 'failed', error: toAppError(thrown) };
    }
    const { state, ...facts } = end;
    this.#live.delete(job.jobId);
    // `type` and the facts belong together by the definition of JobEnd.
    this.#tell(job, (state === 'cancelled' && job.isInterrupted ? { type: 'interrupted' } : { type: state, ...facts }) as EventFacts);
    job.settle();
  }

  #tell(job: LiveJob, facts: EventFacts): void {
    this.emit(this.#record(job, facts));
  }

  /** Checks the event against the job's state and logs it. */
  #record(job: LiveJob, facts: EventFacts): JobEvent {
    const event: JobEvent = { ...facts, jobId: job.jobId, seq: job.nextSeq++, atMs: Date.now() };
    this.#summaries.set(job.jobId, foldJob(this.#summaries.get(job.jobId) ?? null, event));
    this.#writer.write(event);
    return event;
  }
}

const laneOf = ({ kind, isHeavy, isBackground }: JobSpec): Lane => (isBackground ? 'background' : isHeavy ? 'heavy' : LANE[kind]);

/** `null`: the task did all it was asked for. */
function endOf(outcome: TaskOutcome, isCancelRequested: boolean): JobEnd | null {
  if (outcome.type === 'done') return outcome.stopped && isCancelRequested ? { state: 'cancelled' } : null;
  // A process that had to be killed after a cancel died as ordered; what would have been tried again is not.
  if (isCancelRequested && (outcome.error.code === 'job/process-died' || waitsBeforeRetries(outcome.error, 1).length > 0)) return { state: 'cancelled' };
  return { state: 'failed', error: outcome.error };
}

/** Passes on at most one progress per interval; the last one always arrives. */
class LatestProgress {
  #waiting: Progress | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly pass: (progress: Progress) => void,
    private readonly intervalMs: number,
  ) {}

  set(progress: Progress): void {
    if (this.#timer) {
      this.#waiting = progress;
      return;
    }
    this.pass(progress);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting) this.set(this.#take());
    }, this.intervalMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting) this.pass(this.#take());
  }

  #take(): Progress {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (!waiting) throw new Error('no progress waits');
    return waiting;
  }
}

export function newJobId(kind: JobKind): JobId {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return JobId.parse(`${kind}-${stamp}-${randomBytes(3).toString('hex')}`);
}
