import { describe, expect, it } from 'vitest';
import { diceOfLabelmaps } from './diceOfLabelmaps.ts';

describe('diceOfLabelmaps', () => {
  it('compares maps of 8 and of 16 bits', () => {
    expect(diceOfLabelmaps(Uint16Array.of(0, 1, 300, 300), Uint16Array.of(0, 1, 300, 44), [1, 300, 44])).toEqual([1, 2 / 3, 0]);
    expect(diceOfLabelmaps(Uint8Array.of(1, 44), Uint16Array.of(1, 300), [1, 44, 300])).toEqual([1, 0, 0]);
    expect(diceOfLabelmaps(Uint8Array.of(1), Uint8Array.of(1), [300])).toEqual([null]);
  });

  it('counts each label by itself', () => {
    const predicted = Uint8Array.of(0, 1, 1, 2, 2, 0);
    const truth = Uint8Array.of(0, 1, 2, 2, 2, 2);
    // label 1: 1 common of 2 + 1; label 2: 2 common of 2 + 4
    expect(diceOfLabelmaps(predicted, truth, [1, 2])).toEqual([2 / 3, 4 / 6]);
  });

  it('a label in one map only scores 0, in neither null', () => {
    expect(diceOfLabelmaps(Uint8Array.of(0, 0), Uint8Array.of(0, 3), [3, 4])).toEqual([0, null]);
  });

  it('refuses maps of different size', () => {
    expect(() => diceOfLabelmaps(new Uint8Array(2), new Uint8Array(3), [1])).toThrow(RangeError);
  });
});
