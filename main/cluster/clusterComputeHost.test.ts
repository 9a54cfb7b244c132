/** A task on a node, by way of a folder: the real node's end of it in a real process, started by a shell as a cluster would. */
import { build } from 'esbuild';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppException } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import { RunId } from '../contract/vocabulary.ts';
import type { TaskInput, TrainTask } from '../contract/tasks.ts';
import { type RunningTask, startTask } from '../jobs/computeTask.ts';
import { createClusterComputeHost } from './clusterComputeHost.ts';
import { SharedCopy } from './sharedCopy.ts';
import { LocalCluster } from './testing/localCluster.ts';

const VERSION = '1.2.3';
const TIMES = { lookMs: 20, askMs: 40, silenceMs: 3_000, settleMs: 300 };
let root = '';
let home = '';
let project = '';
let cluster: LocalCluster;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-cluster-'));
  home = join(root, 'home of maskloop');
  await build({
    entryPoints: [resolve(import.meta.dirname, '../workers/testing/nodeProgram.ts')],
    outfile: join(home, 'dist/main/compute.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ version: VERSION }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  cluster = new LocalCluster();
  project = mkdtempSync(join(root, "the project's "));
});

const hostOf = (extra: { copy?: SharedCopy; mail?: string; version?: string; home?: string } = {}) => {
  const copy = extra.copy ?? null;
  return createClusterComputeHost({
    cluster,
    choice: { cpus: 1, gpus: 0 },
    mail: extra.mail ?? copy?.mail ?? join(project, 'preprocessed', 'mail'),
    copy,
    version: extra.version ?? VERSION,
    home: extra.home ?? home,
    times: TIMES,
  });
};

const imageFile = (): string => join(project, 'cases', 'a', 'image.nii');
function trainTask(name: string, resume = false): TrainTask {
  mkdirSync(join(project, 'cases', 'a'), { recursive: true });
  for (const file of [imageFile(), join(project, 'cases', 'a', 'mask.nii.gz')]) writeFileSync(file, 'voxels');
  const runFolder = join(project, 'runs', name);
  mkdirSync(runFolder, { recursive: true });
  const grid = { dimsIjk: [1, 1, 1], ijkToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] } as never;
  const image = { files: [imageFile()], voxelType: 'int16', grid, sourceGrid: grid, channelNames: ['MR'] } as never;
  return {
    task: 'train',
    runId: RunId.parse(name),
    runFolder,
    preprocessedFolder: join(project, 'preprocessed'),
    configuration: '2d',
    preset: 'v2',
    fold: 0,
    amp: 'off',
    epochs: 1,
    seed: 1,
    recipe: {} as never,
    resume,
    msdTask: null,
    legend: [],
    labelRules: { regions: [], ignoreLabelValue: null },
    cases: [{ caseId: 'a' as never, image, labelFile: join(project, 'cases', 'a', 'mask.nii.gz'), role: 'train', weight: 1 }],
  };
}

/** What the schema of a task would refuse is not what these are about: the node reads what it was written. */
function run(input: TaskInput, host = hostOf()): { task: RunningTask; news: JobNews[] } {
  const news: JobNews[] = [];
  const task = startTask(host, input, (one) => news.push(one), { killAfterMs: 5_000, lingerMs: 2_000 });
  return { task, news };
}
const itemsOf = (news: readonly JobNews[]) => news.flatMap((one) => (one.type === 'item' ? [one.item as { kind: string }] : []));
const begun = async (news: readonly JobNews[]) => expect.poll(() => itemsOf(news).some(({ kind }) => kind === 'checkpoint'), { timeout: 10_000 }).toBe(true);

describe('a task on a node', () => {
  it('comes back with its news and its summary, and leaves no mailbox', async () => {
    const { task, news } = run({ task: 'checkRuntime' });
    expect(await task.outcome).toEqual({ type: 'done', summary: { version: 'fake' }, stopped: false });
    expect(itemsOf(news)).toEqual([{ kind: 'placed', node: expect.any(String) }]);
    expect(readdirSync(join(project, 'preprocessed', 'mail'))).toEqual([]);
  });

  it.each([
    ['Maskloop is not there', () => hostOf({ home: '/nowhere' }), /Maskloop is not built in \/nowhere/],
    ['Maskloop is another version', () => hostOf({ version: '9.9.9' }), /Maskloop 1\.2\.3 is installed there, and the task was made by 9\.9\.9/],
  ])('says what the node lacks: %s', async (_name, host, detail) => {
    expect(await run({ task: 'checkRuntime' }, host()).task.outcome).toEqual({
      type: 'failed',
      error: { code: 'cluster/node-unusable', cluster: 'ray://test', detail: expect.stringMatching(detail) },
    });
  });

  it('says that the node does not see the folder', async () => {
    const submit = cluster.submit.bind(cluster);
    cluster.submit = (job) => submit({ ...job, command: job.command.replaceAll(project.replaceAll("'", "'\\''"), '/not/mounted') });
    expect(await run({ task: 'checkRuntime' }).task.outcome).toMatchObject({
      type: 'failed',
      error: { code: 'cluster/node-unusable', detail: expect.stringContaining('/not/mounted') },
    });
  });

  it('says that the node has no Node.js', async () => {
    process.env.MASKLOOP_NODE = 'no-such-node';
    try {
      expect(await run({ task: 'checkRuntime' }).task.outcome).toMatchObject({
        type: 'failed',
        error: { code: 'cluster/node-unusable', detail: expect.stringContaining("no program 'no-such-node'") },
      });
    } finally {
      delete process.env.MASKLOOP_NODE;
    }
  });
});

describe('a training on a node', () => {
  it('stops when asked to, saving first, and keeps what the node printed', async () => {
    const input = trainTask('long');
    const { task, news } = run(input);
    await begun(news);
    task.stop();
    expect(await task.outcome).toMatchObject({ type: 'done', stopped: true });
    expect(readFileSync(join(input.runFolder, 'checkpoint_best.bin'), 'utf8')).toBe('best');
    expect(readFileSync(join(input.runFolder, 'cluster-output.txt'), 'utf8')).toMatch(/^=== .* ray:\/\/test job 0 on /);
  });

  it('that died is told with its exit code and last words', async () => {
    expect(await run(trainTask('dies')).task.outcome).toEqual({
      type: 'failed',
      error: { code: 'job/process-died', exitCode: 7, signal: null, detail: 'no luck' },
    });
  });

  it('whose node is gone is told as lost, and its process, if it lives on, ends', async () => {
    const input = trainTask('long');
    const { task, news } = run(input);
    await begun(news);
    cluster.override = () => ({ kind: 'lost', detail: 'no heartbeat' });
    cluster.cancel = async () => undefined; // nobody reaches the node any more
    expect(await task.outcome).toMatchObject({ type: 'failed', error: { code: 'cluster/node-lost', detail: 'no heartbeat', node: expect.any(String) } });
    await expect.poll(() => cluster.isAlive('0'), { timeout: 10_000 }).toBe(false);
  });

  it('that the cluster stops for the sake of its time limit may go on; one that somebody cancelled there may not', async () => {
    const limited = run(trainTask('long-1'));
    await begun(limited.news);
    cluster.warn();
    expect(await limited.task.outcome).toMatchObject({ type: 'failed', error: { code: 'cluster/node-lost' } });
    const cancelled = run(trainTask('long-2'));
    await begun(cancelled.news);
    cluster.cancelThere();
    expect(await cancelled.task.outcome).toEqual({ type: 'failed', error: { code: 'cluster/cancelled-there', cluster: 'ray://test' } });
  });

  it('goes on while the cluster does not answer but the node does, and is given up when neither does', async () => {
    const unreachable = new AppException({ code: 'cluster/unreachable', cluster: 'ray://test', detail: 'ECONNREFUSED' });
    cluster.override = () => {
      throw unreachable;
    };
    const short = run(trainTask('short'));
    expect(await short.task.outcome).toMatchObject({ type: 'done' });
    const long = run(trainTask('long'));
    expect(await long.task.outcome).toEqual({ type: 'failed', error: unreachable.error });
  });

  it('that does not stop in time is killed, and the process ends though the cluster does nothing', async () => {
    cluster.cancel = async () => undefined;
    const news: JobNews[] = [];
    const task = startTask(hostOf(), trainTask('long-deaf'), (one) => news.push(one), { killAfterMs: 50, lingerMs: 50 });
    await begun(news);
    task.stop();
    expect(await task.outcome).toEqual({ type: 'failed', error: { code: 'job/process-died', exitCode: null, signal: 'SIGKILL' } });
    await expect.poll(() => cluster.isAlive('0'), { timeout: 10_000 }).toBe(false);
  });
});

describe('where the nodes do not see the project', () => {
  it('files go by the shared folder, results come back before they are told, and nothing stays', async () => {
    const shared = mkdtempSync(join(root, 'shared-'));
    const input = trainTask('short', true);
    writeFileSync(join(input.runFolder, 'checkpoint_latest.bin'), 'weights 1');
    writeFileSync(join(input.runFolder, 'nodes.json'), '[]');
    let atCheckpoint = '';
    const task = startTask(hostOf({ copy: new SharedCopy(project, shared) }), input, (news) => {
      if (news.type === 'item' && (news.item as { kind: string }).kind === 'checkpoint')
        atCheckpoint = readFileSync(join(input.runFolder, 'checkpoint_latest.bin'), 'utf8');
      if (news.type === 'item' && (news.item as { kind: string }).kind === 'placed') writeFileSync(join(input.runFolder, 'nodes.json'), '["here"]');
    });
    expect(await task.outcome).toMatchObject({ type: 'done', stopped: false });
    expect(atCheckpoint).toBe('weights 2');
    expect(readFileSync(join(input.runFolder, 'checkpoint_best.bin'), 'utf8')).toBe('best');
    expect(readFileSync(join(input.runFolder, 'nodes.json'), 'utf8')).toBe('["here"]');
    expect(cluster.jobs[0]!.command).not.toContain(project);
    expect(readdirSync(shared)).toEqual([]);
  });

  it('the copy stays until the last of several trainings has ended', async () => {
    const shared = mkdtempSync(join(root, 'shared-'));
    const copy = new SharedCopy(project, shared);
    const long = run(trainTask('long'), hostOf({ copy }));
    await begun(long.news);
    expect(await run(trainTask('short'), hostOf({ copy })).task.outcome).toMatchObject({ type: 'done' });
    const [copied] = readdirSync(shared);
    expect(existsSync(join(shared, copied!, 'cases', 'a', 'image.nii'))).toBe(true);
    long.task.stop();
    await long.task.outcome;
    expect(readdirSync(shared)).toEqual([]);
  });
});

it('gives no keys away', async () => {
  const messages: unknown[] = [];
  await new Promise<void>((done) => {
    const process = hostOf().start({ onMessage: (message) => messages.push(message), onExit: () => done() });
    process.send({ type: 'run', input: { task: 'checkRuntime' }, vaults: [{ folder: '/p', key: new Uint8Array(32), names: null }] });
  });
  expect(messages).toMatchObject([{ type: 'failed', error: { code: 'cluster/encrypted-project' } }]);
  expect(cluster.jobs).toEqual([]);
});
