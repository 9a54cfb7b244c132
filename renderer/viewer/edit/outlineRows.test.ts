import { describe, expect, it } from 'vitest';
import type { Triple } from './maskEditor.ts';
import { outlineRows } from './outlineRows.ts';
import type { Outline } from './outlineRows.ts';

const DIMS: Triple = [80, 70, 40];

function painted(outline: Outline, spacing: Triple): Uint8Array {
  const mask = new Uint8Array(DIMS[0] * DIMS[1] * DIMS[2]);
  outlineRows(outline, DIMS, spacing, (j, k, iFrom, iTo) => {
    const row = DIMS[0] * (j + DIMS[1] * k);
    for (let n = row + iFrom; n <= row + iTo; n++) mask[n]!++;
  });
  return mask;
}
const count = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0);
/** A circle across an axis. */
const circle = (middle: Triple, radiusMm: number, u: Triple, v: Triple): Triple[] =>
  Array.from({ length: 90 }, (_, n) => {
    const [c, s] = [radiusMm * Math.cos((n * Math.PI) / 45), radiusMm * Math.sin((n * Math.PI) / 45)];
    return [0, 1, 2].map((axis) => middle[axis]! + c * u[axis]! + s * v[axis]!) as unknown as Triple;
  });

describe('outlineRows', () => {
  const spacing: Triple = [0.5, 0.6, 1.2];

  it('fills the area of a circle on one slice of each plane', () => {
    const middle: Triple = [20, 20, 24];
    const theory = Math.PI * 144;
    for (const [axis, u, v, pixel] of [
      [2, [1, 0, 0], [0, 1, 0], 0.3],
      [1, [1, 0, 0], [0, 0, 1], 0.6],
      [0, [0, 1, 0], [0, 0, 1], 0.72],
    ] as const) {
      const normal = [0, 0, 0].map((_, c) => (c === axis ? 1 : 0)) as unknown as Triple;
      const area = count(painted({ corners: circle(middle, 12, u, v), normal, depth: 'slice', side: 'inside' }, spacing)) * pixel;
      expect(Math.abs(area / theory - 1)).toBeLessThan(0.02);
    }
  });

  it('through the volume it is a prism; inside and outside share nothing and leave nothing out', () => {
    const corners = circle([20, 20, 24], 12, [1, 0, 0], [0, 1, 0]);
    const inside = painted({ corners, normal: [0, 0, 1], depth: 'volume', side: 'inside' }, spacing);
    const outside = painted({ corners, normal: [0, 0, 1], depth: 'volume', side: 'outside' }, spacing);
    expect(Math.abs((count(inside) * 0.3) / 40 / (Math.PI * 144) - 1)).toBeLessThan(0.02);
    expect(inside.every((value, n) => value + outside[n]! === 1)).toBe(true);
  });

  it('a ring that crosses itself keeps its hole', () => {
    const ring = [...circle([20, 20, 24], 12, [1, 0, 0], [0, 1, 0]), ...circle([20, 20, 24], 6, [1, 0, 0], [0, 1, 0])];
    const area = count(painted({ corners: ring, normal: [0, 0, -1], depth: 'slice', side: 'inside' }, spacing)) * 0.3;
    expect(Math.abs(area / (Math.PI * (144 - 36)) - 1)).toBeLessThan(0.03);
  });

  it('follows the direction of an oblique view through the volume', () => {
    const normal: Triple = [0.6, 0, 0.8];
    const corners = circle([20, 21, 24], 8, [0.8, 0, -0.6], [0, 1, 0]);
    const mask = painted({ corners, normal, depth: 'volume', side: 'inside' }, spacing);
    for (let n = 0; n < mask.length; n += 7) {
      const offset = [(n % 80) * 0.5 - 20, (Math.floor(n / 80) % 70) * 0.6 - 21, Math.floor(n / 5600) * 1.2 - 24] as const;
      const distance = Math.hypot(0.8 * offset[0] - 0.6 * offset[2], offset[1]);
      if (Math.abs(distance - 8) > 0.05) expect(mask[n]).toBe(distance < 8 ? 1 : 0);
    }
  });
});
