import { describe, expect, it } from 'vitest';
import { erasable, paintable } from './paintRules.ts';
import type { PaintOver } from './paintRules.ts';

const same = (slot: number): number => slot;
const rules = (over: PaintOver, locked: number[] = [], hidden: number[] = []) => ({ over, locked: new Set(locked), hidden: new Set(hidden) });
const allowed = (table: Uint8Array): number[] => [0, 1, 2, 3, 4, 65_535].filter((slot) => table[slot]);

describe('what may be changed', () => {
  it('painting 2', () => {
    expect(allowed(paintable(rules('everything'), 2, same))).toEqual([0, 1, 2, 3, 4, 65_535]);
    expect(allowed(paintable(rules('everything', [3]), 2, same))).toEqual([0, 1, 2, 4, 65_535]);
    expect(allowed(paintable(rules('background', [3]), 2, same))).toEqual([0, 2, 65_535]);
    expect(allowed(paintable(rules('shown', [3], [4]), 2, same))).toEqual([0, 1, 2, 65_535]);
    expect(allowed(paintable(rules('everything', [2]), 2, same))).toEqual([]);
  });

  it('erasing with 2 active', () => {
    expect(allowed(erasable(rules('everything', [3]), 2, same))).toEqual([1, 2, 4, 65_535]);
    expect(allowed(erasable(rules('background'), 2, same))).toEqual([2]);
    expect(allowed(erasable(rules('shown', [], [4]), 2, same))).toEqual([1, 2, 3, 65_535]);
    expect(allowed(erasable(rules('background', [2]), 2, same))).toEqual([]);
  });

  it('goes by label values where slots are other numbers', () => {
    expect(allowed(paintable(rules('everything', [1003]), 1002, (slot) => slot + 1000))).toEqual([0, 1, 2, 4, 65_535]);
  });
});
