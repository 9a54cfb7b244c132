import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../main/contract/jobs.ts';
import { phaseStart, timeLeft } from './timeLeft.ts';

const reading = (done: number, more: Partial<Progress> = {}): Progress => ({ phase: 'reading', done, total: 100, ...more });

describe('timeLeft', () => {
  const start = phaseStart(undefined, reading(10), 1000);
  it('takes as long for each piece as until now', () => expect(timeLeft(reading(30), start, 11_000)).toEqual({ seconds: 35, isEstimate: true }));
  it('believes the job where it says so', () => expect(timeLeft(reading(11, { secondsLeft: 7 }), start, 1100)).toEqual({ seconds: 7, isEstimate: false }));
  it.each([
    ['too early', reading(30), 2000],
    ['too little done', reading(12), 60_000],
    ['nobody knows how much there is', reading(5, { total: 0 }), 60_000],
    ['it holds', reading(50, { phase: 'paused' }), 60_000],
  ])('says nothing when %s', (_why, progress, atMs) => expect(timeLeft(progress, start, atMs)).toBeNull());
});

describe('phaseStart', () => {
  const start = phaseStart(undefined, reading(10), 1000);
  it('stays while the phase goes on', () => expect(phaseStart(start, reading(40), 9000)).toBe(start));
  it('begins anew with another phase, amount, or when the count falls back', () => {
    expect(phaseStart(start, { phase: 'writing', done: 1, total: 100 }, 9000).atMs).toBe(9000);
    expect(phaseStart(start, reading(40, { total: 50 }), 9000).atMs).toBe(9000);
    expect(phaseStart(start, reading(2), 9000)).toMatchObject({ atMs: 9000, done: 2 });
  });
});
