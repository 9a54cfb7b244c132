import { type JobEvent, type JobKind, type JobSummary, nextState } from './jobs.ts';

/** The summary after one more event; pure. Throws when the event is illegal in the job's state. */
export function foldJob(summary: JobSummary | null, event: JobEvent): JobSummary {
  const state = nextState(summary?.state ?? null, event);
  if (event.type === 'queued') {
    const { jobId, kind, title, subject, atMs, request } = event;
    return { jobId, kind, title, subject, state, queuedAtMs: atMs, problems: [], isResumable: request !== undefined };
  }
  if (!summary) throw new Error(`job ${event.jobId}: no 'queued' before '${event.type}'`);
  const now = { ...summary, state, retry: undefined };
  switch (event.type) {
    case 'started':
    case 'metric':
      return now;
    case 'movedUp':
      return { ...now, movedUpAtMs: event.atMs };
    case 'progress':
      return { ...now, progress: event.progress };
    case 'retrying':
      return { ...now, retry: { attempt: event.attempt, attempts: event.attempts, retryAtMs: event.retryAtMs } };
    case 'problem':
      return { ...now, problems: [...now.problems, event.error] };
    case 'succeeded':
      return { ...now, endedAtMs: event.atMs, summary: event.summary };
    case 'failed':
      return { ...now, endedAtMs: event.atMs, error: event.error };
    case 'resumed':
      return { ...now, isResumable: false };
    case 'cancelled':
    case 'interrupted':
      return { ...now, endedAtMs: event.atMs };
  }
}

/** Somebody waits for a prediction; a training takes its time anyway. */
const isAwaited = (kind: JobKind): boolean => kind === 'predict';

type Waiting = Pick<JobSummary, 'kind' | 'queuedAtMs' | 'movedUpAtMs'>;
/** Which of two waiting jobs runs first (negative: `a`): the one moved up last, then predictions, then the older one. */
export const waitingOrder = (a: Waiting, b: Waiting): number =>
  (b.movedUpAtMs ?? 0) - (a.movedUpAtMs ?? 0) || Number(isAwaited(b.kind)) - Number(isAwaited(a.kind)) || a.queuedAtMs - b.queuedAtMs;
