import { describe, expect, it } from 'vitest';
import { gridFromAffine, ijkToLps } from '../../imaging/grid.ts';
import { encodeObj, encodeStl } from './encodeMesh.ts';
import { meshVolumeMm3, type Mesh } from './mesh.ts';
import { meshOf } from './meshOf.ts';

type Inside = (i: number, j: number, k: number) => boolean;

function labelsWhere(dims: readonly [number, number, number], isInside: Inside, labelValue = 1): Uint8Array {
  const labels = new Uint8Array(dims[0] * dims[1] * dims[2]);
  for (let k = 0, n = 0; k < dims[2]; k++)
    for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++, n++) if (isInside(i, j, k)) labels[n] = labelValue;
  return labels;
}

const countOf = (labels: Uint8Array, labelValue = 1) => labels.filter((label) => label === labelValue).length;

/** Each edge is walked as often in one sense as in the other, so that no hole is left. */
function isClosed({ triangles }: Mesh): boolean {
  const balance = new Map<string, number>();
  for (let n = 0; n < triangles.length; n++) {
    const [from, to] = [triangles[n]!, triangles[n % 3 === 2 ? n - 2 : n + 1]!];
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    balance.set(key, (balance.get(key) ?? 0) + (from < to ? 1 : -1));
  }
  return [...balance.values()].every((sum) => sum === 0);
}

const gridOf = (dims: readonly number[], spacing = [1, 1, 1], flip = 1) =>
  gridFromAffine(dims, [
    spacing[0]!,
    0,
    0,
    10,
    0,
    spacing[1]! * 0.8,
    -spacing[2]! * 0.6 * flip,
    -20,
    0,
    spacing[1]! * 0.6,
    spacing[2]! * 0.8 * flip,
    30,
    0,
    0,
    0,
    1,
  ]);

describe('meshOf', () => {
  const dims = [26, 25, 24] as const;
  const ball: Inside = (i, j, k) => Math.hypot(i - 12, j - 12, k - 12) <= 9;

  it.each([
    ['isotropic', [1, 1, 1], 1],
    ['thick slices', [0.7, 0.7, 3], 1],
    ['left-handed', [1, 1, 2], -1],
  ])('a ball is closed, outward and has the volume of its voxels (%s)', (_name, spacing, flip) => {
    const labels = labelsWhere(dims, ball, 3);
    const mesh = meshOf(labels, gridOf(dims, spacing, flip), 3);
    expect(isClosed(mesh)).toBe(true);
    const voxelMm3 = spacing[0]! * spacing[1]! * spacing[2]!;
    expect(meshVolumeMm3(mesh) / (countOf(labels, 3) * voxelMm3)).toBeCloseTo(1, 2);
  });

  it('a ball is round: no vertex is further from the sphere than voxels are from it', () => {
    const grid = gridOf(dims);
    const { pointsLpsMm } = meshOf(labelsWhere(dims, ball), grid, 1);
    const center = ijkToLps(grid, [12, 12, 12]);
    for (let n = 0; n < pointsLpsMm.length; n += 3) {
      const radius = Math.hypot(...[0, 1, 2].map((axis) => pointsLpsMm[n + axis]! - center[axis]!));
      expect(Math.abs(radius - 9)).toBeLessThan(0.5);
    }
  });

  it('tiny and thin parts keep their volume beside a large one', () => {
    const thin: Inside = (i, j, k) => ball(i, j, k) || (i === 24 && j === 23) || (i === 1 && j === 1 && k === 1);
    const labels = labelsWhere(dims, thin);
    const grid = gridOf(dims);
    expect(meshVolumeMm3(meshOf(labels, grid, 1)) / countOf(labels)).toBeCloseTo(1, 2);
    const line = labelsWhere(dims, (i, j) => i === 24 && j === 23);
    expect(meshVolumeMm3(meshOf(line, grid, 1)) / countOf(line)).toBeCloseTo(1, 2);
    const one = labelsWhere(dims, (i, j, k) => i === 1 && j === 1 && k === 1);
    const mesh = meshOf(one, grid, 1);
    expect([mesh.pointsLpsMm.length, mesh.triangles.length]).toEqual([24, 36]);
    expect(meshVolumeMm3(mesh)).toBeCloseTo(1, 2);
  });

  it('voxels that touch in an edge or a corner stay apart; cavities count as such; the border of the volume is closed', () => {
    const grid = gridOf([3, 3, 3]);
    for (const isInside of [
      (i: number, j: number, k: number) => i === j && k === 0 && i < 2,
      (i: number, j: number, k: number) => i === j && j === k && i < 2,
      (i: number, j: number, k: number) => !(i === 1 && j === 1 && k === 1),
      () => true,
    ]) {
      const labels = labelsWhere([3, 3, 3], isInside);
      const mesh = meshOf(labels, grid, 1);
      expect(isClosed(mesh)).toBe(true);
      expect(meshVolumeMm3(mesh) / countOf(labels)).toBeCloseTo(1, 2);
    }
    expect(
      meshOf(
        labelsWhere([3, 3, 3], (i, j, k) => i === j && j === k && i < 2),
        grid,
        1,
      ).pointsLpsMm,
    ).toHaveLength(48);
  });

  it('random voxels are closed too', () => {
    let state = 7;
    const labels = labelsWhere([12, 11, 10], () => (state = (state * 16807) % 2147483647) % 3 === 0);
    expect(isClosed(meshOf(labels, gridOf([12, 11, 10]), 1))).toBe(true);
  });

  it('an absent label is an empty mesh', () => {
    expect(meshOf(new Uint8Array(27), gridOf([3, 3, 3]), 1).triangles).toHaveLength(0);
  });
});

describe('mesh files', () => {
  const mesh: Mesh = { pointsLpsMm: Float64Array.of(0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4), triangles: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3) };

  it('STL: header with the frame, unit normals, 50 bytes for each triangle', () => {
    const bytes = encodeStl(mesh, { title: 'Leber, ärztlich', frame: 'RAS' });
    const view = new DataView(bytes.buffer);
    expect(String.fromCharCode(...bytes.subarray(0, 80)).replace(/\0+$/, '')).toBe('Maskloop SPACE=RAS mm; Leber, ?rztlich');
    expect([view.getUint32(80, true), bytes.length]).toEqual([4, 84 + 200]);
    const first = Array.from({ length: 12 }, (_, n) => view.getFloat32(84 + 4 * n, true));
    expect(first.map((number) => number + 0)).toEqual([0, 0, -1, 0, 0, 0, 0, -3, 0, -2, 0, 0]);
  });

  it('OBJ: vertices and triangles counted from 1', () => {
    const text = new TextDecoder().decode(encodeObj(mesh, { title: 'Leber', frame: 'LPS' }));
    expect(text.split('\n').slice(0, 4)).toEqual(['# Maskloop SPACE=LPS, millimetres', '# Leber', 'v 0.0000 0.0000 0.0000', 'v 2.0000 0.0000 0.0000']);
    expect(text.split('\n').at(-2)).toBe('f 2 3 4');
  });
});
