/** The voxels that hang together with one of them by their faces and have nearly its grey value, within a distance. */
import type { VoxelArray } from '../../voxelArray.ts';
import type { Triple } from '../maskEditor.ts';
import type { Shape } from './shape.ts';
import { voxelCount } from './shape.ts';

export interface Region {
  readonly at: Triple;
  /** Up and down from the mean of the voxel and its neighbours in the slice. */
  readonly tolerance: number;
  readonly radiusMm: number;
}

export function grownRegion(image: VoxelArray, dims: Triple, spacing: Triple, { at, tolerance, radiusMm }: Region): Shape {
  const reach = spacing.map((mm) => Math.floor(radiusMm / mm));
  const from = at.map((value, axis) => Math.max(0, value - reach[axis]!)) as unknown as Triple;
  const size = at.map((value, axis) => Math.min(dims[axis]! - 1, value + reach[axis]!) - from[axis]! + 1) as unknown as Triple;
  const around = meanAround(image, dims, at);
  const own = image[at[0] + dims[0] * (at[1] + dims[1] * at[2])]!;
  const mean = Math.abs(own - around) <= tolerance ? around : own; // at an edge the neighbours are something else
  const inside = new Uint8Array(voxelCount(size));
  const waiting: number[] = [];
  const offer = (i: number, j: number, k: number): void => {
    if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2]) return;
    const n = i + size[0] * (j + size[1] * k);
    if (inside[n]) return;
    const [x, y, z] = [i + from[0], j + from[1], k + from[2]];
    const value = image[x + dims[0] * (y + dims[1] * z)]!;
    if (Math.abs(value - mean) > tolerance) return;
    if (((x - at[0]) * spacing[0]) ** 2 + ((y - at[1]) * spacing[1]) ** 2 + ((z - at[2]) * spacing[2]) ** 2 > radiusMm ** 2) return;
    inside[n] = 1;
    waiting.push(n);
  };
  offer(at[0] - from[0], at[1] - from[1], at[2] - from[2]);
  while (waiting.length > 0) {
    const n = waiting.pop()!;
    const i = n % size[0];
    const j = Math.floor(n / size[0]) % size[1];
    const k = Math.floor(n / size[0] / size[1]);
    offer(i - 1, j, k);
    offer(i + 1, j, k);
    offer(i, j - 1, k);
    offer(i, j + 1, k);
    offer(i, j, k - 1);
    offer(i, j, k + 1);
  }
  return { from, dims: size, inside };
}

/** Of three by three voxels in the slice: one noisy voxel does not decide. */
function meanAround(image: VoxelArray, dims: Triple, [i, j, k]: Triple): number {
  let [sum, count] = [0, 0];
  for (let y = Math.max(0, j - 1); y <= Math.min(dims[1] - 1, j + 1); y++) {
    for (let x = Math.max(0, i - 1); x <= Math.min(dims[0] - 1, i + 1); x++) {
      sum += image[x + dims[0] * (y + dims[1] * k)]!;
      count++;
    }
  }
  return sum / count;
}
