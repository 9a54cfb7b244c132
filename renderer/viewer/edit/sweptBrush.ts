/**
 * The voxels under a brush that moves from one place to another: those whose centre lies within the radius of the way
 * between them, so a fast stroke has no gaps. Lengths are millimetres along the axes of the grid, which stand upright on
 * each other; an oblique grid needs no more than its own axes.
 */
import { dot } from '../vectors.ts';
import type { Triple } from './maskEditor.ts';

export interface SweptBrush {
  readonly from: Triple;
  readonly to: Triple;
  readonly radiusMm: number;
  /** Unit vector: a disc in the plane of a view instead of a sphere. */
  readonly normal: Triple | null;
}

export type RowVisitor = (j: number, k: number, iFrom: number, iTo: number) => void;

const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const AXIS_ALIGNED = 0.9999;
const EPSILON = 1e-9;

/** The axis that a plane lies across, if it lies across one. */
export const acrossAxis = (normal: Triple): number => normal.findIndex((part) => Math.abs(part) > AXIS_ALIGNED);

/** Half of the thickness in which a plane meets the voxels it passes through. */
const halfThickness = (normal: Triple, spacing: Triple): number => normal.reduce((sum, part, axis) => sum + 0.5 * Math.abs(part) * spacing[axis]!, 0);

/** The plane through `point`: exactly one slice where it lies along slices, else every voxel that it cuts. */
export function slabOf(point: Triple, normal: Triple, spacing: Triple): { readonly normal: Triple; readonly centre: number; readonly half: number } {
  const axis = acrossAxis(normal);
  if (axis < 0) return { normal, centre: dot(point, normal), half: halfThickness(normal, spacing) };
  const upright: Triple = [axis === 0 ? 1 : 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0];
  return { normal: upright, centre: Math.round(point[axis]! / spacing[axis]!) * spacing[axis]!, half: 0.25 * spacing[axis]! };
}

const SAME_DIRECTION = 0.9999;
/** Whether a plane through `shown` lies in the slice that a plane through `own` edits: both run the same way, and no slice lies between them. */
export function isOnSlab(shown: Triple, shownNormal: Triple, own: Triple, ownNormal: Triple, spacing: Triple): boolean {
  if (Math.abs(dot(shownNormal, ownNormal)) < SAME_DIRECTION) return false;
  const [slab, other] = [slabOf(own, ownNormal, spacing), slabOf(shown, ownNormal, spacing)];
  return Math.abs(slab.centre - other.centre) <= slab.half;
}

/** Calls `visit` for each row of voxels under the brush; rows are cut at the edges of the volume. */
export function sweepRows(brush: SweptBrush, dims: Triple, spacing: Triple, visit: RowVisitor): void {
  const { from, to, radiusMm } = brush;
  if (radiusMm < Math.max(...spacing)) visitWay(from, to, dims, spacing, visit);
  const slab = brush.normal && slabOf(to, brush.normal, spacing);
  const reach = [0, 1, 2].map((axis) =>
    slab ? radiusMm * Math.sqrt(Math.max(0, 1 - slab.normal[axis]! ** 2)) + halfThickness(slab.normal, spacing) : radiusMm,
  );
  const first = (axis: number): number => Math.max(0, Math.ceil((Math.min(from[axis]!, to[axis]!) - reach[axis]!) / spacing[axis]! - EPSILON));
  const last = (axis: number): number => Math.min(dims[axis]! - 1, Math.floor((Math.max(from[axis]!, to[axis]!) + reach[axis]!) / spacing[axis]! + EPSILON));
  const [jFirst, jLast, kFirst, kLast] = [first(1), last(1), first(2), last(2)];
  const row = new CapsuleRow(from, to, radiusMm, slab?.normal ?? null);
  for (let k = kFirst; k <= kLast; k++) {
    for (let j = jFirst; j <= jLast; j++) {
      const y = j * spacing[1];
      const z = k * spacing[2];
      if (!row.cut(y, z)) continue;
      let { low, high } = row;
      if (slab) {
        const along = slab.centre - slab.normal[1] * y - slab.normal[2] * z;
        if (Math.abs(slab.normal[0]) < EPSILON) {
          if (Math.abs(along) > slab.half) continue;
        } else {
          const ends = [(along - slab.half) / slab.normal[0], (along + slab.half) / slab.normal[0]];
          low = Math.max(low, Math.min(...ends));
          high = Math.min(high, Math.max(...ends));
        }
      }
      const iFrom = Math.max(0, Math.ceil(low / spacing[0] - EPSILON));
      const iTo = Math.min(dims[0] - 1, Math.floor(high / spacing[0] + EPSILON));
      if (iFrom <= iTo) visit(j, k, iFrom, iTo);
    }
  }
}

/** The voxels that the middle of the brush passes: a brush smaller than a voxel still paints. */
function visitWay(from: Triple, to: Triple, dims: Triple, spacing: Triple, visit: RowVisitor): void {
  const way = minus(to, from);
  const steps = Math.ceil(Math.sqrt(dot(way, way)) / (0.5 * Math.min(...spacing)));
  for (let step = 0; step <= steps; step++) {
    const [i, j, k] = [0, 1, 2].map((axis) => Math.round((from[axis]! + way[axis]! * (steps ? step / steps : 0)) / spacing[axis]!)) as [number, number, number];
    if (i >= 0 && j >= 0 && k >= 0 && i < dims[0] && j < dims[1] && k < dims[2]) visit(j, k, i, i);
  }
}

/** Cuts rows along x with the points within a radius of a line from a to b, seen along `normal` where there is one. */
class CapsuleRow {
  low = 0;
  high = 0;
  readonly #row: Triple;
  readonly #way: Triple;
  readonly #wayLength: number;
  readonly #rowAlongWay: number;
  readonly #rowSquared: number;

  constructor(
    private readonly a: Triple,
    b: Triple,
    private readonly radius: number,
    private readonly normal: Triple | null,
  ) {
    const way = this.#seen(minus(b, a));
    this.#wayLength = Math.sqrt(dot(way, way));
    const length = this.#wayLength > EPSILON ? this.#wayLength : 1;
    this.#way = [way[0] / length, way[1] / length, way[2] / length];
    this.#row = this.#seen([1, 0, 0]);
    this.#rowSquared = dot(this.#row, this.#row);
    this.#rowAlongWay = dot(this.#row, this.#way);
  }

  #seen(v: Triple): Triple {
    if (!this.normal) return v;
    const along = dot(v, this.normal);
    return [v[0] - along * this.normal[0], v[1] - along * this.normal[1], v[2] - along * this.normal[2]];
  }

  /** Widens low…high by where a·x² + 2·b·x + c ≤ 0, within from…to. */
  #include(a: number, b: number, c: number, from: number, to: number): void {
    if (a < EPSILON) {
      if (c > 0) return;
      this.low = Math.min(this.low, from);
      this.high = Math.max(this.high, to);
      return;
    }
    const root = b * b - a * c;
    if (root < 0) return;
    const half = Math.sqrt(root);
    const low = Math.max(from, (-b - half) / a);
    const high = Math.min(to, (-b + half) / a);
    if (low > high) return;
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
  }

  /** The figure is convex: its cut is the hull of the cuts of both ends and of what lies between. False: no cut. */
  cut(y: number, z: number): boolean {
    this.low = Infinity;
    this.high = -Infinity;
    const start = this.#seen([-this.a[0], y - this.a[1], z - this.a[2]]);
    const r2 = this.radius * this.radius + EPSILON;
    const rowStart = dot(start, this.#row);
    const startSquared = dot(start, start);
    this.#include(this.#rowSquared, rowStart, startSquared - r2, -Infinity, Infinity);
    const length = this.#wayLength;
    if (length > EPSILON) {
      const along = dot(start, this.#way);
      const end = startSquared - 2 * length * along + length * length;
      this.#include(this.#rowSquared, rowStart - length * this.#rowAlongWay, end - r2, -Infinity, Infinity);
      const step = this.#rowAlongWay;
      let from = -Infinity;
      let to = Infinity;
      if (Math.abs(step) > EPSILON) {
        from = Math.min(-along / step, (length - along) / step);
        to = Math.max(-along / step, (length - along) / step);
      }
      const isBeside = Math.abs(step) <= EPSILON && (along < 0 || along > length);
      if (!isBeside) this.#include(this.#rowSquared - step * step, rowStart - along * step, startSquared - along * along - r2, from, to);
    }
    return this.low <= this.high;
  }
}
