import type { JobEvent } from '../contract/jobs.ts';
import type { JobId } from '../contract/vocabulary.ts';

/** Where the queue keeps its facts; the project database implements it. */
export interface JobLog {
  /** All or none, durable when it returns. */
  append(events: readonly JobEvent[]): void;
  events(jobId: JobId, fromSeq: number): JobEvent[];
  /** Enough to fold the summaries of the newest jobs: every event but the metrics, oldest job first. */
  recentEvents(jobLimit: number): JobEvent[];
}
