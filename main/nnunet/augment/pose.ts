/** Rotation and scaling: which voxel of the case each voxel of a patch shows, and the box of the case that this needs. */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { Random } from '../random.ts';
import { drawBetween, type Range } from './range.ts';

export interface PoseRanges {
  readonly rotation: {
    readonly probability: number;
    /** Angle about each axis, uniform in ± this. */
    readonly largestDegDhw: ShapeDhw;
  };
  /** Above 1 the patch shows more of the case, its objects smaller. One factor for every scaled axis. */
  readonly scaling: { readonly probability: number; readonly factor: Range };
  /** Slices stay slices: no turning out of their plane, no scaling across. For 2D and for patches of few slices. */
  readonly isInPlane: boolean;
}

/** Row-major 3×3: voxel t of a patch with middle m shows voxel m + matrix · (t − m). */
export type PoseMatrix = Float64Array;

/** v2 leaves the room of this scaling around a patch; what a larger one shows beyond it is empty. nnunet-v2.md §5 */
const ROOM_FOR_SCALING = 0.85;

/** Draws whether to turn and to scale, and by how much; `null` when neither happens. */
export function drawPose({ rotation, scaling, isInPlane }: PoseRanges, random: Random): PoseMatrix | null {
  const isTurned = random.next() < rotation.probability;
  const isScaled = random.next() < scaling.probability;
  if (!isTurned && !isScaled) return null;
  const angles = rotation.largestDegDhw.map((limit) => (isTurned && limit > 0 ? random.between(-limit, limit) * (Math.PI / 180) : 0));
  const factor = isScaled ? drawBetween(scaling.factor, random) : 1;
  return poseMatrix(angles, [isInPlane ? 1 : factor, factor, factor]);
}

/** Scales first, then turns about W, H and D. */
export function poseMatrix([aboutD, aboutH, aboutW]: readonly number[], scaleDhw: readonly number[]): PoseMatrix {
  const turned = multiply3(multiply3(turnAbout(0, aboutD!), turnAbout(1, aboutH!)), turnAbout(2, aboutW!));
  return turned.map((value, n) => value * scaleDhw[n % 3]!);
}

function turnAbout(axis: 0 | 1 | 2, angle: number): Float64Array {
  const [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
  const matrix = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  matrix[a * 3 + a] = cos;
  matrix[b * 3 + b] = cos;
  matrix[a * 3 + b] = -sin;
  matrix[b * 3 + a] = sin;
  return matrix;
}

function multiply3(a: Float64Array, b: Float64Array): Float64Array {
  const row = (n: number): number => 3 * Math.floor(n / 3);
  return a.map((_, n) => a[row(n)]! * b[n % 3]! + a[row(n) + 1]! * b[3 + (n % 3)]! + a[row(n) + 2]! * b[6 + (n % 3)]!);
}

export interface Box {
  readonly originDhw: ShapeDhw;
  readonly shapeDhw: ShapeDhw;
}

/** The voxels that a posed patch at `originDhw` needs, cut to the room that v2 leaves around a patch. */
export function poseWindow(matrix: PoseMatrix, originDhw: ShapeDhw, patch: ShapeDhw, ranges: PoseRanges): Box {
  const room = roomAround(patch, ranges);
  const ends = ([0, 1, 2] as const).map((axis) => {
    const middle = originDhw[axis] + (patch[axis] - 1) / 2;
    const reach = [0, 1, 2].reduce((sum, other) => sum + Math.abs(matrix[axis * 3 + other]!) * ((patch[other]! - 1) / 2), 0);
    const spare = Math.floor((room[axis] - patch[axis]) / 2);
    return [
      Math.max(Math.floor(middle - reach), originDhw[axis] - spare),
      // a reach of a whole number of voxels needs no further one; rounding may miss it by a hair
      Math.min(Math.ceil(middle + reach - 1e-9) + 1, originDhw[axis] + patch[axis] + spare),
    ] as const;
  });
  const [d, h, w] = ends;
  return { originDhw: [d![0], h![0], w![0]], shapeDhw: [d![1] - d![0], h![1] - h![0], w![1] - w![0]] };
}

/** Box that holds the patch turned about any one axis by up to its limit and scaled by `1 / ROOM_FOR_SCALING`. */
export function roomAround(patch: ShapeDhw, { rotation, isInPlane }: PoseRanges): ShapeDhw {
  const room: [number, number, number] = [...patch];
  for (const axis of [0, 1, 2] as const) {
    const limit = Math.min(90, rotation.largestDegDhw[axis]) * (Math.PI / 180);
    const [a, b] = [((axis + 1) % 3) as 0 | 1 | 2, ((axis + 2) % 3) as 0 | 1 | 2];
    room[a] = Math.max(room[a], widestTurned(patch[a], patch[b], limit));
    room[b] = Math.max(room[b], widestTurned(patch[b], patch[a], limit));
  }
  return [isInPlane ? patch[0] : Math.floor(room[0] / ROOM_FOR_SCALING), Math.floor(room[1] / ROOM_FOR_SCALING), Math.floor(room[2] / ROOM_FOR_SCALING)];
}

/** Largest extent along `own` of a rectangle own × other turned by 0 … limit. */
function widestTurned(own: number, other: number, limit: number): number {
  const angle = Math.min(limit, Math.atan2(other, own));
  return own * Math.cos(angle) + other * Math.sin(angle);
}
