import type { JobEvent } from '../contract/jobs.ts';
import type { JobId } from '../contract/vocabulary.ts';
import type { JobLog } from './jobLog.ts';

const FLUSH_MS = 250;
const PROGRESS_KEPT_EVERY_MS = 10_000;

/**
 * Keeps the log small and its disk quiet: state changes are written at once, metrics and problems in batches, progress
 * every ten seconds and when the job ends.
 */
export class EventWriter {
  #pending: JobEvent[] = [];
  readonly #skippedProgress = new Map<JobId, JobEvent>();
  readonly #progressKeptAtMs = new Map<JobId, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly log: JobLog) {}

  /** Does not throw for a disk that is full: what could not be written waits for the next attempt. */
  write(event: JobEvent): void {
    if (event.type === 'progress' && event.atMs - (this.#progressKeptAtMs.get(event.jobId) ?? 0) < PROGRESS_KEPT_EVERY_MS) {
      this.#skippedProgress.set(event.jobId, event);
      return;
    }
    if (event.type === 'progress') {
      this.#progressKeptAtMs.set(event.jobId, event.atMs);
      this.#skippedProgress.delete(event.jobId);
    }
    if (isEnd(event)) this.#keepLastProgress(event.jobId);
    this.#pending.push(event);
    if (event.type === 'started' || isEnd(event)) this.#flushQuietly();
    else this.#timer ??= setTimeout(() => this.#flushQuietly(), FLUSH_MS);
  }

  /** Throws AppException disk/full and the like; nothing is dropped then. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    this.log.append(this.#pending);
    this.#pending = [];
  }

  /** Events in the log and those that still wait, in order. */
  events(jobId: JobId, fromSeq: number): JobEvent[] {
    const waiting = this.#pending.filter((event) => event.jobId === jobId && event.seq >= fromSeq);
    return [...this.log.events(jobId, fromSeq), ...waiting];
  }

  /** For a job that could not even be queued. */
  forget(jobId: JobId): void {
    this.#pending = this.#pending.filter((event) => event.jobId !== jobId);
  }

  close(): void {
    this.#flushQuietly();
    clearTimeout(this.#timer);
  }

  #flushQuietly(): void {
    try {
      this.flush();
    } catch (thrown) {
      // The job itself must not die of a full log: the events stay in memory and the next state change tries again.
      // A program that ends before that finds the job unfinished at the next start and says so.
      console.error('job log:', thrown);
    }
  }

  #keepLastProgress(jobId: JobId): void {
    const last = this.#skippedProgress.get(jobId);
    if (last) this.#pending.push(last);
    this.#skippedProgress.delete(jobId);
    this.#progressKeptAtMs.delete(jobId);
  }
}

function isEnd(event: JobEvent): boolean {
  return event.type === 'succeeded' || event.type === 'failed' || event.type === 'cancelled';
}
