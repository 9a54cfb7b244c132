import type { JobEvent } from '../contract/jobs.ts';
import type { JobId } from '../contract/vocabulary.ts';
import type { JobLog } from './jobLog.ts';

/** For jobs that belong to no project: their record lasts as long as the program. */
export class MemoryJobLog implements JobLog {
  readonly #events: JobEvent[] = [];

  append(events: readonly JobEvent[]): void {
    this.#events.push(...events);
  }

  events(jobId: JobId, fromSeq: number): JobEvent[] {
    return this.#events.filter((event) => event.jobId === jobId && event.seq >= fromSeq);
  }

  recentEvents(): JobEvent[] {
    return this.#events.filter(({ type }) => type !== 'metric');
  }
}
