import { describe, expect, it } from 'vitest';
import { scrollTopFor, visibleRange } from './visibleRange.ts';

describe('visibleRange', () => {
  it('is what is in view and six more at either end', () => {
    expect(visibleRange(0, 500, 50, 2000)).toEqual({ begin: 0, end: 16 });
    expect(visibleRange(5010, 500, 50, 2000)).toEqual({ begin: 94, end: 117 });
    expect(visibleRange(99_500, 500, 50, 2000)).toEqual({ begin: 1984, end: 2000 });
  });
  it('stands lists that have become shorter, and empty ones', () => {
    expect(visibleRange(50_000, 500, 50, 3)).toEqual({ begin: 3, end: 3 });
    expect(visibleRange(0, 0, 50, 0)).toEqual({ begin: 0, end: 0 });
  });
});

it('scrolls no farther than needed', () => {
  expect([scrollTopFor(3, 0, 500, 50), scrollTopFor(12, 0, 500, 50), scrollTopFor(2, 300, 500, 50)]).toEqual([null, 150, 100]);
});
