import { createContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { AppException } from '../../../main/contract/errors.ts';
import { nextState } from '../../../main/contract/jobs.ts';
import type { JobEvent, JobSummary } from '../../../main/contract/jobs.ts';
import type { JobId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** Pure: what a job looks like after one more event. */
export function applyJobEvent(job: JobSummary | undefined, event: JobEvent): JobSummary {
  const state = nextState(job?.state ?? null, event);
  if (event.type === 'queued') {
    const { jobId, kind, title, subject, atMs } = event;
    return { jobId, kind, title, subject, state, queuedAtMs: atMs, problems: [] };
  }
  if (!job) throw new Error(`job ${event.jobId} begins with '${event.type}'`);
  switch (event.type) {
    case 'started':
    case 'metric':
      return { ...job, state };
    case 'progress':
      return { ...job, state, progress: event.progress };
    case 'problem':
      return { ...job, state, problems: [...job.problems, event.error] };
    case 'succeeded':
      return { ...job, state, endedAtMs: event.atMs, summary: event.summary };
    case 'failed':
      return { ...job, state, endedAtMs: event.atMs, error: event.error };
    case 'cancelled':
      return { ...job, state, endedAtMs: event.atMs };
  }
}

/** The jobs of this session, newest last. */
export class JobBoard {
  readonly #jobs = new SvelteMap<JobId, JobSummary>();
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
        if (event.type === 'project') void this.#reload();
      },
      () => void this.#reload(),
    );
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
    if (known?.endedAtMs !== undefined || (known && event.type === 'queued')) return;
    if (!known && event.type !== 'queued') return void this.#reload();
    const job = applyJobEvent(known, event);
    this.#jobs.set(event.jobId, job);
    if (event.type === 'failed') this.notices.fail(new AppException(event.error));
  }

  readonly cancel = (jobId: JobId): Promise<unknown> => this.notices.attempt(() => this.api.call('jobs.cancel', { jobId }));
}

export const [getJobBoard, setJobBoard] = createContext<JobBoard>();
