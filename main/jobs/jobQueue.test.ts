import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { AppException, err, ok } from '../contract/errors.ts';
import { nextState, type JobState } from '../contract/jobs.ts';
import type { TaskItem } from '../contract/tasks.ts';
import { type Script } from './testing/inProcessHost.ts';
import { input, jobOf, MemoryLog, setUp, TIMES, typesOf, untilStopped } from './testing/queueRig.ts';

describe('a background job', () => {
  /** Notes each change of what it is told, until it is stopped. */
  const watching = () => {
    const told: boolean[] = [];
    const script: Script = async (task, port) => {
      if (task.task !== 'phantoms') return untilStopped(task, port);
      while (!port.stop.aborted) {
        if (told.at(-1) !== port.pause!.isWanted) told.push(port.pause!.isWanted);
        await sleep(2);
      }
      return ok({});
    };
    return { told, script };
  };
  const background = () => jobOf('train', { isBackground: true, tasks: [() => ({ task: 'phantoms', folder: '/f', caseCount: 1, labelledCount: 0, seed: 0 })] });

  it('does not keep a heavy one waiting: it holds until that has ended', async () => {
    const { told, script } = watching();
    const { queue, until, stateOf } = setUp(script);
    const jobId = queue.submit(background());
    await until(() => told.length === 1);
    const predict = queue.submit(jobOf('predict'));
    await until(() => stateOf(predict) === 'running' && told.length === 2);
    queue.cancel(predict);
    await until(() => told.length === 3);
    expect(told).toEqual([false, true, false]);
    queue.cancel(jobId);
    await until(() => stateOf(jobId) === 'cancelled');
  });

  it('does not begin while a heavy one runs, and not beside another', async () => {
    const { told, script } = watching();
    const { queue, until, stateOf } = setUp(script);
    const predict = queue.submit(jobOf('predict'));
    const [first, second] = [queue.submit(background()), queue.submit(background())];
    await sleep(20);
    expect([stateOf(first), stateOf(second)]).toEqual(['queued', 'queued']);
    queue.cancel(predict);
    await until(() => stateOf(first) === 'running');
    expect(stateOf(second)).toBe('queued');
    expect(told).not.toContain(true);
    await queue.close();
  });

  it('holds while the user is active, and goes on when it has been quiet for a while; can be stopped meanwhile', async () => {
    const { told, script } = watching();
    const { queue, until, stateOf } = setUp(script);
    const jobId = queue.submit(background());
    await until(() => told.length === 1);
    const began = Date.now();
    queue.noteUserActivity();
    await sleep(40);
    queue.noteUserActivity();
    await until(() => told.length === 3);
    expect(told).toEqual([false, true, false]);
    expect(Date.now() - began).toBeGreaterThanOrEqual(95);
    queue.noteUserActivity();
    await until(() => told.length === 4);
    queue.cancel(jobId);
    await until(() => stateOf(jobId) === 'cancelled');
  });
});

describe('the job queue', () => {
  it('logs and announces a job from queued to succeeded; every prefix of the log is a legal history', async () => {
    const { events, queue, ended, log } = setUp(async (_input, port) => {
      port.tell({ type: 'progress', progress: { phase: 'reading', done: 1, total: 2 } });
      port.tell({ type: 'problem', error: { code: 'import/label-without-image', path: 'x' } });
      port.tell({ type: 'metric', metric: { name: 'trainLoss', epoch: 1, step: 1, value: 1 } });
      return ok({ importedCount: 3 });
    });
    const jobId = queue.submit(jobOf('import', { subject: 'folder' }));
    await ended(jobId);
    expect(typesOf(events, jobId)).toEqual(['queued', 'started', 'progress', 'problem', 'metric', 'succeeded']);
    expect(queue.list()[0]).toMatchObject({
      state: 'succeeded',
      subject: 'folder',
      summary: { importedCount: 3 },
      problems: [{ code: 'import/label-without-image' }],
      progress: { done: 1 },
    });
    expect(log.events(jobId, 0).map((event) => event.seq)).toEqual([0, 1, 2, 3, 4, 5]);
    let state: JobState | null = null;
    for (const event of log.events(jobId, 0)) state = nextState(state, event);
    expect(state).toBe('succeeded');
  });

  it('runs one heavy and one light job at a time', async () => {
    const { queue, stateOf, ended, until } = setUp(untilStopped);
    const train = queue.submit(jobOf('train'));
    const predict = queue.submit(jobOf('predict'));
    const importing = queue.submit(jobOf('import'));
    const exporting = queue.submit(jobOf('export'));
    await until(() => stateOf(train) === 'running');
    expect([train, predict, importing, exporting].map(stateOf)).toEqual(['running', 'queued', 'running', 'queued']);
    queue.cancel(train);
    await ended(train);
    expect(stateOf(predict)).toBe('running');
    queue.cancel(exporting);
    await ended(exporting);
    expect(stateOf(exporting)).toBe('cancelled');
    await queue.close();
    expect([predict, importing].map(stateOf)).toEqual(['interrupted', 'interrupted']);
  });

  it('fails a job whose process died and goes on with the next', async () => {
    const { host, queue, ended, until } = setUp(async (_input, port) => (host.inputs.length === 1 ? untilStopped(_input, port) : ok({})));
    const first = queue.submit(jobOf('train'));
    const second = queue.submit(jobOf('train'));
    await until(() => host.aliveCount === 1);
    host.killAll();
    await ended(second);
    const byId = new Map(queue.list().map((job) => [job.jobId, job]));
    expect(byId.get(first)).toMatchObject({ state: 'failed', error: { code: 'job/process-died', exitCode: null, signal: 'SIGKILL' } });
    expect(byId.get(second)?.state).toBe('succeeded');
  });

  it('kills a task sooner or later than others where its job says so', async () => {
    const { host, queue, ended, until } = setUp(() => new Promise(() => {}));
    const jobId = queue.submit(jobOf('import', { killAfterMs: 300 }));
    await until(() => host.aliveCount === 1);
    const startedMs = Date.now();
    queue.cancel(jobId);
    await ended(jobId);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(295);
    expect(queue.list()[0]).toMatchObject({ state: 'cancelled' });
  });

  it('kills a task that does not stop, and calls it cancelled', async () => {
    const { host, queue, ended, until } = setUp(() => new Promise(() => {}));
    const jobId = queue.submit(jobOf('train'));
    await until(() => host.aliveCount === 1);
    const startedMs = Date.now();
    queue.cancel(jobId);
    await ended(jobId);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(TIMES.killAfterMs - 5);
    expect(queue.list()[0]).toMatchObject({ state: 'cancelled' });
    expect(host.aliveCount).toBe(0);
  });

  it('keeps the result of a task that had finished before the stop arrived, and the error of one that failed', async () => {
    const { queue, ended, stateOf } = setUp(async () => {
      await sleep(20);
      return err({ code: 'disk/full', path: 'checkpoint' });
    });
    const jobId = queue.submit(jobOf('train'));
    queue.cancel(jobId);
    await ended(jobId);
    expect(stateOf(jobId)).toBe('failed');
  });

  it('ends a job with the error of the code that stores its items', async () => {
    const { host, queue, ended } = setUp(async (_input, port) => {
      port.tell({ type: 'item', item: { kind: 'writtenFile', path: 'a' } });
      return untilStopped(_input, port);
    });
    const jobId = queue.submit(
      jobOf('export', {
        onItem: () => {
          throw new AppException({ code: 'disk/full', path: 'maskloop.db' });
        },
      }),
    );
    await ended(jobId);
    expect(queue.list()[0]?.error).toEqual({ code: 'disk/full', path: 'maskloop.db' });
    expect(host.aliveCount).toBe(0);
  });

  it('hands over items in order, before the end, and refuses what is no item', async () => {
    const told: string[] = [];
    const { queue, ended, stateOf } = setUp(async (_input, port) => {
      port.tell({ type: 'item', item: { kind: 'writtenFile', path: 'a' } });
      port.tell({ type: 'item', item: { kind: 'writtenFile', path: 'b' } });
      return ok({});
    });
    const onItem = (item: TaskItem) => void told.push(item.kind === 'writtenFile' ? item.path : '?');
    await ended(queue.submit(jobOf('export', { onItem, onEnded: () => void told.push('end') })));
    expect(told).toEqual(['a', 'b', 'end']);
    const strange = setUp(async (_input, port) => {
      port.tell({ type: 'item', item: { kind: 'surprise' } });
      return ok({});
    });
    const jobId = strange.queue.submit(jobOf('export'));
    await strange.ended(jobId);
    expect(strange.stateOf(jobId)).toBe('failed');
    expect(stateOf(jobId)).toBeUndefined();
  });

  it('runs the tasks of one job one after the other and adds up their summaries', async () => {
    const { host, queue, ended } = setUp(async () => ok({ [`task${host.inputs.length}`]: true }));
    await ended(queue.submit(jobOf('import', { tasks: [() => input, () => input] })));
    expect(queue.list()[0]?.summary).toEqual({ task1: true, task2: true });
  });

  it('announces few of many progress reports, always the last, and stores fewer', async () => {
    const { events, log, queue, ended } = setUp(async (_input, port) => {
      for (let done = 1; done <= 100; done++) {
        port.tell({ type: 'progress', progress: { phase: 'training', done, total: 100 } });
        await sleep(1);
      }
      return ok({});
    });
    const jobId = queue.submit(jobOf('train'));
    await ended(jobId);
    const announced = events.filter((event) => event.type === 'progress');
    expect(announced.length).toBeLessThan(15);
    expect(announced.at(-1)).toMatchObject({ progress: { done: 100 } });
    const stored = log.events(jobId, 0).filter((event) => event.type === 'progress');
    expect(stored.length).toBeLessThanOrEqual(2);
    expect(stored.at(-1)).toMatchObject({ progress: { done: 100 } });
  });

  it('remembers ended jobs from the log after a restart', async () => {
    const log = new MemoryLog();
    const before = setUp(async () => err({ code: 'train/no-foreground' }), log);
    const jobId = before.queue.submit(jobOf('train'));
    await before.ended(jobId);
    const after = setUp(async () => ok({}), log);
    expect(after.queue.list()).toEqual(before.queue.list());
    expect(after.queue.events(jobId, 1).map((event) => event.type)).toEqual(['started', 'failed']);
    expect(() => after.queue.cancel(jobId)).not.toThrow();
    expect(() => after.queue.cancel('never-was' as typeof jobId)).toThrow(AppException);
  });

  it('queues nothing that cannot be put on record, and outlives a log that is full for a while', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { log, queue, ended, events } = setUp(async () => ok({}));
    log.isFull = true;
    expect(() => queue.submit(jobOf('train'))).toThrow(AppException);
    expect(queue.list()).toEqual([]);
    expect(events).toEqual([]);
    log.isFull = false;
    const jobId = queue.submit(jobOf('train', { onStarted: () => void (log.isFull = true) }));
    await ended(jobId);
    log.isFull = false;
    queue.flush();
    expect(log.events(jobId, 0).map((event) => event.type)).toEqual(['queued', 'started', 'succeeded']);
    expect(logged).toHaveBeenCalled();
    logged.mockRestore();
  });
});
