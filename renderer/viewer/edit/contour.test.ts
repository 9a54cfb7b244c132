import { describe, expect, it } from 'vitest';
import { curveThrough, fewerPoints, outerEdge } from './contour.ts';
import { outlineRows } from './outlineRows.ts';

const [WIDTH, HEIGHT] = [40, 30];

function filled(ring: readonly (readonly [number, number])[]): Uint8Array {
  const mask = new Uint8Array(WIDTH * HEIGHT);
  const corners = ring.map(([x, y]) => [x, y, 0] as const);
  outlineRows({ corners, normal: [0, 0, 1], depth: 'slice', side: 'inside' }, [WIDTH, HEIGHT, 1], [1, 1, 1], (j, _k, from, to) =>
    mask.fill(1, j * WIDTH + from, j * WIDTH + to + 1),
  );
  return mask;
}

/** Overlapping discs by a fixed sequence of numbers: one piece without holes of whatever shape. */
function blob(seed: number): Uint8Array {
  let state = seed;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  let [x, y] = [20, 15];
  const mask = new Uint8Array(WIDTH * HEIGHT);
  for (let n = 0; n < 9; n++) {
    const radius = 1 + next() * 4;
    for (let at = 0; at < mask.length; at++) if (Math.hypot((at % WIDTH) - x, Math.floor(at / WIDTH) - y) <= radius) mask[at] = 1;
    [x, y] = [Math.min(36, Math.max(3, x + (next() - 0.5) * radius * 1.5)), Math.min(27, Math.max(3, y + (next() - 0.5) * radius * 1.5))];
  }
  return mask;
}

describe('contours of painted pieces', () => {
  it('give the same voxels back with a fraction of the points', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const mask = blob(seed);
      const edge = outerEdge(mask, WIDTH, HEIGHT);
      const points = fewerPoints(edge);
      const outer = filled(edge); // a ring of discs may enclose a hole
      expect(mask.every((value, n) => value <= outer[n]!)).toBe(true);
      expect(filled(points)).toEqual(outer);
      expect(points.length).toBeLessThan(0.7 * edge.length);
    }
  });

  it('reach the edge of the image and a single pixel', () => {
    const all = new Uint8Array(WIDTH * HEIGHT).fill(1);
    expect(filled(fewerPoints(outerEdge(all, WIDTH, HEIGHT)))).toEqual(all);
    const one = new Uint8Array(WIDTH * HEIGHT);
    one[7 + WIDTH * 4] = 1;
    expect(filled(fewerPoints(outerEdge(one, WIDTH, HEIGHT)))).toEqual(one);
    expect(outerEdge(new Uint8Array(WIDTH * HEIGHT), WIDTH, HEIGHT)).toEqual([]);
  });

  it('curves pass through their points and are round', () => {
    const corners = Array.from({ length: 12 }, (_, n) => [10 * Math.cos((n * Math.PI) / 6), 10 * Math.sin((n * Math.PI) / 6)] as const);
    const curve = curveThrough(corners);
    expect(curve[0]).toEqual(corners[0]);
    for (const [x, y] of curve) expect(Math.abs(Math.hypot(x, y) - 10)).toBeLessThan(0.05);
  });
});
