import { describe, expect, it } from 'vitest';
import { JobEvent } from '../contract/jobs.ts';
import { Output } from './output.ts';

function rig(isJson: boolean, isTTY = false) {
  const printed = { out: '', err: '' };
  const output = new Output({ write: (text) => (printed.out += text) }, { write: (text) => (printed.err += text), isTTY, columns: 40 }, isJson);
  return { printed, output };
}

let seq = 0;
const event = (facts: object): JobEvent => JobEvent.parse({ jobId: 'job1', seq: seq++, atMs: 1, ...facts });
const progress = (done: number) => event({ type: 'progress', progress: { phase: 'training', done, total: 10, secondsLeft: 75 } });
const problem = event({ type: 'problem', error: { code: 'import/label-without-image', path: '/a.nii' } });

describe('Output for scripts', () => {
  it('prints one JSON object per line on standard output and nothing else there', () => {
    const { printed, output } = rig(true);
    output.say('for people');
    output.jobEvent(progress(1));
    output.jobEvent(problem);
    output.result('train', 3, { runId: 'r1' });
    const lines = printed.out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toMatchObject([
      { type: 'job', event: { type: 'progress' } },
      { type: 'job', event: { type: 'problem' } },
      { type: 'result', command: 'train', ok: true, exitCode: 3, value: { runId: 'r1' } },
    ]);
    expect(printed.err).toBe('');
  });

  it('a failure carries the facts and the sentence', () => {
    const { printed, output } = rig(true);
    output.failure('predict', 1, { code: 'predict/no-model' });
    expect(JSON.parse(printed.out)).toMatchObject({ type: 'result', ok: false, exitCode: 1, error: { code: 'predict/no-model' } });
    expect(printed.err).toMatch(/^maskloop predict: No trained model/);
  });
});

describe('Output for people', () => {
  it('keeps results on standard output, progress and problems on standard error', () => {
    const { printed, output } = rig(false);
    output.jobEvent(progress(1));
    output.jobEvent(problem);
    output.say('done');
    output.result('train', 0, {});
    expect(printed.out).toBe('done\n');
    expect(printed.err).toContain('Training · 10 % · 1 min 15 s left\n');
    expect(printed.err).toContain('/a.nii');
  });

  it('overwrites one line in a terminal, never wider than it', () => {
    const { printed, output } = rig(false, true);
    output.jobEvent(event({ type: 'metric', metric: { name: 'trainLoss', epoch: 1, step: 1, value: 0.5 } }));
    output.jobEvent(progress(1));
    output.jobEvent(progress(2));
    output.say('done');
    const pieces = printed.err.split('\r\u001b[K').filter((piece) => piece !== '');
    expect(pieces).toHaveLength(2);
    expect(pieces[1]).toMatch(/^Training · 20 % · loss 0\.500/);
    for (const piece of pieces) expect(piece.length).toBeLessThan(40);
    expect(printed.err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('does not flood a log file', () => {
    const { printed, output } = rig(false);
    for (let done = 0; done < 10; done++) output.jobEvent(progress(done));
    expect(printed.err.trimEnd().split('\n')).toHaveLength(1);
  });
});
