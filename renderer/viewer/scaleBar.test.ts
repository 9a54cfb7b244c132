import { describe, expect, it } from 'vitest';
import { scaleBar } from './scaleBar.ts';

describe('scaleBar', () => {
  it('is round and fits', () => {
    expect(scaleBar(0.5, 100)).toEqual({ mm: 50, pixels: 100 });
    expect(scaleBar(0.49, 100)).toEqual({ mm: 20, pixels: 20 / 0.49 });
    expect(scaleBar(0.1, 120)).toEqual({ mm: 10, pixels: 100 });
    expect(scaleBar(0.002, 100).mm).toBeCloseTo(0.2, 9);
    expect(scaleBar(3, 100)).toEqual({ mm: 200, pixels: 200 / 3 });
  });
});
