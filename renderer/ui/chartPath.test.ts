import { describe, expect, it } from 'vitest';
import { axisLabels, chartPath, chartPlace, rangeOf } from './chartPath.ts';

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
  it('names the one value there is, and else the ends', () => {
    expect(axisLabels([line(2)], 'y', rangeOf([line(2)], 'y'))).toEqual({ only: 2 });
    expect(axisLabels([line(0), line(0)], 'x', { min: -0.5, max: 0.5 })).toEqual({ only: 0 });
    expect(axisLabels([line(2, 3)], 'y', { min: 2, max: 3 })).toEqual({ low: 2, high: 3 });
    expect(axisLabels([], 'y', { min: 0, max: 1 })).toEqual({ low: 0, high: 1 });
  });
  it('puts a point that is alone where its value lies', () =>
    expect(chartPlace({ x: 1, y: 0.3 }, { min: 0.5, max: 1.5 }, { min: 0, max: 1 }, 100, 50)).toEqual([50, 35]));
  it('draws y upwards', () => {
    expect(chartPath(line(0, 10).points, { min: 0, max: 1 }, { min: 0, max: 10 }, 100, 50)).toBe('M0.0 50.0L100.0 0.0');
  });
});
