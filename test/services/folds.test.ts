/** Which folds there are, and trainings that are sent to a cluster (here a script): what is refused, what is recorded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterChoice } from '../../main/contract/cluster.ts';
import { err, ok } from '../../main/contract/errors.ts';
import { leastRoleOf } from '../../main/contract/leastRoles.ts';
import { InProcessHost, type Script } from '../../main/jobs/testing/inProcessHost.ts';
import { ServiceRig, tellCheckpoint, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
afterEach(() => rig.dispose());

const CLUSTER = { on: 'slurm:gpu' };
const training = { configuration: '2d', fold: 0, epochs: 1 } as const;

/** A rig whose clusters run this script. */
function withCluster(script: Script) {
  const asked: { choice: ClusterChoice; folder: string }[] = [];
  const host = new InProcessHost(script);
  rig = ServiceRig.create(undefined, 'cli', (choice, { folder }) => {
    asked.push({ choice, folder });
    return host;
  });
  return { asked, host };
}
const placed = (node: string) => ({ type: 'item', item: { kind: 'placed', node } }) as const;

describe('folds', () => {
  it.each([
    [7, [0, 1, 2, 3, 4]],
    [3, [0, 1, 2]],
    [1, []],
  ])('%i cases of as many people: %j', async (count, folds) => {
    rig = ServiceRig.create();
    await rig.createWithPhantoms(count, count);
    expect(await rig.call('nnunet.folds', {})).toEqual({ folds });
    // for good
    expect(await rig.call('nnunet.folds', {})).toEqual({ folds });
  });

  it('trainings that begin at once place a case once', async () => {
    rig = ServiceRig.create();
    await rig.createWithPhantoms(5, 5);
    const started = await Promise.all([0, 1, 2].map((fold) => rig.call('nnunet.train', { ...training, fold })));
    for (const { jobId } of started) expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a training on a cluster', () => {
  it('lands in the project as one here, with its cluster and its nodes', async () => {
    let attempts = 0;
    const { asked, host } = withCluster(async (input, port) => {
      if (input.task !== 'train') throw new Error(input.task);
      port.tell(placed(`node${++attempts}`));
      tellCheckpoint(input, port, attempts);
      return attempts === 1 ? err({ code: 'cluster/node-lost', cluster: 'slurm:gpu', node: 'node1', detail: 'NODE_FAIL' }) : trainInNoTime(input, port);
    });
    await rig.createWithPhantoms(5, 5);
    const { jobId, runId } = await rig.call('nnunet.train', { ...training, cluster: { ...CLUSTER, cpus: 2 } });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded', title: `Train ${runId} on slurm:gpu` });
    expect(asked).toEqual([{ choice: { on: 'slurm:gpu', cpus: 2, gpus: 0, retries: 3 }, folder: rig.projectFolder }]);
    expect(host.inputs).toMatchObject([
      { task: 'train', resume: false },
      { task: 'train', resume: true },
    ]);
    expect(rig.host.inputs.map(({ task }) => task)).not.toContain('train');
    const { models } = await rig.call('models.list', {});
    expect(models[0]).toMatchObject({ runId, state: 'finished', cluster: 'slurm:gpu', nodes: ['node1', 'node2'], gateOutcome: 'accepted', isCurrent: true });
    const record = JSON.parse(readFileSync(join(rig.projectFolder, 'runs', runId, 'run.json'), 'utf8')) as { options: unknown };
    expect(record.options).toMatchObject({ cluster: 'slurm:gpu' });
    const { entries } = await rig.call('audit.list', {});
    expect(entries.find(({ action }) => action === 'train')?.facts).toMatchObject({ cluster: 'slurm:gpu' });
  });

  it('that was cancelled goes on here, or there, as it is asked', async () => {
    withCluster(async (input, port) => {
      if (input.task === 'train') tellCheckpoint(input, port, 1);
      while (!port.stop.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
      return ok({});
    });
    await rig.createWithPhantoms(5, 5);
    const { jobId, runId } = await rig.call('nnunet.train', { ...training, cluster: CLUSTER });
    await expect.poll(async () => (await rig.call('nnunet.listRuns', {})).runs[0]?.hasCheckpoint).toBe(true);
    await rig.call('jobs.cancel', { jobId });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'cancelled' });
    const again = await rig.call('nnunet.resume', { runId });
    expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded' });
    expect((await rig.call('nnunet.listRuns', {})).runs[0]).toMatchObject({ state: 'finished', cluster: null });
  });

  it('is told what it would hand out, and asks a node first', async () => {
    withCluster(async (_input, port) => {
      port.tell(placed('node7'));
      return ok({ version: 'TensorFlow 2' });
    });
    await rig.createWithPhantoms(5, 4);
    const handout = await rig.call('cluster.handout', { cluster: { ...CLUSTER, sharedFolder: '/lab' } });
    expect(handout).toEqual({ caseCount: 4, bytes: expect.any(Number), folder: '/lab', isCopied: true });
    expect(handout.bytes).toBeGreaterThan(10_000);
    expect(await rig.call('cluster.check', { cluster: CLUSTER })).toEqual({ node: 'node7', runtime: 'TensorFlow 2' });
  });

  it('is refused from an encrypted project, and where nothing is sent to clusters', async () => {
    const { host } = withCluster(async () => ok({}));
    await rig.call('project.create', { folder: rig.projectFolder, passphrase: 'correct horse battery' });
    expect(await rig.errorOf('nnunet.train', { ...training, cluster: CLUSTER })).toEqual({ code: 'cluster/encrypted-project', cluster: 'slurm:gpu' });
    expect(await rig.errorOf('cluster.check', { cluster: CLUSTER })).toMatchObject({ code: 'cluster/encrypted-project' });
    expect(host.inputs).toEqual([]);
    await rig.dispose();
    rig = ServiceRig.create();
    await rig.call('project.create', { folder: rig.projectFolder });
    expect(await rig.errorOf('nnunet.train', { ...training, cluster: CLUSTER })).toEqual({ code: 'cluster/not-here', cluster: 'slurm:gpu' });
    expect((await rig.call('nnunet.listRuns', {})).runs).toEqual([]);
  });

  it('takes an administrator on a shared workstation', () => {
    rig = ServiceRig.create();
    expect([
      leastRoleOf('nnunet.train', training),
      leastRoleOf('nnunet.train', { ...training, cluster: CLUSTER }),
      leastRoleOf('nnunet.resume', { runId: 'r', cluster: CLUSTER }),
    ]).toEqual(['reviewer', 'admin', 'admin']);
  });
});
