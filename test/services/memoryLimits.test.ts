/** Real limits: compute processes that V8, an address space or a control group ends. What they say, and that a training goes on with less. */
import { fork, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppError } from '../../main/contract/errors.ts';
import type { JobNews } from '../../main/contract/jobs.ts';
import { TrainTask, type TaskInput } from '../../main/contract/tasks.ts';
import type { TrainingChoices } from '../../main/contract/trainingRecipe.ts';
import { Grid } from '../../main/contract/vocabulary.ts';
import { writeLabelmap, writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { ComputeChannel } from '../../main/host/computeChannel.ts';
import type { ComputeHost } from '../../main/jobs/computeHost.ts';
import { startTask, type TaskOutcome } from '../../main/jobs/computeTask.ts';
import { memoryDeath } from '../../main/jobs/memoryDeath.ts';
import { trainingRecipe } from '../../main/nnunet/train/trainingPreset.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-limits-'));
let bundle: Awaited<ReturnType<typeof bundleCompute>>;
let cases: unknown[] = [];

beforeAll(async () => {
  bundle = await bundleCompute('limits');
  cases = await Promise.all([0, 1].map(writeCase));
});
afterAll(() => {
  bundle.remove();
  rmSync(root, { recursive: true, force: true });
});

const grid = Grid.parse({ dimsIjk: [16, 16, 16], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
async function writeCase(index: number): Promise<unknown> {
  const folder = join(root, `case_${index}`);
  mkdirSync(folder);
  const labels = Uint8Array.from({ length: 4096 }, (_, n) => (Math.hypot((n % 16) - 8, (Math.floor(n / 16) % 16) - 8, Math.floor(n / 256) - 8) < 5 ? 1 : 0));
  const image = { files: [join(folder, 'image_0000.nii')], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] };
  await writeStoredChannel(
    image.files[0]!,
    grid,
    Float32Array.from(labels, (label, n) => 100 + 60 * label + 20 * Math.sin(n * 12.9898 + index)),
  );
  await writeLabelmap(join(folder, 'labels.nii.gz'), grid, labels);
  return { caseId: `case_${index}`, image, labelFile: join(folder, 'labels.nii.gz'), role: 'train', weight: 1 };
}

/** A batch whose activations are most of what it needs. */
const training = (runId: string, choices: TrainingChoices, change: object = {}): TrainTask =>
  TrainTask.parse({
    task: 'train',
    runId,
    runFolder: join(root, 'runs', runId),
    preprocessedFolder: join(root, 'preprocessed'),
    configuration: '3d_fullres',
    preset: 'v2',
    fold: 'all',
    amp: 'off',
    epochs: 1,
    seed: 5,
    resume: false,
    memory: 'ignore',
    recipe: trainingRecipe('v2', { epochs: 1 }, { stepsPerEpoch: 1, batchSize: 96, ...choices }, false),
    legend: [{ labelValue: 1, name: 'ball', colorRgb: [1, 2, 3] }],
    cases,
    ...change,
  });

type OnNews = (pid: number, news: JobNews) => void;

async function outcomeOf(input: TaskInput, execArgv: string[] = [], onNews: OnNews = () => undefined): Promise<TaskOutcome> {
  let pid = 0;
  const host: ComputeHost = {
    start(listeners) {
      const child = fork(bundle.script, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', execArgv });
      const channel = new ComputeChannel(listeners);
      child.on('message', (raw) => channel.receive(raw));
      child.stderr?.on('data', (chunk: Buffer) => channel.printed(chunk));
      child.once('close', (code, signal) => channel.exited(code, signal));
      pid = child.pid!;
      return { send: (message) => void child.send(message), kill: () => child.kill('SIGKILL') };
    },
  };
  return startTask(host, input, (news) => onNews(pid, news)).outcome;
}

const errorOf = (outcome: TaskOutcome): AppError | null => (outcome.type === 'failed' ? outcome.error : null);
/** A task that could still say so has done it; of the others the exit tells. */
function isSaidToBeMemory(error: AppError | null): boolean {
  return error?.code === 'train/out-of-memory' || (error?.code === 'job/process-died' && memoryDeath(error) !== null);
}
/** Once, when the cases are ready and the network is not. */
const atStart = (limit: (pid: number) => void): OnNews => {
  let isDone = false;
  return (pid, news) => {
    if (isDone || news.type !== 'progress' || news.progress.phase !== 'starting') return;
    isDone = true;
    limit(pid);
  };
};

it("V8's heap", { timeout: 120_000 }, async () => {
  const error = errorOf(await outcomeOf({ task: 'checkRuntime' }, ['--max-old-space-size=6']));
  expect(error).toMatchObject({ code: 'job/process-died' });
  expect(error?.code === 'job/process-died' && memoryDeath(error)).toContain('heap');
});

const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
if (!hasPrlimit) console.warn('NOTICE: no prlimit here; the limit of the address space is not tested.');
it.skipIf(!hasPrlimit)('the address space (ulimit -v)', { timeout: 240_000 }, async () => {
  const limit = (pid: number): void => {
    const heldKb = Number(/VmSize:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
    expect(spawnSync('prlimit', ['--pid', String(pid), `--as=${(heldKb + 200_000) * 1024}`]).status).toBe(0);
  };
  expect(isSaidToBeMemory(errorOf(await outcomeOf(training('address-space', {}), [], atStart(limit))))).toBe(true);
});

/** A control group of our own with a limit, v1 or v2; `null` where we may not make one. */
function makeControlGroup(): { limit(pid: number, bytes: number): void; remove(): void } | null {
  const [base, limitFile] = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')
    ? ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes']
    : ['/sys/fs/cgroup', 'memory.max'];
  const folder = join(base, `maskloop-test-${process.pid}`);
  try {
    mkdirSync(folder);
    if (!existsSync(join(folder, limitFile))) throw new Error('the memory controller is not handed down');
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return null;
  }
  return {
    limit(pid, bytes) {
      writeFileSync(join(folder, limitFile), String(Math.round(bytes)));
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    },
    remove: () => rmdirSync(folder),
  };
}

const group = makeControlGroup();
afterAll(() => group?.remove());
if (!group) console.warn('NOTICE: control groups cannot be made here; being ended by the kernel is not tested.');
it.skipIf(!group)('a control group: ended by the kernel, and the training fits in parts', { timeout: 240_000 }, async () => {
  // what is charged to the group begins when the process enters it; the whole batch takes about 800 MB, a part 130 MB
  const limit = atStart((pid) => group!.limit(pid, 750e6));
  const error = errorOf(await outcomeOf(training('group', {}), [], limit));
  expect(error).toMatchObject({ code: 'job/process-died', signal: 'SIGKILL' });
  expect(isSaidToBeMemory(error)).toBe(true);
  expect(
    await outcomeOf(
      training('group', { accumulation: 6 }, { resume: true }),
      [],
      atStart((pid) => group!.limit(pid, 750e6)),
    ),
  ).toMatchObject({ type: 'done', summary: { step: 1 } });
});
