/** Growing and shrinking of masks by a ball, by exact distances: the cost does not depend on how many voxels the ball has. */
import type { ShapeDhw } from './tensorShape.ts';

const FAR = 2 ** 28;

/** All voxels within `radius` (Euclidean, in voxels) of a voxel of `mask` [D, H, W]; a new array. */
export function dilateBall(mask: Uint8Array, shape: ShapeDhw, radius: number): Uint8Array {
  return withinDistance(mask, 1, shape, radius);
}

/** Voxels of `mask` with no other voxel of the volume within `radius`; what lies outside the volume takes nothing away. */
export function erodeBall(mask: Uint8Array, shape: ShapeDhw, radius: number): Uint8Array {
  const outside = withinDistance(mask, 0, shape, radius);
  for (let n = 0; n < outside.length; n++) outside[n] = outside[n] === 0 ? 1 : 0;
  return outside;
}

/** 1 where a voxel of value `wanted` lies within `radius`. Squared distances are separable: one pass per axis. */
function withinDistance(mask: Uint8Array, wanted: number, shape: ShapeDhw, radius: number): Uint8Array {
  let squared = Int32Array.from(mask, (value) => (value === wanted ? 0 : FAR));
  const reach = Math.floor(radius);
  const [, nh, nw] = shape;
  for (const [count, stride] of [
    [shape[2], 1],
    [shape[1], nw],
    [shape[0], nh * nw],
  ] as const) {
    squared = alongAxis(squared, count, stride, reach);
  }
  const limit = radius * radius;
  return Uint8Array.from(squared, (value) => (value <= limit ? 1 : 0));
}

function alongAxis(squared: Int32Array, count: number, stride: number, reach: number): Int32Array<ArrayBuffer> {
  const nearest = new Int32Array(squared.length);
  for (let n = 0; n < squared.length; n++) {
    const at = Math.floor(n / stride) % count;
    const last = Math.min(reach, count - 1 - at);
    let best = FAR;
    for (let step = -Math.min(reach, at); step <= last; step++) {
      const value = squared[n + step * stride]! + step * step;
      if (value < best) best = value;
    }
    nearest[n] = best;
  }
  return nearest;
}
