/** Folds on a real Ray of a head and two workers, one of which dies on the way. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterRig, isBuilt, TINY } from './clusterRig.ts';
import { hasRay, rayNotice, RayNodes } from './rayNodes.ts';

const STARTS_WITHIN_MS = 400_000;

describe.skipIf(!hasRay || !isBuilt)(`trainings on Ray${rayNotice}`, () => {
  let ray: RayNodes;
  let rig: ClusterRig;
  beforeAll(async () => {
    ray = await RayNodes.start();
    rig = await ClusterRig.create({ RAY_AUTH_TOKEN: ray.token });
  }, STARTS_WITHIN_MS);
  afterAll(async () => {
    await ray?.stop();
    rig?.dispose();
  });
  const train = (...args: string[]) => rig.start('train', '--project', rig.project, ...TINY, '--on', ray.address, '--yes', ...args);

  it('a cluster that wants a token gets the right one or nothing', async () => {
    const other = await ClusterRig.create({ RAY_AUTH_TOKEN: 'x'.repeat(48) });
    const result = await other.run('train', '--project', other.project, ...TINY, '--on', ray.address, '--folds', '0', '--yes');
    other.dispose();
    expect(result).toMatchObject({ ok: false, error: { code: 'cluster/refused', detail: expect.stringContaining('RAY_AUTH_TOKEN') } });
  });

  it('folds run on both workers; those of one that is killed go on from their checkpoint on the other', async () => {
    const { events, result } = train('--folds', '0,1,2', '--epochs', '4');
    const trainings = () => new Set(events.flatMap((event) => (event.type === 'metric' && event.metric.epoch >= 2 ? [event.jobId] : [])));
    await expect.poll(() => trainings().size, { timeout: STARTS_WITHIN_MS, interval: 100, message: ray.log() }).toBeGreaterThan(0);
    const worker = ray.workerRunning(join(rig.project, 'preprocessed', 'mail'));
    expect(worker).not.toBe(null);
    ray.killWorker(worker!);
    expect(await result, ray.log()).toMatchObject({
      exitCode: 0,
      value: { trained: [0, 1, 2].map((fold) => ({ fold, error: null, run: { state: 'finished', epoch: 4 } })) },
    });
    expect(events.filter((event) => event.type === 'retrying')[0]).toMatchObject({ error: { code: 'cluster/node-lost' } });
    const runs = join(rig.project, 'runs');
    const placed = readdirSync(runs).map((run) => JSON.parse(readFileSync(join(runs, run, 'nodes.json'), 'utf8')) as unknown[]);
    expect(Math.max(...placed.map(({ length }) => length))).toBeGreaterThan(1);
    for (const run of readdirSync(runs)) expect(existsSync(join(runs, run, 'checkpoint_best.bin')), run).toBe(true);
  });

  it('Ctrl+C stops the training there, saved', async () => {
    const { child, events, result } = train('--fold', '3', '--epochs', '500');
    await expect
      .poll(() => events.some((event) => event.type === 'metric' && event.metric.epoch >= 1), { timeout: STARTS_WITHIN_MS, interval: 100 })
      .toBe(true);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ exitCode: 130, value: { run: { state: 'interrupted', hasCheckpoint: true } } });
    await expect.poll(() => ray.workerRunning(rig.project), { timeout: 30_000 }).toBe(null);
  });
});
