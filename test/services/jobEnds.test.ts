/** Order, further attempts, interruption and cancels of the job queue. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { AppException, err, ok } from '../../main/contract/errors.ts';
import type { JobEvent, JobKind } from '../../main/contract/jobs.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { JobQueue } from '../../main/jobs/jobQueue.ts';
import { InProcessHost } from '../../main/jobs/testing/inProcessHost.ts';
import { input, jobOf, MemoryLog, setUp, TIMES, typesOf, untilStopped } from '../../main/jobs/testing/queueRig.ts';

describe('the order of what waits', () => {
  /** Ends each task when told to, and remembers the order in which they began. */
  const gated = () => {
    const began: string[] = [];
    const rig = setUp(untilStopped);
    const submit = (kind: JobKind, name: string) => rig.queue.submit(jobOf(kind, { title: name, onStarted: () => void began.push(name) }));
    return { ...rig, began, submit };
  };

  it('a prediction goes before trainings that wait, never before the one that runs', async () => {
    const { queue, began, submit, ended } = gated();
    const ids = [submit('train', 'a'), submit('train', 'b'), submit('predict', 'p'), submit('train', 'c'), submit('predict', 'q')];
    for (const next of [0, 2, 4, 1, 3]) {
      queue.cancel(ids[next]!);
      await ended(ids[next]!);
    }
    expect(began).toEqual(['a', 'p', 'q', 'b', 'c']);
  });

  it('the user moves one up, before predictions too; what has begun stays', async () => {
    const { queue, began, submit, ended, log } = gated();
    const ids = [submit('train', 'a'), submit('train', 'b'), submit('predict', 'p'), submit('train', 'c')];
    queue.moveUp(ids[3]!);
    queue.moveUp(ids[0]!);
    expect(() => queue.moveUp('never-was' as (typeof ids)[number])).toThrow(AppException);
    for (const next of [0, 3, 2, 1]) {
      queue.cancel(ids[next]!);
      await ended(ids[next]!);
    }
    expect(began).toEqual(['a', 'c', 'p', 'b']);
    queue.flush();
    expect(typesOf(log.all, ids[3]!)).toEqual(['queued', 'movedUp', 'started', 'cancelled']);
    expect(typesOf(log.all, ids[0]!)).toEqual(['queued', 'started', 'cancelled']);
  });
});

describe('another attempt', () => {
  const unreachable = { code: 'network/unreachable', node: 'PACS', address: 'pacs:104', reason: 'refused', detail: 'x' } as const;

  it('follows what may go away by itself, with what is left to do', async () => {
    let runs = 0;
    const { queue, events, ended, stateOf } = setUp(async () => (++runs < 3 ? err(unreachable) : ok({ done: true })));
    let inputs = 0;
    const jobId = queue.submit(jobOf('import', { tasks: [() => (inputs++, input)] }));
    await ended(jobId);
    expect([stateOf(jobId), runs, inputs]).toEqual(['succeeded', 3, 3]);
    const retries = events.filter((event) => event.type === 'retrying');
    expect(retries.map(({ attempt, attempts, error }) => [attempt, attempts, error.code])).toEqual([
      [2, 4, 'network/unreachable'],
      [3, 4, 'network/unreachable'],
    ]);
    // each waits longer than the one before
    const [first, second] = retries.map((event) => event.retryAtMs - event.atMs);
    expect(second!).toBeGreaterThan(first!);
  });

  it('comes to an end, with the error', async () => {
    let runs = 0;
    const { queue, ended } = setUp(async () => (runs++, err(unreachable)));
    const jobId = queue.submit(jobOf('import'));
    await ended(jobId);
    expect(runs).toBe(4);
    expect(queue.list()[0]).toMatchObject({ state: 'failed', error: unreachable });
    expect(queue.list()[0]!.retry).toBeUndefined();
  });

  it('follows a process that died once, but not of memory', async () => {
    let runs = 0;
    const dying = (signal: string) =>
      setUp(async () => {
        runs++;
        if (signal === 'SIGKILL') dead.host.killAll();
        return err({ code: 'job/process-died', exitCode: null, signal });
      });
    let dead = dying('SIGSEGV');
    await dead.ended(dead.queue.submit(jobOf('predict')));
    expect(runs).toBe(2);
    runs = 0;
    dead = dying('SIGKILL');
    await dead.ended(dead.queue.submit(jobOf('predict')));
    expect(runs).toBe(1);
  });

  it.each([
    ['train/no-foreground', { code: 'train/no-foreground' }],
    ['a name nobody knows', { ...unreachable, reason: 'unknown-host' }],
  ] as const)('does not follow %s', async (_name, error) => {
    let runs = 0;
    const { queue, ended } = setUp(async () => (runs++, err(error)));
    await ended(queue.submit(jobOf('import')));
    expect(runs).toBe(1);
  });

  it('is not waited for after a cancel', async () => {
    const host = new InProcessHost(async () => err(unreachable));
    const events: JobEvent[] = [];
    const queue = new JobQueue(host, new MemoryLog(), (event) => events.push(event), { ...TIMES, retryFactor: 1 });
    const jobId = queue.submit(jobOf('import'));
    await vi.waitFor(() => expect(typesOf(events, jobId)).toContain('retrying'));
    queue.cancel(jobId);
    await vi.waitFor(() => expect(typesOf(events, jobId).at(-1)).toBe('cancelled'));
  });
});

describe('what the end of the program leaves', () => {
  it('is interrupted, not cancelled; a later job takes it over', async () => {
    const log = new MemoryLog();
    const before = setUp(untilStopped, log);
    const request = { call: 'nnunet.resume', input: { runId: 'r' } } as const;
    const [running, waiting, unwanted] = [
      before.queue.submit(jobOf('train', { request })),
      before.queue.submit(jobOf('train')),
      before.queue.submit(jobOf('train')),
    ];
    before.queue.cancel(unwanted);
    await before.queue.close();
    expect([running, waiting, unwanted].map(before.stateOf)).toEqual(['interrupted', 'interrupted', 'cancelled']);
    const after = setUp(async () => ok({}), log);
    const summaryOf = (jobId: string) => after.queue.list().find((job) => job.jobId === jobId)!;
    expect([summaryOf(running).isResumable, summaryOf(waiting).isResumable]).toEqual([true, false]);
    after.queue.noteResumed(running, after.queue.submit(jobOf('train')));
    expect(summaryOf(running)).toMatchObject({ state: 'interrupted', isResumable: false });
  });
});

describe('a cancel', () => {
  /** Takes its task and never looks up again, as a process stuck in native code does. */
  const DEAF =
    "process.on('message', (m) => { if (m.type === 'run') { process.send({ type: 'news', news: { type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } } }, () => { for (;;); }); } });";

  it('ends every kind of job within ten seconds, a process that does not listen too', { timeout: 40_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'maskloop-deaf-'));
    const script = join(folder, 'deaf.cjs');
    writeFileSync(script, DEAF);
    const kinds: readonly JobKind[] = ['train', 'predict', 'import', 'export', 'evaluate'];
    const measured = await Promise.all(
      kinds.map(async (kind) => {
        const events: JobEvent[] = [];
        const queue = new JobQueue(createForkComputeHost(script), new MemoryLog(), (event) => events.push(event));
        const jobId = queue.submit(jobOf(kind));
        await vi.waitFor(() => expect(typesOf(events, jobId)).toContain('progress'), 15_000);
        const began = performance.now();
        queue.cancel(jobId);
        await vi.waitFor(() => expect(typesOf(events, jobId).at(-1)).toBe('cancelled'), 15_000);
        return performance.now() - began;
      }),
    );
    rmSync(folder, { recursive: true });
    for (const elapsedMs of measured) expect(elapsedMs).toBeLessThan(10_000);
  });
});
