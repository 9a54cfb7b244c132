/**
 * The surface of a label for 3D printing and other programs: faces of voxels, smoothed without losing volume. Why not a library:
 * docs/decisions/0005-own-surface-meshes.md.
 */
import type { Grid } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { ijkToLps } from '../../imaging/grid.ts';
import type { Mesh } from './mesh.ts';
import { voxelSurface, type VoxelSurface } from './voxelSurface.ts';

/** Taubin's λ|μ filter ("A signal processing approach to fair surface design", 1995): shrinks, then swells a little more. */
const SHRINK = 0.5;
const SWELL = -0.53;
const SMOOTHING_ROUNDS = 15;
/** No vertex leaves its voxel corner by more than this on any axis, so that thin structures cannot collapse. */
const LONGEST_MOVE_VOXELS = 0.45;

/** Volumes come back to that of the voxels by moving each vertex along its normal; this near is enough. */
const VOLUME_TOLERANCE = 1e-3;
const MOST_VOLUME_ROUNDS = 20;
/** Of the smallest spacing, in one round. */
const LONGEST_OFFSET_PART = 0.1;

/**
 * Closed, outward-oriented; every part of the label that hangs together by faces keeps the volume of its voxels. Empty when
 * the label has no voxel.
 */
export function meshOf(labels: LabelArray, grid: Grid, labelValue: number): Mesh {
  const surface = voxelSurface(labels, grid.dimsIjk, labelValue);
  const pointsIjk = smoothed(surface);
  const triangles = trianglesOf(surface.quads, isRightHanded(grid));
  const blocky = inLpsMm(surface.pointsIjk, grid);
  const pointsLpsMm = inLpsMm(pointsIjk, grid);
  restoreVolumes(pointsLpsMm, blocky, triangles, LONGEST_OFFSET_PART * Math.min(...grid.spacingMm));
  return { pointsLpsMm, triangles };
}

/** In voxel coordinates: averages of neighbours are the same in every frame. */
function smoothed({ pointsIjk, quads }: VoxelSurface): Float64Array {
  const neighbours = neighboursOf(pointsIjk, quads);
  const moved = new Float64Array(pointsIjk.length);
  const points = Float64Array.from(pointsIjk);
  for (let round = 0; round < 2 * SMOOTHING_ROUNDS; round++) {
    const weight = round % 2 === 0 ? SHRINK : SWELL;
    for (let vertex = 0; vertex < points.length / 3; vertex++) {
      for (let axis = 0; axis < 3; axis++) {
        let sum = 0;
        let count = 0;
        for (let n = 6 * vertex; n < 6 * vertex + 6; n++) {
          if (neighbours[n]! < 0) continue;
          sum += points[3 * neighbours[n]! + axis]!;
          count++;
        }
        const at = 3 * vertex + axis;
        const to = points[at]! + weight * (sum / count - points[at]!);
        const start = pointsIjk[at]!;
        moved[at] = Math.min(start + LONGEST_MOVE_VOXELS, Math.max(start - LONGEST_MOVE_VOXELS, to));
      }
    }
    points.set(moved);
  }
  return points;
}

/** Per vertex the six along −i, +i, −j, +j, −k, +k with which it shares a side of a face, or −1. */
function neighboursOf(pointsIjk: Float64Array, quads: Uint32Array): Int32Array {
  const neighbours = new Int32Array(2 * pointsIjk.length).fill(-1);
  for (let n = 0; n < quads.length; n++) {
    const from = quads[n]!;
    const to = quads[n % 4 === 3 ? n - 3 : n + 1]!;
    for (let axis = 0; axis < 3; axis++) {
      const step = pointsIjk[3 * to + axis]! - pointsIjk[3 * from + axis]!;
      if (step === 0) continue;
      neighbours[6 * from + 2 * axis + (step > 0 ? 1 : 0)] = to;
      neighbours[6 * to + 2 * axis + (step > 0 ? 0 : 1)] = from;
    }
  }
  return neighbours;
}

function trianglesOf(quads: Uint32Array, isOutward: boolean): Uint32Array {
  const triangles = new Uint32Array((quads.length / 4) * 6);
  const order = isOutward ? [0, 1, 2, 0, 2, 3] : [0, 2, 1, 0, 3, 2];
  for (let quad = 0; 4 * quad < quads.length; quad++) {
    for (let n = 0; n < 6; n++) triangles[6 * quad + n] = quads[4 * quad + order[n]!]!;
  }
  return triangles;
}

function isRightHanded({ direction: d }: Grid): boolean {
  return d[0]! * (d[4]! * d[8]! - d[5]! * d[7]!) - d[1]! * (d[3]! * d[8]! - d[5]! * d[6]!) + d[2]! * (d[3]! * d[7]! - d[4]! * d[6]!) > 0;
}

function inLpsMm(pointsIjk: Float64Array, grid: Grid): Float64Array {
  const points = new Float64Array(pointsIjk.length);
  for (let n = 0; n < points.length; n += 3) points.set(ijkToLps(grid, [pointsIjk[n]!, pointsIjk[n + 1]!, pointsIjk[n + 2]!]), n);
  return points;
}

/** Moves the vertices of every part along their normals until it has the volume that it has in `blocky`. In place. */
function restoreVolumes(points: Float64Array, blocky: Float64Array, triangles: Uint32Array, longestMm: number): void {
  const { partOf, partCount } = partsOf(points.length / 3, triangles);
  const wanted = measure(blocky, triangles, partOf, partCount).volumes;
  const offsets = new Float64Array(partCount);
  for (let round = 0; round < MOST_VOLUME_ROUNDS; round++) {
    const { volumes, areas, normals } = measure(points, triangles, partOf, partCount);
    let isDone = true;
    for (let part = 0; part < partCount; part++) {
      const missing = wanted[part]! - volumes[part]!;
      if (Math.abs(missing) > VOLUME_TOLERANCE * Math.abs(wanted[part]!)) isDone = false;
      offsets[part] = areas[part] === 0 ? 0 : Math.max(-longestMm, Math.min(longestMm, missing / areas[part]!));
    }
    if (isDone) return;
    for (let n = 0; n < points.length; n += 3) {
      const length = Math.hypot(normals[n]!, normals[n + 1]!, normals[n + 2]!);
      if (length === 0) continue;
      const step = offsets[partOf[n / 3]!]! / length;
      for (let axis = n; axis < n + 3; axis++) points[axis] = points[axis]! + step * normals[axis]!;
    }
  }
}

/** Which vertices hang together. */
function partsOf(vertexCount: number, triangles: Uint32Array): { partOf: Int32Array; partCount: number } {
  const parent = Int32Array.from({ length: vertexCount }, (_, vertex) => vertex);
  const root = (vertex: number): number => {
    let at = vertex;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  for (let n = 0; n < triangles.length; n += 3) {
    const first = root(triangles[n]!);
    parent[root(triangles[n + 1]!)] = first;
    parent[root(triangles[n + 2]!)] = first;
  }
  const partOf = new Int32Array(vertexCount).fill(-1);
  let partCount = 0;
  for (let vertex = 0; vertex < vertexCount; vertex++) if (root(vertex) === vertex) partOf[vertex] = partCount++;
  for (let vertex = 0; vertex < vertexCount; vertex++) partOf[vertex] = partOf[root(vertex)]!;
  return { partOf, partCount };
}

/** Volume (negative for a cavity) and area of each part, and at each vertex the sum of the normals of its triangles. */
function measure(points: Float64Array, triangles: Uint32Array, partOf: Int32Array, partCount: number) {
  const volumes = new Float64Array(partCount);
  const areas = new Float64Array(partCount);
  const normals = new Float64Array(points.length);
  for (let n = 0; n < triangles.length; n += 3) {
    const [a, b, c] = [3 * triangles[n]!, 3 * triangles[n + 1]!, 3 * triangles[n + 2]!];
    const [ux, uy, uz] = [points[b]! - points[a]!, points[b + 1]! - points[a + 1]!, points[b + 2]! - points[a + 2]!];
    const [vx, vy, vz] = [points[c]! - points[a]!, points[c + 1]! - points[a + 1]!, points[c + 2]! - points[a + 2]!];
    const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const part = partOf[triangles[n]!]!;
    volumes[part]! += (points[a]! * x + points[a + 1]! * y + points[a + 2]! * z) / 6;
    areas[part]! += Math.hypot(x, y, z) / 2;
    for (const vertex of [a, b, c]) {
      normals[vertex]! += x;
      normals[vertex + 1]! += y;
      normals[vertex + 2]! += z;
    }
  }
  return { volumes, areas, normals };
}
