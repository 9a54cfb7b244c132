/** The voxels that an outline drawn on a view encloses: on the plane of the view, or behind it through the whole volume. */
import { cross, dot } from '../vectors.ts';
import type { Triple } from './maskEditor.ts';
import { slabOf } from './sweptBrush.ts';
import type { RowVisitor } from './sweptBrush.ts';

export interface Outline {
  /** Corners on the plane of the view, in millimetres along the axes of the grid. Closed. */
  readonly corners: readonly Triple[];
  /** Unit vector across the view. */
  readonly normal: Triple;
  readonly depth: 'slice' | 'volume';
  readonly side: 'inside' | 'outside';
}

const EPSILON = 1e-9;
type Pair = readonly [number, number];

/** Two unit vectors that span the plane across `normal`. */
function basisOf(normal: Triple): readonly [Triple, Triple] {
  const smallest = [0, 1, 2].reduce((best, axis) => (Math.abs(normal[axis]!) < Math.abs(normal[best]!) ? axis : best), 0);
  const helper: Triple = [smallest === 0 ? 1 : 0, smallest === 1 ? 1 : 0, smallest === 2 ? 1 : 0];
  const raw = cross(normal, helper);
  const length = Math.sqrt(dot(raw, raw));
  const u: Triple = [raw[0] / length, raw[1] / length, raw[2] / length];
  return [u, cross(normal, u)];
}

/** Calls `visit` for each run of voxels; a voxel belongs to the side on which its centre lies. */
export function outlineRows({ corners, normal, depth, side }: Outline, dims: Triple, spacing: Triple, visit: RowVisitor, tell?: (share: number) => void): void {
  if (corners.length < 3) return;
  const [u, v] = basisOf(normal);
  const flat = corners.map((corner): Pair => [dot(corner, u), dot(corner, v)]);
  const direction: Pair = [u[0] * spacing[0], v[0] * spacing[0]];
  const slab = depth === 'slice' ? slabOf(corners[0]!, normal, spacing) : null;
  const last = dims[0] - 1;
  for (let k = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      const y = j * spacing[1];
      const z = k * spacing[2];
      let from = 0;
      let to = last;
      if (slab) {
        const along = slab.centre - slab.normal[1] * y - slab.normal[2] * z;
        const step = slab.normal[0] * spacing[0];
        if (Math.abs(step) < EPSILON) {
          if (Math.abs(along) > slab.half) continue;
        } else {
          from = Math.max(0, Math.ceil(Math.min((along - slab.half) / step, (along + slab.half) / step) - EPSILON));
          to = Math.min(last, Math.floor(Math.max((along - slab.half) / step, (along + slab.half) / step) + EPSILON));
          if (from > to) continue;
        }
      }
      const cuts = cutsOf([u[1] * y + u[2] * z, v[1] * y + v[2] * z], direction, flat);
      visitBetween(side === 'inside' ? cuts : [-Infinity, ...cuts, Infinity], from, to, (a, b) => visit(j, k, a, b));
    }
    tell?.((k + 1) / dims[2]);
  }
}

function visitBetween(cuts: readonly number[], from: number, to: number, visit: (a: number, b: number) => void): void {
  for (let n = 0; n + 1 < cuts.length; n += 2) {
    const a = Math.max(from, Math.ceil(cuts[n]!));
    const b = Math.min(to, Math.ceil(cuts[n + 1]!) - 1); // half open, so that inside and outside share no voxel
    if (a <= b) visit(a, b);
  }
}

/** Where the line start + n·step enters and leaves the outline, in n, sorted; an even number of them. */
function cutsOf(start: Pair, step: Pair, corners: readonly Pair[]): number[] {
  const length2 = step[0] * step[0] + step[1] * step[1];
  if (length2 < EPSILON) return isInside(start, corners) ? [-Infinity, Infinity] : [];
  const cuts: number[] = [];
  let [px, py] = corners.at(-1)!;
  let previous = step[0] * (py - start[1]) - step[1] * (px - start[0]);
  for (const [x, y] of corners) {
    const beside = step[0] * (y - start[1]) - step[1] * (x - start[0]);
    if (beside >= 0 !== previous >= 0) {
      const share = previous / (previous - beside);
      const cx = px + share * (x - px) - start[0];
      const cy = py + share * (y - py) - start[1];
      cuts.push((cx * step[0] + cy * step[1]) / length2);
    }
    [px, py, previous] = [x, y, beside];
  }
  return cuts.sort((a, b) => a - b);
}

/** Even-odd rule. */
function isInside([x, y]: Pair, corners: readonly Pair[]): boolean {
  let inside = false;
  let [px, py] = corners.at(-1)!;
  for (const [cx, cy] of corners) {
    if (cy > y !== py > y && x < ((px - cx) * (y - cy)) / (py - cy) + cx) inside = !inside;
    [px, py] = [cx, cy];
  }
  return inside;
}
