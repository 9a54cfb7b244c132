/** Jobs that begin on a cluster and end here. */
import { describe, expect, it } from 'vitest';
import { err, ok } from '../contract/errors.ts';
import { InProcessHost } from './testing/inProcessHost.ts';
import { input, jobOf, setUp, untilStopped } from './testing/queueRig.ts';

const here = () => input;

describe('jobs on a cluster', () => {
  it('run side by side, take no place of work here, and none is kept waiting by them', async () => {
    const { queue, ended, until, stateOf } = setUp(async () => ok({}));
    const there = new InProcessHost(untilStopped);
    const elsewhere = { host: there, taskCount: 1, retries: 0 };
    const ids = [1, 2, 3].map(() => queue.submit(jobOf('train', { elsewhere })));
    await until(() => there.aliveCount === 3);
    const prediction = queue.submit(jobOf('predict'));
    const training = queue.submit(jobOf('train'));
    await ended(prediction);
    await ended(training);
    expect(ids.map(stateOf)).toEqual(['running', 'running', 'running']);
    for (const id of ids) queue.cancel(id);
    for (const id of ids) await ended(id);
    expect(ids.map(stateOf)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('wait for a place here with the rest of their tasks, one after the other, before jobs that have not begun', async () => {
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const { queue, ended } = setUp(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
      return ok({ here: true });
    });
    const elsewhere = { host: new InProcessHost(async () => ok({ there: true })), taskCount: 1, retries: 0 };
    const makeLast = (name: string) => () => {
      order.push(name);
      return input;
    };
    const first = queue.submit(jobOf('train', { tasks: [makeLast('local 1')] }));
    const remote = ['a', 'b'].map((name) => queue.submit(jobOf('train', { elsewhere, tasks: [here, makeLast(name)] })));
    const last = queue.submit(jobOf('train', { tasks: [makeLast('local 2')] }));
    for (const id of [first, ...remote, last]) await ended(id);
    expect(order).toEqual(['local 1', 'a', 'b', 'local 2']);
    expect(most).toBe(1);
    expect(queue.list().find(({ jobId }) => jobId === remote[0])?.summary).toEqual({ there: true, here: true });
  });

  it('cancelled while it waits for its place, a job gives the place up', async () => {
    const { queue, until, ended, stateOf } = setUp(untilStopped);
    const there = new InProcessHost(async () => ok({}));
    const busy = queue.submit(jobOf('train'));
    let hasPassed = false;
    const remote = queue.submit(
      jobOf('train', { elsewhere: { host: there, taskCount: 2, retries: 0 }, tasks: [here, () => ((hasPassed = true), null), here] }),
    );
    await until(() => hasPassed);
    queue.cancel(remote);
    await ended(remote);
    expect(stateOf(remote)).toBe('cancelled');
    queue.cancel(busy);
    await ended(busy);
    const next = queue.submit(jobOf('train'));
    await until(() => stateOf(next) === 'running');
    queue.cancel(next);
    await ended(next);
  });

  it('whose node is lost are sent again as often as was said, with an input made anew', async () => {
    const lost = { code: 'cluster/node-lost', cluster: 'slurm', node: 'n1', detail: 'NODE_FAIL' } as const;
    const { queue, ended, stateOf, events } = setUp(async () => ok({}));
    let inputs = 0;
    const makeInput = () => (inputs++, input);
    const failing = new InProcessHost(async () => err(lost));
    const id = queue.submit(jobOf('train', { tasks: [makeInput], elsewhere: { host: failing, taskCount: 1, retries: 2 } }));
    await ended(id);
    expect([stateOf(id), inputs]).toEqual(['failed', 3]);
    expect(events.filter(({ type }) => type === 'retrying')).toMatchObject([
      { attempt: 2, attempts: 3 },
      { attempt: 3, attempts: 3 },
    ]);
    let runs = 0;
    const recovering = new InProcessHost(async () => (++runs < 2 ? err(lost) : ok({})));
    const mended = queue.submit(jobOf('train', { elsewhere: { host: recovering, taskCount: 1, retries: 1 } }));
    await ended(mended);
    expect(stateOf(mended)).toBe('succeeded');
  });
});
