/** Which slice of a grid each contour of a region lies on. */
import type { Grid } from '../../contract/vocabulary.ts';
import { lpsToIjk } from '../../imaging/grid.ts';
import type { RtContour } from './rtStruct.ts';

/** Grid axis along which a region is cut into slices: 0 = i, 1 = j, 2 = k; then the two axes in the slice. */
export const PLANE_AXES = { 0: [1, 2], 1: [0, 2], 2: [0, 1] } as const;
export type CutAxis = keyof typeof PLANE_AXES;

export interface PlacedRoi {
  readonly axis: CutAxis;
  /** By slice: polygons as u, v, u, v … in voxels along the two other axes. */
  readonly ringsOfSlice: ReadonlyMap<number, readonly Float64Array[]>;
  /** Contours before the first or behind the last slice. */
  readonly outsideCount: number;
  /** Contours on a plane between slices, of which another plane of the same region lies nearer to the slice. */
  readonly supersededCount: number;
  /** Largest distance between a filled contour and the middle of its slice. */
  readonly farthestMm: number;
}

/** Points of a flat contour may leave their plane by a fifth of the slice distance; where slices are thin, by 0.1 mm, though never near to the next. */
const [FLATNESS_SLICES, FLATNESS_MM, LARGEST_FLATNESS_SLICES] = [0.2, 0.1, 0.4];

/** `null` when the contours are not all parallel to one pair of grid axes. Planes along k are preferred. */
export function placeContours(contours: readonly RtContour[], grid: Grid): PlacedRoi | null {
  const inVoxels = contours.map(({ pointsLpsMm }) => toVoxels(pointsLpsMm, grid));
  const axis = ([2, 1, 0] as const).find((axis) => inVoxels.every((points) => depthsOf(points, axis).spread <= flatness(grid, axis)));
  if (axis === undefined) return null;
  const [planeOfSlice, counts] = nearestPlanes(inVoxels, grid, axis);
  const ringsOfSlice = new Map([...planeOfSlice].map(([slice, { rings }]) => [slice, rings]));
  const farthest = Math.max(0, ...[...planeOfSlice].map(([slice, { depth }]) => Math.abs(depth - slice)));
  return { axis, ringsOfSlice, ...counts, farthestMm: farthest * grid.spacingMm[axis] };
}

interface Plane {
  /** In slices. */
  readonly depth: number;
  readonly rings: Float64Array[];
}

/** Contours of one depth belong together (holes, islands); a slice takes the depth nearest to it. */
function nearestPlanes(inVoxels: readonly Float64Array[], grid: Grid, axis: CutAxis): [Map<number, Plane>, { outsideCount: number; supersededCount: number }] {
  const byDepth = inVoxels.map((points) => ({ points, depth: depthsOf(points, axis).middle })).sort((a, b) => a.depth - b.depth);
  const planes: Plane[] = [];
  for (const { points, depth } of byDepth) {
    const last = planes.at(-1);
    if (last && depth - last.depth <= flatness(grid, axis)) last.rings.push(ringOf(points, axis));
    else planes.push({ depth, rings: [ringOf(points, axis)] });
  }
  const planeOfSlice = new Map<number, Plane>();
  let [outsideCount, supersededCount] = [0, 0];
  for (const plane of planes) {
    const slice = Math.round(plane.depth);
    const rival = planeOfSlice.get(slice);
    if (slice < 0 || slice >= grid.dimsIjk[axis]) outsideCount += plane.rings.length;
    else if (rival && Math.abs(rival.depth - slice) <= Math.abs(plane.depth - slice)) supersededCount += plane.rings.length;
    else {
      supersededCount += rival?.rings.length ?? 0;
      planeOfSlice.set(slice, plane);
    }
  }
  return [planeOfSlice, { outsideCount, supersededCount }];
}

function toVoxels(pointsLpsMm: Float64Array, grid: Grid): Float64Array {
  const points = new Float64Array(pointsLpsMm.length);
  for (let at = 0; at < points.length; at += 3) points.set(lpsToIjk(grid, [pointsLpsMm[at]!, pointsLpsMm[at + 1]!, pointsLpsMm[at + 2]!]), at);
  return points;
}

function depthsOf(points: Float64Array, axis: CutAxis): { middle: number; spread: number } {
  let [low, high] = [Infinity, -Infinity];
  for (let at = axis; at < points.length; at += 3) {
    low = Math.min(low, points[at]!);
    high = Math.max(high, points[at]!);
  }
  return { middle: (low + high) / 2, spread: high - low };
}

function ringOf(points: Float64Array, axis: CutAxis): Float64Array {
  const [u, v] = PLANE_AXES[axis];
  const ring = new Float64Array((points.length / 3) * 2);
  for (let n = 0; n < points.length / 3; n++) {
    ring[2 * n] = points[3 * n + u]!;
    ring[2 * n + 1] = points[3 * n + v]!;
  }
  return ring;
}

const flatness = (grid: Grid, axis: CutAxis) => Math.max(FLATNESS_SLICES, Math.min(LARGEST_FLATNESS_SLICES, FLATNESS_MM / grid.spacingMm[axis]));
