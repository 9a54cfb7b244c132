/** Folds on a real Slurm: what is asked before, a node that is lost on the way, cancel, and what lands in the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterRig, isBuilt, TINY } from './clusterRig.ts';
import { hasSlurm, SlurmNode, slurmNotice } from './slurmNode.ts';

describe.skipIf(!hasSlurm || !isBuilt)(`trainings on Slurm${slurmNotice}`, () => {
  let slurm: SlurmNode;
  let rig: ClusterRig;
  beforeAll(async () => {
    slurm = await SlurmNode.start();
    rig = await ClusterRig.create({ SLURM_CONF: slurm.configuration });
  });
  afterAll(async () => {
    await slurm?.stop();
    rig?.dispose();
  });
  const train = (...args: string[]) => rig.start('train', '--project', rig.project, ...TINY, '--on', 'slurm:test', ...args);

  it('nothing is given away before the user agreed', async () => {
    const result = await train('--folds', 'all', '--shared', rig.shared).result;
    expect(result).toMatchObject({ ok: true, exitCode: 1, value: { needs: '--yes', handout: { caseCount: 5, isCopied: true, folder: rig.shared } } });
    expect([readdirSync(rig.shared), slurm.ask('squeue', ['--noheader', '--states=all'])]).toEqual([[], '']);
  });

  it('a partition that is not there is said', async () => {
    const result = await rig.run('train', '--project', rig.project, ...TINY, '--on', 'slurm:nowhere', '--folds', '0', '--yes');
    expect(result).toMatchObject({ ok: false, error: { code: 'cluster/refused', detail: expect.stringMatching(/partition/i) } });
  });

  it('folds run side by side by way of a shared folder, one goes on after its node was lost, and all land in the project', async () => {
    const { events, result } = train('--folds', '0,1', '--epochs', '3', '--shared', rig.shared, '--yes');
    await expect.poll(() => events.some((event) => event.type === 'metric' && event.metric.epoch >= 2), { timeout: 240_000, interval: 100 }).toBe(true);
    slurm.loseNode();
    expect(await result, slurm.log()).toMatchObject({
      exitCode: 0,
      value: {
        left: [],
        trained: [
          { fold: 0, run: { state: 'finished', epoch: 3, cluster: 'slurm:test' } },
          { fold: 1, run: { state: 'finished', epoch: 3 } },
        ],
      },
    });
    const lost = events.filter((event) => event.type === 'retrying');
    expect(lost[0]).toMatchObject({ attempt: 2, attempts: 4, error: { code: 'cluster/node-lost' } });
    const runs = join(rig.project, 'runs');
    for (const run of readdirSync(runs)) {
      expect(JSON.parse(readFileSync(join(runs, run, 'nodes.json'), 'utf8'))[0]).toMatchObject({ node: hostname(), cluster: 'slurm:test', fromStep: 0 });
      for (const file of ['run.json', 'plans.json', 'checkpoint_best.bin', 'metrics.ndjson', 'inputs.json', 'cluster-output.txt'])
        expect(existsSync(join(runs, run, file)), `${run}/${file}`).toBe(true);
      expect(readdirSync(join(runs, run, 'validation')).length).toBeGreaterThan(0);
    }
    // after the loss one of them went on from a checkpoint, not from the start
    const again = readdirSync(runs).flatMap((run) => JSON.parse(readFileSync(join(runs, run, 'nodes.json'), 'utf8')) as { fromStep: number }[]);
    expect(Math.max(...again.map(({ fromStep }) => fromStep))).toBeGreaterThan(0);
    expect(readdirSync(rig.shared)).toEqual([]);
    const { value } = (await rig.run('models', 'list', '--project', rig.project)) as { value: { models: { gateOutcome: string | null }[] } };
    expect(value.models.map(({ gateOutcome }) => gateOutcome)).toEqual([expect.any(String), expect.any(String)]);
  });

  it('Ctrl+C stops the training there, saved; it goes on here', async () => {
    const { child, events, result } = train('--fold', '2', '--epochs', '500', '--yes');
    await expect.poll(() => events.some((event) => event.type === 'metric' && event.metric.epoch >= 1), { timeout: 120_000, interval: 100 }).toBe(true);
    child.kill('SIGINT');
    const { exitCode, value } = (await result) as { exitCode: number; value: { run: { runId: string; state: string; hasCheckpoint: boolean } } };
    expect({ exitCode, run: value.run }).toMatchObject({ exitCode: 130, run: { state: 'interrupted', hasCheckpoint: true } });
    await expect.poll(() => slurm.ask('squeue', ['--noheader'])).toBe('');
    expect(readdirSync(join(rig.project, 'preprocessed', 'mail'))).toEqual([]);
  });
});
