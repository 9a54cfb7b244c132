import { describe, expect, it } from 'vitest';
import { JobEvent } from '../../../main/contract/jobs.ts';
import { setLanguage } from '../../lib/messages/messages.svelte.ts';
import { durationText, logLines } from './jobWords.ts';

const event = (seq: number, type: string, facts: object = {}): JobEvent => JobEvent.parse({ type, jobId: 'j1', seq, atMs: 1000 * seq, ...facts });
const reading = (seq: number, done: number): JobEvent => event(seq, 'progress', { progress: { phase: 'reading', done, total: 9 } });

describe('logLines', () => {
  it('tells what happened, of a phase how far it came', () => {
    const events = [
      event(0, 'queued', { kind: 'import', title: 'Import' }),
      event(1, 'started'),
      reading(2, 1),
      reading(3, 2),
      event(4, 'problem', { error: { code: 'import/already-imported', path: '/a', caseId: 'a' } }),
      reading(5, 9),
      event(6, 'failed', { error: { code: 'disk/full', path: '/p' } }),
    ];
    const { lines, omitted } = logLines(events);
    expect(lines.map(({ seq, isBad }) => [seq, isBad])).toEqual([
      [0, false],
      [1, false],
      [3, false],
      [4, true],
      [5, false],
      [6, true],
    ]);
    expect(lines.map(({ text }) => text)).toContain('reading 2 of 9');
    expect(lines.at(-1)!.text).toContain('Free some space'); // what to do about it
    expect(omitted).toBe(0);
  });
  it('keeps the end of a long log', () => {
    const events = Array.from({ length: 300 }, (_, seq) => event(seq, 'metric', { metric: { name: 'trainLoss', epoch: 1, step: seq, value: 0.5 } }));
    const { lines, omitted } = logLines(events);
    expect([lines.length, omitted, lines.at(-1)!.seq]).toEqual([200, 100, 299]);
  });
});

it('durations as people say them, in the language of the window', () => {
  expect([5, 89.2, 600, 7500].map(durationText)).toEqual(['5 s', '90 s', '10 min', '2 h 5 min']);
  setLanguage('de');
  expect(logLines([event(1, 'started')]).lines[0]!.text).toBe('begonnen');
  setLanguage('en');
});
