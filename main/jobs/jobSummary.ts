import { type JobEvent, type JobSummary, nextState } from '../contract/jobs.ts';

/** The summary after one more event; pure. Throws when the event is illegal in the job's state. */
export function foldJob(summary: JobSummary | null, event: JobEvent): JobSummary {
  const state = nextState(summary?.state ?? null, event);
  if (event.type === 'queued') {
    const { jobId, kind, title, subject, atMs } = event;
    return { jobId, kind, title, subject, state, queuedAtMs: atMs, problems: [] };
  }
  if (!summary) throw new Error(`job ${event.jobId}: no 'queued' before '${event.type}'`);
  switch (event.type) {
    case 'started':
    case 'metric':
      return { ...summary, state };
    case 'progress':
      return { ...summary, state, progress: event.progress };
    case 'problem':
      return { ...summary, state, problems: [...summary.problems, event.error] };
    case 'succeeded':
      return { ...summary, state, endedAtMs: event.atMs, summary: event.summary };
    case 'failed':
      return { ...summary, state, endedAtMs: event.atMs, error: event.error };
    case 'cancelled':
      return { ...summary, state, endedAtMs: event.atMs };
  }
}
