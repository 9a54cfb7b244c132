import { type AppError, toAppError } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import type { FromCompute } from '../contract/computeMessages.ts';
import type { TaskInput } from '../contract/tasks.ts';
import type { JobId } from '../contract/vocabulary.ts';
import { openVaults } from '../vault/keyring.ts';
import type { ComputeHost, ComputeProcess } from './computeHost.ts';

export type TaskOutcome =
  { readonly type: 'done'; readonly summary: Record<string, unknown>; readonly stopped: boolean } | { readonly type: 'failed'; readonly error: AppError };

export interface RunningTask {
  /** Never rejects; comes when the process has gone. */
  readonly outcome: Promise<TaskOutcome>;
  /** Asks the task to save what it must and end; kills the process when it has not ended after `killAfterMs`. */
  stop(): void;
  /** Asks the task to hold, or to go on. */
  pause(isWanted: boolean): void;
}

export interface TaskTimes {
  readonly killAfterMs: number;
  /** A process that has answered but does not exit. */
  readonly lingerMs: number;
}

export interface TaskManner extends TaskTimes {
  readonly jobId?: JobId;
  /** At idle priority. */
  readonly isBackground?: boolean;
}
export const TASK_TIMES: TaskTimes = { killAfterMs: 9_000, lingerMs: 3_000 };

/** Runs one task in a process of its own. A `listen` that throws ends the task with that error. */
export function startTask(host: ComputeHost, input: TaskInput, listen: (news: JobNews) => void, manner: TaskManner = TASK_TIMES): RunningTask {
  let process: ComputeProcess | undefined;
  let verdict: TaskOutcome | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const killLater = (afterMs: number) => {
    timer ??= setTimeout(() => process?.kill(), afterMs);
  };

  const outcome = new Promise<TaskOutcome>((resolve) => {
    const onMessage = (message: FromCompute) => {
      if (verdict) return;
      if (message.type === 'news') {
        try {
          listen(message.news);
        } catch (thrown) {
          verdict = { type: 'failed', error: toAppError(thrown) };
          process?.kill();
        }
        return;
      }
      verdict = message;
      killLater(manner.lingerMs);
    };
    const onExit = (exitCode: number | null, signal: string | null, stderrTail: string) => {
      clearTimeout(timer);
      const detail = stderrTail.trim();
      const died = { code: 'job/process-died', exitCode, signal, ...(detail && { detail }) } as const;
      resolve(verdict ?? { type: 'failed', error: died });
    };
    try {
      process = host.start({ onMessage, onExit });
      const vaults = openVaults();
      process.send({
        type: 'run',
        input,
        ...(manner.jobId && { jobId: manner.jobId }),
        ...(manner.isBackground && { isBackground: true }),
        ...(vaults.length > 0 && { vaults: [...vaults] }),
      });
    } catch (thrown) {
      process?.kill();
      resolve({ type: 'failed', error: toAppError(thrown) });
    }
  });

  const stop = () => {
    // The process may have gone while the stop was on its way; `onExit` tells.
    process?.send({ type: 'stop' });
    killLater(manner.killAfterMs);
  };
  return { outcome, stop, pause: (isWanted) => process?.send({ type: 'pause', isWanted }) };
}
