/** Waiting for a job, with services reduced to their events: what arrives when is the point here. */
import { describe, expect, it } from 'vitest';
import type { AppEvent, Handlers } from '../contract/api.ts';
import { ok } from '../contract/errors.ts';
import { JobEvent } from '../contract/jobs.ts';
import { JobId } from '../contract/vocabulary.ts';
import type { Services } from '../services/services.ts';
import { CliSession } from './cliSession.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { Interrupt } from './interrupt.ts';
import { Output } from './output.ts';

const jobId = JobId.parse('job1');
let seq = 0;
const event = (facts: object): AppEvent => ({ type: 'job', event: JobEvent.parse({ jobId, seq: seq++, atMs: 1, ...facts }) });
const queued = () => event({ type: 'queued', kind: 'import', title: 'Import' });
const succeeded = () => event({ type: 'succeeded', summary: { count: 2 } });
const problem = (code: 'predict/no-model' | 'import/already-imported') =>
  event({ type: 'problem', error: code === 'predict/no-model' ? { code } : { code, path: '/a', caseId: 'c1' } });

function rig() {
  const listeners = new Set<(event: AppEvent) => void>();
  const cancelled: unknown[] = [];
  const emit = (appEvent: AppEvent) => listeners.forEach((listener) => listener(appEvent));
  const services: Services = {
    handlers: new Proxy({} as Handlers, {
      get: () => (input: unknown) => {
        cancelled.push(input);
        emit(event({ type: 'cancelled' }));
        return Promise.resolve(ok(null));
      },
    }),
    handlersOf: () => services.handlers,
    bulk: {
      get: () => Promise.reject(new Error('unused')),
      upload: () => Promise.reject(new Error('unused')),
      append: () => Promise.reject(new Error('unused')),
    },
    windows: { arrive: () => () => undefined },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openImages: () => undefined,
    askForPassphrase: () => undefined,
    close: () => Promise.resolve(),
  };
  const interrupt = new Interrupt(() => undefined);
  const silent = { write: () => true };
  const program = { version: '0', computeScript: '', rendererFolder: '' };
  const session = new CliSession(services, new Output(silent, silent, false), interrupt, program);
  return { listeners, cancelled, emit, interrupt, session };
}

describe('followJob', () => {
  it('misses nothing when the job ends before its id is known, and lets go of the services', async () => {
    const { session, emit, listeners } = rig();
    const end = await followJob(session, () => {
      emit(queued());
      emit(event({ jobId: 'other', type: 'failed', error: { code: 'predict/no-model' } }));
      emit(succeeded());
      return Promise.resolve({ jobId });
    });
    expect(end).toMatchObject({ state: 'succeeded', summary: { count: 2 }, problems: [] });
    expect(exitCodeOf(end)).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it('throws the reason of a failed job', async () => {
    const { session, emit, listeners } = rig();
    const end = followJob(session, () => Promise.resolve({ jobId }));
    emit(event({ type: 'failed', error: { code: 'predict/no-model' } }));
    await expect(end).rejects.toMatchObject({ error: { code: 'predict/no-model' } });
    expect(listeners.size).toBe(0);
  });

  it('Ctrl+C cancels the job and ends with 130', async () => {
    const { session, interrupt, cancelled } = rig();
    const end = followJob(session, () => Promise.resolve({ jobId }));
    await new Promise((resolve) => setImmediate(resolve));
    interrupt.press();
    expect(exitCodeOf(await end)).toBe(130);
    expect(cancelled).toEqual([{ jobId }]);
  });

  it('problems give exit code 3, a second import of the same files does not', async () => {
    const { session, emit } = rig();
    const withProblem = async (code: 'predict/no-model' | 'import/already-imported') => {
      const end = followJob(session, () => Promise.resolve({ jobId }));
      emit(problem(code));
      emit(succeeded());
      return exitCodeOf(await end);
    };
    expect(await withProblem('predict/no-model')).toBe(3);
    expect(await withProblem('import/already-imported')).toBe(0);
  });
});
