/** For tests: a queue over scripts instead of processes, with a log in memory and times of milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { AppException, ok } from '../../contract/errors.ts';
import type { JobEvent, JobKind } from '../../contract/jobs.ts';
import type { TaskInput } from '../../contract/tasks.ts';
import type { JobLog } from '../jobLog.ts';
import { JobQueue, type JobSpec, type QueueTimes } from '../jobQueue.ts';
import { InProcessHost, type Script } from './inProcessHost.ts';

export class MemoryLog implements JobLog {
  readonly all: JobEvent[] = [];
  isFull = false;
  append(events: readonly JobEvent[]): void {
    if (this.isFull) throw new AppException({ code: 'disk/full', path: 'log' });
    this.all.push(...events);
  }
  events(jobId: string, fromSeq: number): JobEvent[] {
    return this.all.filter((event) => event.jobId === jobId && event.seq >= fromSeq).sort((a, b) => a.seq - b.seq);
  }
  recentEvents(): JobEvent[] {
    return this.all.filter((event) => event.type !== 'metric');
  }
}

export const TIMES: QueueTimes = { killAfterMs: 80, lingerMs: 50, progressIntervalMs: 40, quietMs: 60, retryFactor: 0.01 };
export const input: TaskInput = { task: 'checkRuntime' };
export const jobOf = (kind: JobKind, extra: Partial<JobSpec> = {}): JobSpec => ({ kind, title: kind, tasks: [() => input], onItem() {}, ...extra });

export function setUp(script: Script, log = new MemoryLog()) {
  const host = new InProcessHost(script);
  const events: JobEvent[] = [];
  const queue = new JobQueue(host, log, (event) => events.push(event), TIMES);
  const until = async (test: () => boolean) => {
    for (let n = 0; n < 400 && !test(); n++) await sleep(5);
    expect(test()).toBe(true);
  };
  const stateOf = (jobId: string) => queue.list().find((job) => job.jobId === jobId)?.state;
  const ended = (jobId: string) => until(() => ['succeeded', 'failed', 'cancelled'].includes(stateOf(jobId) ?? ''));
  return { host, log, events, queue, until, stateOf, ended };
}

export const untilStopped: Script = async (_input, port) => {
  while (!port.stop.aborted) await sleep(2);
  return ok({});
};
export const typesOf = (events: readonly JobEvent[], jobId: string) => events.filter((event) => event.jobId === jobId).map((event) => event.type);
