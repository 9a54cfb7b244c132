/**
 * The faces between the voxels of a label and all others, as quads that share their corners. Where voxels of the label touch
 * only along an edge or in a corner, each has corners of its own, so that the surface does not touch itself there.
 */
import type { LabelArray } from '../../imaging/connectedComponents.ts';

export interface VoxelSurface {
  /** Three numbers for each vertex, in voxel coordinates: corners lie at halves. */
  readonly pointsIjk: Float64Array;
  /** Four vertices for each face, seen counterclockwise from outside in (i, j, k) as a right-handed frame. */
  readonly quads: Uint32Array;
}

type Triple = readonly [number, number, number];

/** The voxels of the label in their box, with a rim of one empty voxel all round. */
interface PaddedMask {
  readonly voxels: Uint8Array;
  readonly dims: Triple;
  /** Index in the volume of the first voxel, which is one of the rim. */
  readonly firstIjk: Triple;
}

/** Empty when the label has no voxel. */
export function voxelSurface(labels: LabelArray, dimsIjk: Triple, labelValue: number): VoxelSurface {
  const mask = paddedMask(labels, dimsIjk, labelValue);
  if (!mask) return { pointsIjk: new Float64Array(0), quads: new Uint32Array(0) };
  const { voxels, dims, firstIjk } = mask;
  const strides: Triple = [1, dims[0], dims[0] * dims[1]];
  const points: number[] = [];
  const quads: number[] = [];
  // corners of two planes at a time: corner c lies at the low end of voxel c; up to four vertices in one place
  const planeVoxels = strides[2];
  const planes = [new Int32Array(4 * planeVoxels).fill(-1), new Int32Array(4 * planeVoxels).fill(-1)];
  const vertexAt = (corner: number, voxel: number): number => {
    const slot = partOf(voxels, strides, corner, voxel);
    const plane = planes[Math.floor(corner / planeVoxels) % 2]!;
    const at = 4 * (corner % planeVoxels) + slot;
    if (plane[at]! < 0) {
      plane[at] = points.length / 3;
      const [k, inPlane] = [Math.floor(corner / planeVoxels), corner % planeVoxels];
      const [j, i] = [Math.floor(inPlane / dims[0]), inPlane % dims[0]];
      points.push(firstIjk[0] + i - 0.5, firstIjk[1] + j - 0.5, firstIjk[2] + k - 0.5);
    }
    return plane[at]!;
  };
  for (let k = 1; k < dims[2] - 1; k++) {
    planes[(k + 1) % 2]!.fill(-1);
    for (let voxel = k * planeVoxels, end = voxel + planeVoxels; voxel < end; voxel++) {
      if (voxels[voxel] === 0) continue;
      for (let axis = 0; axis < 3; axis++) {
        const [u, v] = [strides[(axis + 1) % 3]!, strides[(axis + 2) % 3]!];
        for (const side of [-1, 1]) {
          if (voxels[voxel + side * strides[axis]!] !== 0) continue;
          const low = side > 0 ? voxel + strides[axis]! : voxel;
          const corners = side > 0 ? [low, low + u, low + u + v, low + v] : [low, low + v, low + u + v, low + u];
          for (const corner of corners) quads.push(vertexAt(corner, voxel));
        }
      }
    }
  }
  return { pointsIjk: Float64Array.from(points), quads: Uint32Array.from(quads) };
}

function paddedMask(labels: LabelArray, [ni, nj, nk]: Triple, labelValue: number): PaddedMask | null {
  const low = [ni, nj, nk];
  const high = [-1, -1, -1];
  for (let k = 0, row = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, row += ni) {
      const first = labels.subarray(row, row + ni).indexOf(labelValue);
      if (first < 0) continue;
      const last = labels.subarray(row, row + ni).lastIndexOf(labelValue);
      [low[0], high[0]] = [Math.min(low[0]!, first), Math.max(high[0]!, last)];
      [low[1], high[1]] = [Math.min(low[1]!, j), Math.max(high[1]!, j)];
      [low[2], high[2]] = [Math.min(low[2]!, k), k];
    }
  }
  if (high[0]! < 0) return null;
  const [w, h, d] = [0, 1, 2].map((axis) => high[axis]! - low[axis]! + 3) as [number, number, number];
  const voxels = new Uint8Array(w * h * d);
  for (let k = 1; k < d - 1; k++) {
    for (let j = 1; j < h - 1; j++) {
      const from = low[0]! + ni * (low[1]! + j - 1 + nj * (low[2]! + k - 1));
      const to = 1 + w * (j + h * k);
      for (let i = 0; i < w - 2; i++) if (labels[from + i] === labelValue) voxels[to + i] = 1;
    }
  }
  return { voxels, dims: [w, h, d], firstIjk: [low[0]! - 1, low[1]! - 1, low[2]! - 1] };
}

/**
 * The eight voxels round a corner, as bits: bit 0 beyond it in i, bit 1 in j, bit 2 in k. Answers which of the parts of the
 * label that hang together by faces among them holds `voxel`.
 */
function partOf(voxels: Uint8Array, strides: Triple, corner: number, voxel: number): number {
  let pattern = 0;
  let own = 0;
  for (let bit = 0; bit < 8; bit++) {
    const at = corner - (bit & 1 ? 0 : 1) - (bit & 2 ? 0 : strides[1]) - (bit & 4 ? 0 : strides[2]);
    if (voxels[at] !== 0) pattern |= 1 << bit;
    if (at === voxel) own = bit;
  }
  return PARTS[8 * pattern + own]!;
}

/** Number of the part, 0 to 3, for each of 256 patterns and each of its eight voxels. */
const PARTS = makeParts();

function makeParts(): Uint8Array {
  const parts = new Uint8Array(256 * 8);
  for (let pattern = 0; pattern < 256; pattern++) {
    let count = 0;
    let seen = 0;
    for (let bit = 0; bit < 8; bit++) {
      if (!(pattern & (1 << bit)) || seen & (1 << bit)) continue;
      const open = [bit];
      seen |= 1 << bit;
      while (open.length > 0) {
        const from = open.pop()!;
        parts[8 * pattern + from] = count;
        for (const to of [from ^ 1, from ^ 2, from ^ 4]) {
          if (!(pattern & (1 << to)) || seen & (1 << to)) continue;
          seen |= 1 << to;
          open.push(to);
        }
      }
      count++;
    }
  }
  return parts;
}
