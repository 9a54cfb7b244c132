/** The compute process as it ships: bundled, forked, talked to over its message channel. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FromCompute } from '../contract/computeMessages.ts';
import { bundleCompute } from './testing/bundleCompute.ts';

const folder = mkdtempSync(join(tmpdir(), 'maskloop-compute-'));
let bundle: Awaited<ReturnType<typeof bundleCompute>>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  bundle = await bundleCompute('compute');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});
afterAll(() => {
  bundle.remove();
  rmSync(folder, { recursive: true, force: true });
});

function start() {
  const child = fork(bundle.script, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
  children.add(child);
  const messages: FromCompute[] = [];
  child.on('message', (raw) => messages.push(FromCompute.parse(raw)));
  const exited = new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (code, signal) => {
      children.delete(child);
      resolve([code, signal]);
    }),
  );
  return { child, messages, exited };
}

const grid = { dimsIjk: [3, 2, 1], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
const saveTask = (bytes: number[]) => {
  const uploadFile = join(folder, 'upload');
  writeFileSync(uploadFile, Uint8Array.from(bytes));
  const legend = [{ labelValue: 3, name: 'x', colorRgb: [1, 2, 3] }];
  return { task: 'saveLabelmap', caseId: 'a', uploadFile, outputFile: join(folder, 'saved.nii.gz'), grid, legend };
};

describe('the compute process', () => {
  it('does a task, answers and exits', async () => {
    const { child, messages, exited } = start();
    child.send({ type: 'run', input: saveTask([0, 3, 3, 0, 0, 3]) });
    expect(await exited).toEqual([0, null]);
    expect(messages).toEqual([{ type: 'done', stopped: false, summary: { backgroundVoxelCount: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }]);
    expect([...gunzipSync(readFileSync(join(folder, 'saved.nii.gz'))).subarray(352)]).toEqual([0, 3, 3, 0, 0, 3]);
  });

  it.skipIf(process.platform === 'win32')('steps back to idle priority for a task in the background, and only then', async () => {
    const priorityOf = async (isBackground: boolean): Promise<number> => {
      const { child, exited } = start();
      child.send({
        type: 'run',
        isBackground,
        input: { task: 'phantoms', folder: join(folder, `at-priority-${isBackground}`), caseCount: 40, labelledCount: 0, seed: 0 },
      });
      await new Promise((resolve) => child.once('message', resolve));
      const priority = getPriority(child.pid);
      child.kill('SIGKILL');
      await exited;
      return priority;
    };
    expect(await priorityOf(true)).toBe(constants.priority.PRIORITY_LOW);
    expect(await priorityOf(false)).toBe(getPriority());
  });

  it('tells what it has done before its last word', async () => {
    const { child, messages, exited } = start();
    const study = join(folder, 'study');
    child.send({ type: 'run', input: { task: 'phantoms', folder: study, caseCount: 2, labelledCount: 1, seed: 0 } });
    await exited;
    expect(messages.filter(({ type }) => type === 'news').length).toBeGreaterThanOrEqual(2);
    expect(messages.at(-1)).toMatchObject({ type: 'done', summary: { caseCount: 2 } });
    expect(readdirSync(join(study, 'imagesTr'))).toHaveLength(2);
  });

  it('answers with the error of a task that fails, and exits', async () => {
    const { child, messages, exited } = start();
    child.send({ type: 'run', input: saveTask([0, 3, 9, 0, 0, 3]) });
    expect(await exited).toEqual([0, null]);
    expect(messages).toEqual([{ type: 'failed', error: { code: 'labels/unknown-label', caseId: 'a', labelValue: 9 } }]);
  });

  it('refuses what is no task', async () => {
    const { child, messages, exited } = start();
    child.send({ type: 'run', input: { task: 'format the disk' } });
    expect(await exited).toEqual([0, null]);
    expect(messages).toMatchObject([{ type: 'failed', error: { code: 'contract/bad-input' } }]);
  });

  it('stops when asked and says that it was stopped', async () => {
    const { child, messages, exited } = start();
    const input = { task: 'phantoms', folder: join(folder, 'many'), caseCount: 5000, labelledCount: 0, seed: 0 };
    child.send({ type: 'run', input });
    while (messages.length === 0) await sleep(5);
    child.send({ type: 'stop' });
    expect(await exited).toEqual([0, null]);
    expect(messages.at(-1)).toMatchObject({ type: 'done', stopped: true });
  });

  it('dies with its parent, idle or at work', async () => {
    const idle = start();
    await sleep(200);
    idle.child.disconnect();
    expect(await idle.exited).toEqual([0, null]);
    const busy = start();
    const input = { task: 'phantoms', folder: join(folder, 'orphan'), caseCount: 5000, labelledCount: 0, seed: 0 };
    busy.child.send({ type: 'run', input });
    while (busy.messages.length === 0) await sleep(5);
    busy.child.disconnect();
    expect(await busy.exited).toEqual([0, null]);
  });

  it('dies with a parent that was killed, though its event loop hears nothing', async () => {
    const family = await bundleCompute('deafFamily', 'testing/deafFamily');
    const parent = spawn(process.execPath, [family.script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [childPid] = await once(parent.stdout, 'data');
    expect(Number(childPid)).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const beganMs = performance.now();
    await once(parent.stdout, 'close'); // the child held it, too
    expect(performance.now() - beganMs).toBeLessThan(3000);
    family.remove();
  });
});
