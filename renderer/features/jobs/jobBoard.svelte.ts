import { createContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type { CallInput } from '../../../main/contract/api.ts';
import { AppException } from '../../../main/contract/errors.ts';
import { foldJob, waitingOrder } from '../../../main/contract/foldJob.ts';
import type { JobEvent, JobSummary } from '../../../main/contract/jobs.ts';
import type { PredictMemoryChoices } from '../../../main/contract/memory.ts';
import { type JobId, RunId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { predictionAgain } from './predictionOffers.ts';
import { timeLeftText } from './jobWords.ts';
import { phaseStart, type PhaseStart } from './timeLeft.ts';

/** Of work that took longer the end is told; the user has turned to something else. */
const TOLD_AFTER_MS = 5000;

/** Where the drawer shows it. */
const PLACE: Readonly<Record<JobSummary['state'], number>> = { running: 0, queued: 1, interrupted: 2, succeeded: 2, failed: 2, cancelled: 2 };

/** The jobs of the open project. */
export class JobBoard {
  readonly #jobs = new SvelteMap<JobId, JobSummary>();
  /** Not drawn by itself: changes with the progress of its job. */
  readonly #phaseStarts = new Map<JobId, PhaseStart>();
  readonly #beganAtMs = Date.now();
  #isDrawerOpen = $state(false);
  /** Running ones, waiting ones in their order, then the ended ones of this session and those that another one left undone, the newest first. */
  readonly ofSession = $derived(
    [...this.#jobs.values()]
      .filter((job) => job.endedAtMs === undefined || job.endedAtMs >= this.#beganAtMs || this.canResume(job))
      .sort((a, b) => PLACE[a.state] - PLACE[b.state] || (a.state === 'queued' ? waitingOrder(a, b) : b.queuedAtMs - a.queuedAtMs)),
  );
  readonly running = $derived([...this.#jobs.values()].filter((job) => job.state === 'running' || job.state === 'queued'));

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.#reload();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'job') this.#apply(event.event);
        if (event.type === 'project' && event.isOpen) void this.#reload();
      },
      () => void this.#reload(),
    );
  }

  get isDrawerOpen(): boolean {
    return this.#isDrawerOpen;
  }
  toggleDrawer(): void {
    this.#isDrawerOpen = !this.#isDrawerOpen;
  }

  timeLeftOf({ jobId, progress }: JobSummary): string {
    return progress ? timeLeftText(progress, this.#phaseStarts.get(jobId), Date.now()) : '';
  }
  /** Undefined when it could not be read. */
  async log(jobId: JobId, fromSeq: number): Promise<readonly JobEvent[] | undefined> {
    return (await this.notices.attempt(() => this.api.call('jobs.events', { jobId, fromSeq })))?.events;
  }

  get(jobId: JobId): JobSummary | undefined {
    return this.#jobs.get(jobId);
  }

  async #reload(): Promise<void> {
    const listed = await this.notices.attempt(() => this.api.call('jobs.list', {}));
    if (!listed) return;
    this.#jobs.clear();
    for (const job of listed.jobs) this.#jobs.set(job.jobId, job);
  }

  #apply(event: JobEvent): void {
    const known = this.#jobs.get(event.jobId);
    // an event of a job that was listed while the event was on its way
    if ((known?.endedAtMs !== undefined && event.type !== 'resumed') || (known && event.type === 'queued')) return;
    if (!known && event.type !== 'queued') return void this.#reload();
    if (event.type === 'progress') this.#phaseStarts.set(event.jobId, phaseStart(this.#phaseStarts.get(event.jobId), event.progress, event.atMs));
    const job = foldJob(known ?? null, event);
    this.#jobs.set(event.jobId, job);
    if (event.type === 'failed') this.notices.fail(new AppException(event.error));
    if (event.type === 'succeeded' && event.atMs - job.queuedAtMs > TOLD_AFTER_MS)
      this.notices.say(t('jobs.finished', { title: job.title }), { label: t('jobs.showAll'), run: () => (this.#isDrawerOpen = true) });
  }

  /** Its subject has been worked on again since. */
  isFollowed({ kind, subject, queuedAtMs }: JobSummary): boolean {
    return subject !== undefined && [...this.#jobs.values()].some((later) => later.kind === kind && later.subject === subject && later.queuedAtMs > queuedAtMs);
  }

  /** The run of a training goes on, with less memory or in spite of it. */
  async resumeTraining({ subject }: JobSummary, how: Omit<CallInput<'nnunet.resume'>, 'runId'>): Promise<void> {
    await this.notices.attempt(() => this.api.call('nnunet.resume', { runId: RunId.parse(subject), ...how }));
  }

  /** A prediction once more: with less memory, or in spite of it. */
  async predictAgain(job: JobSummary, how: PredictMemoryChoices | 'anyway'): Promise<void> {
    const events = await this.log(job.jobId, 0);
    const again = predictionAgain(job, events?.[0], how);
    if (again) await this.notices.attempt(() => this.api.call('nnunet.predict', again));
  }

  /** It ended with the program, and nothing has gone on with it since. */
  canResume(job: JobSummary): boolean {
    return job.state === 'interrupted' && job.isResumable && !this.isFollowed(job);
  }
  readonly resume = (jobId: JobId): Promise<unknown> => this.notices.attempt(() => this.api.call('jobs.resume', { jobId }));
  readonly moveUp = (jobId: JobId): Promise<unknown> => this.notices.attempt(() => this.api.call('jobs.moveUp', { jobId }));

  readonly cancel = (jobId: JobId): Promise<unknown> => this.notices.attempt(() => this.api.call('jobs.cancel', { jobId }));
}

export const [getJobBoard, setJobBoard] = createContext<JobBoard>();
