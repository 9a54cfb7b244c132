/** Exact Euclidean distance transform of voxels that are not cubes, by lower envelopes of parabolas (Felzenszwalb and Huttenlocher). */
import type { Triple } from '../maskEditor.ts';
import { voxelCount } from './shape.ts';

const FAR = 1e20;

/** Square of the distance in mm from each voxel centre to the nearest centre of a voxel with `value`; 1e20 where there is none. */
export function squaredDistanceTo(value: 0 | 1, inside: Uint8Array, dims: Triple, spacing: Triple, tell?: (share: number) => void): Float32Array {
  const squared = new Float32Array(voxelCount(dims));
  for (let n = 0; n < squared.length; n++) squared[n] = inside[n] === value ? 0 : FAR;
  const longest = Math.max(...dims);
  const pass = { line: new Float64Array(longest), apex: new Int32Array(longest), edge: new Float64Array(longest + 1) };
  const strides: Triple = [1, dims[0], dims[0] * dims[1]];
  for (let axis = 0; axis < 3; axis++) {
    const [b, c] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
    for (let y = 0; y < dims[c]!; y++) {
      for (let x = 0; x < dims[b]!; x++) passLine(squared, x * strides[b]! + y * strides[c]!, strides[axis]!, dims[axis]!, spacing[axis]! ** 2, pass);
    }
    tell?.((axis + 1) / 3);
  }
  return squared;
}

interface PassMemory {
  readonly line: Float64Array;
  readonly apex: Int32Array;
  readonly edge: Float64Array;
}

function passLine(squared: Float32Array, start: number, stride: number, length: number, step2: number, { line, apex, edge }: PassMemory): void {
  let count = -1;
  for (let q = 0; q < length; q++) {
    const height = squared[start + q * stride]!;
    line[q] = height;
    if (height >= FAR) continue;
    let meets = -Infinity;
    while (count >= 0) {
      const other = apex[count]!;
      meets = (height + step2 * q * q - (line[other]! + step2 * other * other)) / (2 * step2 * (q - other));
      if (meets > edge[count]!) break;
      count--;
    }
    count++;
    apex[count] = q;
    edge[count] = count === 0 ? -Infinity : meets;
  }
  if (count < 0) return;
  let piece = 0;
  for (let q = 0; q < length; q++) {
    while (piece < count && edge[piece + 1]! < q) piece++;
    const offset = q - apex[piece]!;
    squared[start + q * stride] = line[apex[piece]!]! + step2 * offset * offset;
  }
}
