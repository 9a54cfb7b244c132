import { AppException, type AppError } from '../contract/errors.ts';
import type { JobEvent } from '../contract/jobs.ts';
import type { JobId } from '../contract/vocabulary.ts';
import type { CliSession } from './cliSession.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';

export interface JobEnd {
  readonly state: 'succeeded' | 'cancelled';
  readonly summary: Record<string, unknown>;
  readonly problems: readonly AppError[];
}

/**
 * Starts a job, prints its events (after `label`, where several run) and waits for its end. Ctrl+C cancels it (it saves what it must).
 * Throws an `AppException` when it fails.
 */
export async function followJob<S extends { jobId: JobId }>(
  session: CliSession,
  start: () => Promise<S>,
  label = '',
): Promise<JobEnd & { readonly started: S }> {
  const inbox = new EventInbox();
  const unsubscribe = session.services.subscribe((event) => {
    if (event.type === 'job') inbox.push(event.event);
  });
  let release: () => void = () => undefined;
  try {
    const started = await start();
    release = session.interrupt.guard(() => {
      session.output.note(`${label === '' ? '' : `${label}: `}Stopping and saving; press Ctrl+C again to leave at once.`);
      // It may have ended in this moment; then there is nothing to cancel, and its end is on the way.
      session.call('jobs.cancel', { jobId: started.jobId }).catch((thrown: unknown) => session.output.note(String(thrown)));
    });
    return { started, ...(await waitForEnd(session, inbox, started.jobId, label)) };
  } finally {
    release();
    unsubscribe();
  }
}

async function waitForEnd(session: CliSession, inbox: EventInbox, jobId: JobId, label: string): Promise<JobEnd> {
  const problems: AppError[] = [];
  for (;;) {
    const event = await inbox.next();
    if (event.jobId !== jobId) continue;
    session.output.jobEvent(event, label);
    if (event.type === 'problem') problems.push(event.error);
    if (event.type === 'succeeded') return { state: 'succeeded', summary: event.summary, problems };
    if (event.type === 'cancelled' || event.type === 'interrupted') return { state: 'cancelled', summary: {}, problems };
    if (event.type === 'failed') throw new AppException(event.error);
  }
}

/** Keeps events that come before anybody asks: the first ones arrive before the job's id is known. */
class EventInbox {
  readonly #events: JobEvent[] = [];
  #waiting: ((event: JobEvent) => void) | null = null;

  push(event: JobEvent): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting(event);
    else this.#events.push(event);
  }

  next(): Promise<JobEvent> {
    const event = this.#events.shift();
    return event ? Promise.resolve(event) : new Promise((resolve) => (this.#waiting = resolve));
  }
}

/** A second import of the same files is no problem to a script that runs again. */
export function exitCodeOf({ state, problems }: JobEnd): ExitCode {
  if (state === 'cancelled') return exitCodes.cancelled;
  return problems.some(({ code }) => code !== 'import/already-imported') ? exitCodes.finishedWithProblems : exitCodes.ok;
}
