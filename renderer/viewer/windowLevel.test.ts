import { describe, expect, it } from 'vitest';
import { firstWindow } from './windowLevel.ts';

describe('firstWindow', () => {
  it('uses the soft-tissue window for CT whatever the voxels', () => {
    expect(firstWindow('CT', Int16Array.of(-1000, 3000))).toEqual({ lower: -160, upper: 240 });
  });

  it('spans the 1st to the 99th percentile otherwise, outliers left out', () => {
    const voxels = Float32Array.from({ length: 100_000 }, (_, i) => (i === 7 ? 1e9 : i % 1000));
    const { lower, upper } = firstWindow('MR', voxels);
    expect(lower).toBeGreaterThanOrEqual(0);
    expect(lower).toBeLessThan(30);
    expect(upper).toBeGreaterThan(970);
    expect(upper).toBeLessThan(1000);
  });

  it('never gives an empty window', () => {
    expect(firstWindow('MR', new Uint8Array(10).fill(5))).toEqual({ lower: 4.5, upper: 5.5 });
  });
});
