import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FromCompute, ToCompute } from '../contract/computeMessages.ts';
import type { ComputeProcess } from '../jobs/computeHost.ts';
import { createForkComputeHost } from './forkComputeHost.ts';

interface Ended {
  readonly messages: FromCompute[];
  readonly exits: { exitCode: number | null; signal: string | null; stderrTail: string }[];
}

const run: ToCompute = { type: 'run', input: { task: 'checkRuntime' } };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-fork-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `source` as a compute process and resolves a moment after its first exit, to catch a second one. */
function observe(source: string, use: (child: ComputeProcess, message: FromCompute | null) => void): Promise<Ended> {
  const script = join(folder, `child${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(script, source);
  return new Promise((resolve) => {
    const ended: Ended = { messages: [], exits: [] };
    const child = createForkComputeHost(script).start({
      onMessage: (message) => {
        ended.messages.push(message);
        use(child, message);
      },
      onExit: (exitCode, signal, stderrTail) => {
        ended.exits.push({ exitCode, signal, stderrTail });
        setTimeout(() => resolve(ended), 50);
      },
    });
    use(child, null);
  });
}

const startsTask = (child: ComputeProcess, message: FromCompute | null): void => {
  if (message === null) child.send(run);
};

describe('createForkComputeHost', () => {
  it('carries messages both ways and reports a clean exit once', async () => {
    const source = `process.on('message', (m) => { process.send({ type: 'done', summary: { got: m }, stopped: false }, () => process.exit(0)); });`;
    const ended = await observe(source, startsTask);
    expect(ended.messages).toEqual([{ type: 'done', summary: { got: run }, stopped: false }]);
    expect(ended.exits).toEqual([{ exitCode: 0, signal: null, stderrTail: '' }]);
  });

  it('a killed process reports its signal once', async () => {
    const source = `process.send({ type: 'news', news: { type: 'progress', progress: { phase: 'starting', done: 0, total: 1 } } }); setInterval(() => {}, 1000);`;
    const ended = await observe(source, (child, message) => {
      if (message) child.kill();
    });
    expect(ended.exits).toEqual([{ exitCode: null, signal: 'SIGKILL', stderrTail: '' }]);
  });

  it('a crash keeps the end of what was printed', async () => {
    const source = `process.stderr.write('x'.repeat(100000) + 'the end', () => process.exit(3));`;
    const { exits } = await observe(source, () => undefined);
    expect(exits).toHaveLength(1);
    expect(exits[0]).toMatchObject({ exitCode: 3, signal: null });
    expect(exits[0]?.stderrTail).toMatch(/x+the end$/);
    expect(exits[0]?.stderrTail.length).toBeLessThanOrEqual(8 * 1024);
  });

  it('a message outside the contract fails the task and says why', async () => {
    const source = `process.send({ type: 'done', summary: 3 }, () => process.exit(0));`;
    const { messages } = await observe(source, () => undefined);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({ type: 'failed', error: { code: 'internal' } });
    expect(JSON.stringify(messages[0])).toContain('summary');
  });

  it('a missing script ends as an exit with the reason, not as an exception', async () => {
    const exit = await new Promise<{ exitCode: number | null; stderrTail: string }>((resolve) => {
      const child = createForkComputeHost(join(folder, 'missing.cjs')).start({
        onMessage: () => undefined,
        onExit: (exitCode, _signal, stderrTail) => resolve({ exitCode, stderrTail }),
      });
      child.send(run);
    });
    expect(exit.exitCode).toBe(1);
    expect(exit.stderrTail).toContain('missing.cjs');
  });
});
