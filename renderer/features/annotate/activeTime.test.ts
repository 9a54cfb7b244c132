import { describe, expect, it } from 'vitest';
import { ActiveTime } from './activeTime.ts';

describe('ActiveTime', () => {
  it('adds what passes between signs of activity, and of a pause the first half minute', () => {
    const time = new ActiveTime();
    time.open('a', 1_000);
    for (const nowMs of [3_000, 10_000, 35_000]) time.activity(nowMs);
    expect(time.secondsOf('a', 35_000)).toBe(34);
    time.activity(35_000 + 3_600_000);
    expect(time.secondsOf('a', 35_000 + 3_600_000)).toBe(64);
  });

  it('belongs to the case that is open, and waits for one that was left without saving', () => {
    const time = new ActiveTime();
    time.open('a', 0);
    time.open('b', 5_000);
    time.open(null, 8_000);
    time.activity(20_000);
    time.open('a', 21_000);
    expect(time.secondsOf('a', 23_000)).toBe(7);
    expect(time.secondsOf('b', 23_000)).toBe(3);
  });

  it('is told once', () => {
    const time = new ActiveTime();
    time.open('a', 0);
    const seconds = time.secondsOf('a', 12_000);
    time.activity(13_000); // while it was being saved
    time.told('a', seconds);
    expect(time.secondsOf('a', 13_000)).toBe(1);
  });

  it('does not run backwards with the clock', () => {
    const time = new ActiveTime();
    time.open('a', 10_000);
    time.activity(4_000);
    expect(time.secondsOf('a', 5_000)).toBe(1);
  });
});
