import { describe, expect, it } from 'vitest';
import { toGridAxes, toGridMm } from './gridFrame.ts';
import { sweepRows } from './sweptBrush.ts';
import type { SweptBrush } from './sweptBrush.ts';
import type { Triple } from './maskEditor.ts';

const DIMS: Triple = [120, 110, 60];

function painted(brush: SweptBrush, spacing: Triple, dims = DIMS): Uint8Array {
  const mask = new Uint8Array(dims[0] * dims[1] * dims[2]);
  sweepRows(brush, dims, spacing, (j, k, iFrom, iTo) => {
    const row = dims[0] * (j + dims[1] * k);
    mask.fill(1, row + iFrom, row + iTo + 1);
  });
  return mask;
}
const count = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0);
const slicesOf = (mask: Uint8Array): number[] =>
  Array.from({ length: DIMS[2] }, (_, k) => k).filter((k) => mask.subarray(k * DIMS[0] * DIMS[1], (k + 1) * DIMS[0] * DIMS[1]).includes(1));

/** Distance of each voxel centre from the line, worked out the long way. */
function byDistance({ from, to, radiusMm, normal }: SweptBrush, spacing: Triple): Uint8Array {
  const mask = new Uint8Array(DIMS[0] * DIMS[1] * DIMS[2]);
  const [nx, ny, nz] = normal ?? [0, 0, 0];
  const half = 0.5 * (Math.abs(nx) * spacing[0] + Math.abs(ny) * spacing[1] + Math.abs(nz) * spacing[2]);
  const way = [to[0] - from[0], to[1] - from[1], to[2] - from[2]] as const;
  const length2 = way[0] ** 2 + way[1] ** 2 + way[2] ** 2;
  let n = 0;
  for (let k = 0; k < DIMS[2]; k++)
    for (let j = 0; j < DIMS[1]; j++)
      for (let i = 0; i < DIMS[0]; i++, n++) {
        const x = i * spacing[0] - from[0];
        const y = j * spacing[1] - from[1];
        const z = k * spacing[2] - from[2];
        const out = x * nx + y * ny + z * nz;
        if (normal && Math.abs(out) > half) continue;
        const [fx, fy, fz] = [x - out * nx, y - out * ny, z - out * nz];
        const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, (fx * way[0] + fy * way[1] + fz * way[2]) / length2));
        if ((fx - share * way[0]) ** 2 + (fy - share * way[1]) ** 2 + (fz - share * way[2]) ** 2 <= radiusMm ** 2 + 1e-9) mask[n] = 1;
      }
  return mask;
}

describe('sweepRows', () => {
  it('a sphere has the volume of a sphere, also where voxels are not cubes', () => {
    const spacing: Triple = [0.7, 0.9, 1.5];
    const middle: Triple = [42, 48, 45];
    const volume = count(painted({ from: middle, to: middle, radiusMm: 15, normal: null }, spacing)) * 0.7 * 0.9 * 1.5;
    expect(Math.abs(volume / ((4 / 3) * Math.PI * 15 ** 3) - 1)).toBeLessThan(0.01);
  });

  it('a disc has the area of a disc in one slice of each plane', () => {
    const spacing: Triple = [0.7, 0.9, 1.5];
    const middle: Triple = [42.2, 48.1, 45.4];
    const area = (normal: Triple): number => count(painted({ from: middle, to: middle, radiusMm: 20, normal }, spacing));
    const theory = Math.PI * 400;
    expect(Math.abs((area([0, 0, 1]) * 0.7 * 0.9) / theory - 1)).toBeLessThan(0.02);
    expect(Math.abs((area([0, -1, 0]) * 0.7 * 1.5) / theory - 1)).toBeLessThan(0.02);
    expect(Math.abs((area([1, 0, 0]) * 0.9 * 1.5) / theory - 1)).toBeLessThan(0.02);
    expect(slicesOf(painted({ from: middle, to: middle, radiusMm: 20, normal: [0, 0, 1] }, spacing))).toEqual([30]);
  });

  it('a fast stroke is a rod without gaps', () => {
    const spacing: Triple = [1, 1, 1];
    const rod = count(painted({ from: [20, 30, 30], to: [95, 60, 30], radiusMm: 6, normal: [0, 0, 1] }, spacing));
    const theory = Math.PI * 36 + 2 * 6 * Math.hypot(75, 30);
    expect(Math.abs(rod / theory - 1)).toBeLessThan(0.02);
  });

  it.each<[string, SweptBrush]>([
    ['sphere', { from: [30, 40, 50], to: [70.3, 60.1, 33.7], radiusMm: 7.3, normal: null }],
    ['sphere along a row', { from: [20, 40, 50], to: [60, 40, 50], radiusMm: 8, normal: null }],
    ['disc across an oblique plane', { from: [40, 40, 40], to: [40 + 12 * 0.8, 55, 40 - 12 * 0.6], radiusMm: 9.2, normal: [0.6, 0, 0.8] }],
    ['disc in a doubly oblique plane', { from: [42, 50, 45], to: [42, 50, 45], radiusMm: 14, normal: [2 / 3, -1 / 3, 2 / 3] }],
  ])('%s: the same voxels as by the distance of each', (_name, brush) => {
    const spacing: Triple = [0.8, 1.1, 1.7];
    const expected = byDistance(brush, spacing);
    expect(count(expected)).toBeGreaterThan(100);
    expect(Buffer.compare(painted(brush, spacing), expected)).toBe(0);
  });

  it('paints at least the voxels it passes, however small it is, and nothing outside', () => {
    expect(count(painted({ from: [10.4, 10.4, 10.4], to: [10.4, 10.4, 10.4], radiusMm: 0.2, normal: [0, 0, 1] }, [1, 1, 1]))).toBe(1);
    expect(count(painted({ from: [10.4, 10, 10], to: [30.4, 10, 10], radiusMm: 0.2, normal: [0, 0, 1] }, [1, 1, 1]))).toBe(21);
    expect(count(painted({ from: [-40, 10, 10], to: [-30, 10, 10], radiusMm: 5, normal: null }, [1, 1, 1]))).toBe(0);
  });
});

it('world points reach the axes of an oblique grid', () => {
  const grid = { originLpsMm: [10, 20, 30], direction: [0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1] } as never;
  expect(toGridMm(grid, [10 + 0.6 * 5, 20 + 0.8 * 5, 37])[0]).toBeCloseTo(5);
  expect(toGridAxes(grid, [-0.8, 0.6, 0])[1]).toBeCloseTo(1);
});
