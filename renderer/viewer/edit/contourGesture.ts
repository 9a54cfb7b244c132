/**
 * A contour of points that can be dragged, one for a slice, until Enter or a double click puts it into the mask. It begins with the
 * first click, or with the edge of the painted piece under it. Its points stay where they are in the volume while the view moves.
 */
import { dot } from '../vectors.ts';
import { connectedInSlice } from './operations/connectedInSlice.ts';
import { curveThrough, distanceToSegment, fewerPoints, outerEdge } from './contour.ts';
import type { Pair } from './contour.ts';
import type { Pixel } from './editPlane.ts';
import type { Gesture, Surface } from './gestures.ts';
import { voxelAt } from './gridFrame.ts';
import type { Paint, Triple } from './maskEditor.ts';
import { outlineRows } from './outlineRows.ts';
import type { Outline } from './outlineRows.ts';
import { acrossAxis, isOnSlab } from './sweptBrush.ts';
import type { RowVisitor } from './sweptBrush.ts';

const NEAR_PX = 7;
const DOUBLE_CLICK_MS = 400;

export interface ContourRules {
  readonly curve: 'polygon' | 'spline';
  /** `replace`: what was painted of the segment (the piece whose edge it is, or all of it in the slice) and lies outside goes. */
  readonly mode: 'add' | 'replace';
  readonly paint: Paint;
  readonly erase: Paint;
  readonly color: string;
  readonly done: () => void;
}

export class ContourGesture implements Gesture {
  /** In millimetres along the axes of the grid. */
  #points: Triple[];
  readonly #normal: Triple;
  readonly #place: Triple;
  /** Of the piece whose edge this was: its voxels, and its points before any was moved. */
  readonly #piece: { readonly voxels: Uint32Array; readonly points: readonly Triple[] } | null = null;
  #dragged: number | null = null;
  #hovered: number | null = null;
  #lastPress: { readonly pixel: Pixel; readonly atMs: number } | null = null;
  #isDouble = false;

  constructor(
    private readonly surface: Surface,
    first: Pixel,
    private readonly rules: ContourRules,
  ) {
    const { grid, plane } = surface;
    this.#normal = plane.normal(grid);
    this.#place = plane.gridMm(grid, first);
    this.#piece = rules.mode === 'replace' ? this.#pieceAt(this.#place) : null;
    this.#points = this.#piece ? [...this.#piece.points] : [this.#place];
    if (!this.#piece) this.#dragged = 0;
    this.#lastPress = { pixel: first, atMs: performance.now() };
    this.redraw();
  }

  /** Null where the segment is not painted, and on a plane that cuts across the slices of the grid. */
  #pieceAt(gridMm: Triple): { readonly voxels: Uint32Array; readonly points: readonly Triple[] } | null {
    const { layer, grid } = this.surface;
    const { dimsIjk, spacingMm } = grid;
    const axis = acrossAxis(this.#normal);
    const at = voxelAt(gridMm, dimsIjk, spacingMm);
    if (axis < 0 || !at || layer.editor.labelAt(at) !== layer.activeSlot) return null;
    const voxels = connectedInSlice(layer.editor.voxels, dimsIjk, at, axis);
    const [a, b] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
    const [width, height] = [dimsIjk[a]!, dimsIjk[b]!];
    const strides = [1, dimsIjk[0], dimsIjk[0] * dimsIjk[1]] as const;
    const inside = new Uint8Array(width * height);
    for (const n of voxels) inside[(Math.floor(n / strides[a]!) % width) + width * (Math.floor(n / strides[b]!) % height)] = 1;
    const points = fewerPoints(outerEdge(inside, width, height)).map((pair) => {
      const mm: [number, number, number] = [0, 0, 0];
      mm[axis] = at[axis]! * spacingMm[axis]!;
      mm[a] = pair[0] * spacingMm[a]!;
      mm[b] = pair[1] * spacingMm[b]!;
      return mm;
    });
    return { voxels, points };
  }

  #pixels(points: readonly Triple[]): Pixel[] {
    const { plane, grid } = this.surface;
    return points.map((point) => plane.pixelAt(grid, point));
  }
  #curve(points: readonly Triple[]): readonly Triple[] {
    return this.rules.curve === 'spline' ? curveThrough(points) : points;
  }

  /** The view has moved, or the curve. Nothing is seen while another slice is shown. */
  redraw(): void {
    const { plane, grid } = this.surface;
    const isShown = isOnSlab(plane.gridMm(grid, [0, 0]), plane.normal(grid), this.#place, this.#normal, grid.spacingMm);
    if (isShown) plane.drawContour(this.#pixels(this.#curve(this.#points)), this.#pixels(this.#points), this.#hovered ?? this.#dragged, this.rules.color);
    else plane.drawNothing();
  }

  #pointNear(pixel: Pixel): number | null {
    const distances = this.#pixels(this.#points).map(([x, y]) => Math.hypot(x - pixel[0], y - pixel[1]));
    const nearest = distances.indexOf(Math.min(...distances));
    return distances[nearest]! <= NEAR_PX ? nearest : null;
  }

  /** Which point comes before one that is put on the edge here; null: not on the edge. */
  #edgeNear(pixel: Pixel): number | null {
    const corners = this.#pixels(this.#curve(this.#points));
    const perPoint = corners.length / this.#points.length;
    let [best, nearest] = [-1, NEAR_PX];
    for (let n = 0; n < corners.length; n++) {
      const distance = distanceToSegment(pixel, corners[n]! as Pair, corners[(n + 1) % corners.length]! as Pair);
      if (distance <= nearest) [best, nearest] = [Math.floor(n / perPoint), distance];
    }
    return best < 0 || this.#points.length < 3 ? null : best;
  }

  press(pixel: Pixel, removes: boolean): void {
    const { plane, grid } = this.surface;
    const nowMs = performance.now();
    const { pixel: last, atMs } = this.#lastPress ?? { pixel, atMs: -Infinity };
    this.#isDouble = nowMs - atMs < DOUBLE_CLICK_MS && Math.hypot(last[0] - pixel[0], last[1] - pixel[1]) <= 2;
    this.#lastPress = { pixel, atMs: nowMs };
    this.#dragged = this.#pointNear(pixel);
    if (removes) {
      if (this.#dragged !== null) this.#remove(this.#dragged);
      return;
    }
    if (this.#dragged === null) {
      const before = this.#edgeNear(pixel);
      if (before === null && this.#piece) return; // a point far from the edge of a piece would be a slip
      const at = before === null ? this.#points.length : before + 1;
      this.#points.splice(at, 0, plane.gridMm(grid, pixel));
      this.#dragged = at;
    }
    this.redraw();
  }

  move(pixel: Pixel): void {
    if (this.#dragged !== null) {
      const [x, y] = this.#lastPress!.pixel;
      if (this.#isDouble && Math.hypot(x - pixel[0], y - pixel[1]) <= 2) return;
      this.#isDouble = false;
      this.#points[this.#dragged] = this.surface.plane.gridMm(this.surface.grid, pixel);
    }
    this.#hovered = this.#pointNear(pixel);
    this.redraw();
  }

  release(): boolean {
    this.#dragged = null;
    return this.#isDouble && this.#points.length > 2 && this.#apply();
  }

  key(key: string): 'over' | 'goesOn' {
    if (key === 'Enter') return this.#points.length > 2 && this.#apply() ? 'over' : 'goesOn';
    if (key === 'Backspace' || key === 'Delete') this.#remove(this.#hovered ?? this.#points.length - 1);
    return 'goesOn';
  }

  /** Some point stays: Escape is for the whole. */
  #remove(index: number): void {
    if (this.#points.length > 1) this.#points.splice(index, 1);
    this.#dragged = this.#hovered = null;
    this.redraw();
  }

  #rows(points: readonly Triple[], side: Outline['side'], visit: RowVisitor): void {
    const { dimsIjk, spacingMm } = this.surface.grid;
    const corners = this.#curve(points).map((point) => this.#onPlane(point));
    outlineRows({ corners, normal: this.#normal, depth: 'slice', side }, dimsIjk, spacingMm, visit);
  }
  #voxelsWithin(points: readonly Triple[]): Set<number> {
    const [columns, rows] = this.surface.grid.dimsIjk;
    const found = new Set<number>();
    this.#rows(points, 'inside', (j, k, from, to) => {
      for (let i = from; i <= to; i++) found.add(i + columns * (j + rows * k));
    });
    return found;
  }
  /** Points that were put down after the view had moved lie on the plane of the first one all the same. */
  #onPlane(point: Triple): Triple {
    const n = this.#normal;
    const off = dot(n, point) - dot(n, this.#place);
    return [point[0] - off * n[0], point[1] - off * n[1], point[2] - off * n[2]];
  }

  /** A piece changes only between its old and its new edge, so its holes stay. */
  #apply(): true {
    const { layer, plane } = this.surface;
    const { paint, erase, mode, done } = this.rules;
    const { editor } = layer;
    plane.drawNothing();
    const within = this.#voxelsWithin(this.#points);
    const before = this.#piece && this.#voxelsWithin(this.#piece.points);
    if (this.#piece) for (const n of this.#piece.voxels) if (!within.has(n)) editor.paintVoxel(n, erase);
    if (!this.#piece && mode === 'replace') this.#rows(this.#points, 'outside', (j, k, from, to) => editor.paintRow(j, k, from, to, erase));
    for (const n of within) if (!before?.has(n)) editor.paintVoxel(n, paint);
    done();
    return true;
  }

  cancel(): void {
    this.surface.plane.drawNothing();
  }
}
