import { describe, expect, it } from 'vitest';
import { EditHistory } from './editHistory.ts';
import { MaskEditor } from './maskEditor.ts';
import type { Triple } from './maskEditor.ts';
import { squaredDistanceTo } from './operations/distance.ts';
import { connectedInSlice } from './operations/connectedInSlice.ts';
import { erasable, paintable } from './paintRules.ts';
import { runOperation } from './voxelOperation.ts';
import type { Operation } from './voxelOperation.ts';

const DIMS: Triple = [70, 60, 40];
const SPACING: Triple = [0.8, 0.9, 1.4];
const VOXEL_ML = (0.8 * 0.9 * 1.4) / 1000;
const TARGET = 1;
const OTHER = 2;
const LOCKED = 3;
const COUNT = 70 * 60 * 40;

type Where = (xMm: number, yMm: number, zMm: number) => boolean;
const ball =
  (x: number, y: number, z: number, radiusMm: number): Where =>
  (a, b, c) =>
    (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2 <= radiusMm ** 2;
const ballMl = (radiusMm: number): number => ((4 / 3) * Math.PI * radiusMm ** 3) / 1000;

function draw(labels: Uint8Array, label: number, where: Where): void {
  for (let n = 0; n < COUNT; n++) if (where((n % 70) * 0.8, (Math.floor(n / 70) % 60) * 0.9, Math.floor(n / 4200) * 1.4)) labels[n] = label;
}
const mask = (...parts: readonly (readonly [number, Where])[]): Uint8Array<ArrayBuffer> => {
  const labels = new Uint8Array(COUNT);
  for (const [label, where] of parts) draw(labels, label, where);
  return labels;
};
const count = (labels: Uint8Array, label: number): number => labels.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);

/** Runs it, and shows that it is one step that goes back and forth exactly and leaves a locked segment alone. */
function run(
  labels: Uint8Array<ArrayBuffer>,
  operation: Operation,
  image: Int16Array | null = null,
  over: 'everything' | 'background' = 'everything',
): Uint8Array {
  const before = labels.slice();
  const editor = new MaskEditor(labels, DIMS, image);
  const rules = { over, locked: new Set([LOCKED]), hidden: new Set<number>() };
  const same = (slot: number): number => slot;
  const shares: number[] = [];
  const task = { operation, spacingMm: SPACING, slot: TARGET, paintable: paintable(rules, TARGET, same), erasable: erasable(rules, TARGET, same), greys: null };
  expect(runOperation(editor, task, (share) => shares.push(share))).toBe(true);
  expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
  const history = new EditHistory();
  history.push({ name: operation.kind, slices: editor.commit() });
  const after = labels.slice();
  expect(count(after, LOCKED)).toBe(count(before, LOCKED));
  history.undo(labels, 4200);
  expect(Buffer.compare(labels, before)).toBe(0);
  history.redo(labels, 4200);
  expect(Buffer.compare(labels, after)).toBe(0);
  return after;
}
const near = (actual: number, theory: number, within = 0.02): void => expect(Math.abs(actual / theory - 1), `${actual} against ${theory}`).toBeLessThan(within);

describe('squaredDistanceTo', () => {
  it('is the distance to the nearest of all, worked out the long way', () => {
    const dims: Triple = [13, 9, 7];
    const inside = Uint8Array.from({ length: 13 * 9 * 7 }, (_, n) => ((n * 7919) % 97 === 0 ? 1 : 0));
    const at = (n: number): number[] => [(n % 13) * 0.8, (Math.floor(n / 13) % 9) * 0.9, Math.floor(n / 117) * 1.4];
    const marked = [...inside.keys()].filter((n) => inside[n]).map(at);
    expect(marked.length).toBeGreaterThan(3);
    const found = squaredDistanceTo(1, inside, dims, SPACING);
    found.forEach((value, n) => expect(value).toBeCloseTo(Math.min(...marked.map((m) => m.reduce((sum, part, c) => sum + (part - at(n)[c]!) ** 2, 0))), 4));
  });
  it('is far where there is nothing', () => {
    expect(squaredDistanceTo(1, new Uint8Array(8), [2, 2, 2], SPACING).every((value) => value > 1e19)).toBe(true);
  });
});

describe('operations on a segment', () => {
  const middle = [28, 26, 28] as const;

  it('grow and shrink by millimetres, also where voxels are not cubes', () => {
    const ball12 = (): Uint8Array<ArrayBuffer> => mask([TARGET, ball(...middle, 12)]);
    near(count(run(ball12(), { kind: 'grow', byMm: 6 }), TARGET) * VOXEL_ML, ballMl(18));
    near(count(run(ball12(), { kind: 'grow', byMm: -3 }), TARGET) * VOXEL_ML, ballMl(9));
    // exact where the edge lies on voxel centres: a slab grows by whole voxels
    const slab = mask([TARGET, (_x, _y, z) => z > 13.9 && z < 18.3]);
    expect(count(run(slab, { kind: 'grow', byMm: 2.8 }), TARGET)).toBe(4200 * (4 + 4));
  });

  it('grows over background only, and never into a locked neighbour', () => {
    const start = mask([TARGET, ball(...middle, 10)], [OTHER, (x) => x > 42], [LOCKED, (x) => x < 14]);
    const beside = run(start.slice(), { kind: 'grow', byMm: 8 }, null, 'background');
    expect(count(beside, OTHER)).toBe(count(start, OTHER));
    expect(count(beside, TARGET)).toBeGreaterThan(count(start, TARGET));
    expect(count(run(start.slice(), { kind: 'grow', byMm: 8 }), OTHER)).toBeLessThan(count(start, OTHER));
  });

  it('fills holes in all directions, or slice by slice', () => {
    const shell: Where = (x, y, z) => ball(...middle, 14)(x, y, z) && !ball(...middle, 9)(x, y, z);
    near(count(run(mask([TARGET, shell]), { kind: 'fillHoles', acrossAxis: null }), TARGET) * VOXEL_ML, ballMl(14));
    const tube: Where = (x, y, z) => (x - 28) ** 2 + (y - 26) ** 2 <= 100 && (x - 28) ** 2 + (y - 26) ** 2 > 36 && z > 5;
    const before = count(mask([TARGET, tube]), TARGET);
    expect(count(run(mask([TARGET, tube]), { kind: 'fillHoles', acrossAxis: null }), TARGET)).toBe(before); // open at both ends
    near(count(run(mask([TARGET, tube]), { kind: 'fillHoles', acrossAxis: 2 }), TARGET) * 0.72, 36 * Math.PI * 100);
  });

  it('smooths spikes away and keeps the volume; a neighbour is not eaten', () => {
    const rough: Where = (x, y, z) => ball(...middle, 13)(x, y, z) || (Math.abs(y - 26) < 1 && Math.abs(z - 28) < 1 && x > 28 && x < 50);
    for (const how of ['median', 'gaussian'] as const) {
      const smooth = run(mask([TARGET, rough]), { kind: 'smooth', how, byMm: 2 });
      near(count(smooth, TARGET) * VOXEL_ML, ballMl(13), 0.04);
      expect(smooth[Math.round(48 / 0.8) + 70 * (Math.round(26 / 0.9) + 60 * 20)]).toBe(0);
    }
    const start = mask([OTHER, ball(...middle, 16)], [TARGET, rough]);
    expect(count(run(start.slice(), { kind: 'smooth', how: 'median', byMm: 3 }, null, 'background'), OTHER)).toBe(count(start, OTHER));
  });

  it('keeps the largest piece, removes small islands', () => {
    const pieces = (): Uint8Array<ArrayBuffer> =>
      mask([TARGET, ball(20, 20, 28, 10)], [TARGET, ball(45, 40, 28, 6)], [TARGET, ball(45, 10, 10, 2)], [LOCKED, ball(10, 45, 45, 3)]);
    near(count(run(pieces(), { kind: 'keepLargest' }), TARGET) * VOXEL_ML, ballMl(10));
    near(count(run(pieces(), { kind: 'removeIslands', smallerThanMl: 0.2 }), TARGET) * VOXEL_ML, ballMl(10) + ballMl(6));
  });

  it('interpolates between slices of each plane: a shape that wanders keeps its size', () => {
    for (const axis of [0, 1, 2] as const) {
      const across = axis === 2 ? 1.4 : axis === 1 ? 0.9 : 0.8;
      const [first, last] = [10, 22];
      const sums = [0.72, 0.8 * 1.4, 0.9 * 1.4];
      const labels = mask([
        TARGET,
        (x, y, z) => {
          const along = Math.round([x, y, z][axis]! / across);
          if (along !== first && along !== last) return false;
          const shift = along === first ? 0 : 12;
          const [u, v] = axis === 2 ? [x, y] : axis === 1 ? [x, z] : [y, z];
          return (u! - 20 - shift) ** 2 + (v! - 25) ** 2 <= 81;
        },
      ]);
      const filled = run(labels, { kind: 'interpolate', acrossAxis: axis });
      const pixel = sums[axis === 2 ? 0 : axis === 1 ? 1 : 2]!;
      near((count(filled, TARGET) * pixel) / (last - first + 1), Math.PI * 81, 0.02);
    }
    // two pieces, one of which grows: half-way it has the middle size
    const two = mask([
      TARGET,
      (x, y, z) =>
        (Math.abs(z - 14) < 0.1 && ((x - 12) ** 2 + (y - 12) ** 2 <= 36 || (x - 40) ** 2 + (y - 35) ** 2 <= 36)) ||
        (Math.abs(z - 28) < 0.1 && ((x - 12) ** 2 + (y - 12) ** 2 <= 144 || (x - 40) ** 2 + (y - 35) ** 2 <= 36)),
    ]);
    const middleSlice = run(two, { kind: 'interpolate', acrossAxis: 2 }).subarray(15 * 4200, 16 * 4200);
    near(count(middleSlice, TARGET) * 0.72, Math.PI * (81 + 36), 0.03);
  });

  it('thresholds, keeps greys in a range, grows a region from a click', () => {
    const image = Int16Array.from({ length: COUNT }, (_, n) => {
      const [x, y, z] = [(n % 70) * 0.8, (Math.floor(n / 70) % 60) * 0.9, Math.floor(n / 4200) * 1.4] as const;
      return (ball(...middle, 11)(x, y, z) ? 200 : ball(...middle, 16)(x, y, z) ? 120 : 0) + (n % 5);
    });
    near(
      count(run(mask([TARGET, ball(5, 5, 5, 3)]), { kind: 'threshold', range: { lower: 190, upper: 300 }, isNew: true }, image), TARGET) * VOXEL_ML,
      ballMl(11),
    );
    near(count(run(mask([TARGET, ball(...middle, 20)]), { kind: 'keepGreys', range: { lower: 100, upper: 300 } }, image), TARGET) * VOXEL_ML, ballMl(16));
    const locked = mask([LOCKED, (x) => x > 34]);
    expect(count(run(locked, { kind: 'threshold', range: { lower: 190, upper: 300 }, isNew: false }, image), TARGET)).toBeGreaterThan(1000);
    const at: Triple = [35, 29, 20];
    near(count(run(mask(), { kind: 'region', region: { at, tolerance: 20, radiusMm: 40 } }, image), TARGET) * VOXEL_ML, ballMl(11));
    near(count(run(mask(), { kind: 'region', region: { at, tolerance: 20, radiusMm: 8 } }, image), TARGET) * VOXEL_ML, ballMl(8), 0.03);
  });

  it('merges another segment in, and takes a margin round another away', () => {
    const start = mask([TARGET, ball(20, 26, 28, 9)], [OTHER, ball(40, 26, 28, 7)]);
    const merged = run(start.slice(), { kind: 'merge', otherSlot: OTHER });
    expect([count(merged, TARGET), count(merged, OTHER)]).toEqual([count(start, TARGET) + count(start, OTHER), 0]);
    const apart = run(mask([TARGET, (x) => x < 30], [OTHER, (x) => x >= 30]), { kind: 'subtract', otherSlot: OTHER, marginMm: 4.05 });
    expect(count(apart, TARGET)).toBe((38 - 5) * 60 * 40);
    expect(count(run(mask([TARGET, ball(...middle, 9)], [LOCKED, ball(45, 26, 28, 5)]), { kind: 'merge', otherSlot: LOCKED }), LOCKED)).toBeGreaterThan(0);
  });
});

it('paint fill stays within a closed line, in any plane', () => {
  const dims: Triple = [30, 28, 26];
  const labels = new Uint8Array(30 * 28 * 26);
  for (let n = 0; n < labels.length; n++) {
    const [i, j, k] = [n % 30, Math.floor(n / 30) % 28, Math.floor(n / 840)];
    if (Math.max(Math.abs(i - 15), Math.abs(j - 14), Math.abs(k - 13)) === 6) labels[n] = 4;
  }
  for (const axis of [0, 1, 2]) {
    const found = connectedInSlice(labels, dims, [15, 14, 13], axis);
    expect(found.length).toBe(11 * 11);
    expect(found.every((n) => labels[n] === 0)).toBe(true);
    expect(connectedInSlice(labels, dims, [1, 1, 1], axis).length).toBeGreaterThan(500);
  }
});
