import { describe, expect, it } from 'vitest';
import { chartPath, rangeOf } from './chartPath.ts';

const line = (...ys: number[]) => ({ name: 'a', color: 'red', points: ys.map((y, x) => ({ x, y })) });

describe('chart', () => {
  it('spans all lines', () => {
    expect(rangeOf([line(3, 1), line(5)], 'y')).toEqual({ min: 1, max: 5 });
    expect(rangeOf([line(3, 1), line(5)], 'x')).toEqual({ min: 0, max: 1 });
  });
  it('is never empty', () => {
    expect(rangeOf([], 'y')).toEqual({ min: 0, max: 1 });
    expect(rangeOf([line(2)], 'y')).toEqual({ min: 1.5, max: 2.5 });
  });
  it('draws y upwards', () => {
    expect(chartPath(line(0, 10).points, { min: 0, max: 1 }, { min: 0, max: 10 }, 100, 50)).toBe('M0.0 50.0L100.0 0.0');
  });
});
