/** What happens between the press and the release of a button. */
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { EditPlane, Pixel } from './editPlane.ts';
import type { EditSettings } from './editSettings.ts';
import type { LabelmapLayer } from './labelmapLayer.ts';
import type { Paint, Triple } from './maskEditor.ts';
import type { Outline } from './outlineRows.ts';
import { isOnSlab, sweepRows } from './sweptBrush.ts';

export interface Gesture {
  move(pixel: Pixel): void;
  /** True: the gesture is over. */
  release(pixel: Pixel): boolean;
  /** Another press while the gesture goes on; `isErasing`: with Shift or Alt. */
  press?(pixel: Pixel, isErasing: boolean): void;
  /** The view shows something else. */
  redraw?(): void;
  key?(key: string): 'over' | 'goesOn';
  cancel(): void;
}

export interface Surface {
  readonly layer: LabelmapLayer;
  readonly grid: Grid;
  readonly plane: EditPlane;
}

export class BrushGesture implements Gesture {
  #last: Triple;

  constructor(
    private readonly surface: Surface,
    pixel: Pixel,
    private readonly brush: Pick<EditSettings, 'radiusMm' | 'shape'>,
    private readonly paint: Paint,
    private readonly name: string,
  ) {
    this.#last = surface.plane.gridMm(surface.grid, pixel);
    this.move(pixel);
  }

  move(pixel: Pixel): void {
    const { layer, grid, plane } = this.surface;
    const to = plane.gridMm(grid, pixel);
    const { editor } = layer;
    const normal = this.brush.shape === 'circle' ? plane.normal(grid) : null;
    sweepRows({ from: this.#last, to, radiusMm: this.brush.radiusMm, normal }, grid.dimsIjk, grid.spacingMm, (j, k, iFrom, iTo) =>
      editor.paintRow(j, k, iFrom, iTo, this.paint),
    );
    this.#last = to;
    layer.drawChanges();
  }

  release(): boolean {
    this.surface.layer.commit(this.name);
    return true;
  }

  cancel(): void {
    this.surface.layer.rollback();
  }
}

const CLOSE_PX = 8;
const STEP_PX = 2;
const distance = (a: Pixel, b: Pixel): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * Lasso: a line as the pointer goes. Rectangle: from corner to corner. Polygon: a corner for each click, closed at the first one or by Enter.
 * Corners stay where they are in the volume while the view moves. On another slice the outline is dashed and takes no corners.
 */
export class OutlineGesture implements Gesture {
  /** In millimetres along the axes of the grid. */
  #points: Triple[];
  readonly #normal: Triple;
  #pointer: Pixel;

  constructor(
    private readonly surface: Surface,
    first: Pixel,
    private readonly kind: 'lasso' | 'rectangle' | 'polygon',
    private readonly color: string,
    private readonly done: (outline: Pick<Outline, 'corners' | 'normal'>) => void,
  ) {
    const { plane, grid } = surface;
    this.#normal = plane.normal(grid);
    this.#points = [this.#mm(first)];
    this.#pointer = first;
    this.redraw();
  }

  #mm(pixel: Pixel): Triple {
    return this.surface.plane.gridMm(this.surface.grid, pixel);
  }
  #pixel(point: Triple): Pixel {
    return this.surface.plane.pixelAt(this.surface.grid, point);
  }
  get #isOnItsSlice(): boolean {
    const { plane, grid } = this.surface;
    return isOnSlab(this.#mm([0, 0]), plane.normal(grid), this.#points[0]!, this.#normal, grid.spacingMm);
  }

  redraw(): void {
    const isOnItsSlice = this.#isOnItsSlice;
    const corners = this.#points.map((point) => this.#pixel(point));
    const points = this.kind === 'rectangle' ? this.#corners(this.#pointer) : this.kind === 'polygon' && isOnItsSlice ? [...corners, this.#pointer] : corners;
    this.surface.plane.drawOutline(points, this.color, this.kind !== 'polygon' || !isOnItsSlice, !isOnItsSlice);
  }

  #corners([x, y]: Pixel): Pixel[] {
    const [left, top] = this.#pixel(this.#points[0]!);
    return [
      [left, top],
      [x, top],
      [x, y],
      [left, y],
    ];
  }

  move(pixel: Pixel): void {
    this.#pointer = pixel;
    if (this.kind === 'lasso' && this.#isOnItsSlice && distance(this.#pixel(this.#points.at(-1)!), pixel) >= STEP_PX) this.#points.push(this.#mm(pixel));
    this.redraw();
  }

  press(pixel: Pixel): void {
    this.#pointer = pixel;
    if (this.#isOnItsSlice) this.#points.push(this.#mm(pixel));
    this.redraw();
  }

  release(pixel: Pixel): boolean {
    if (this.kind === 'polygon') {
      if (!this.#isOnItsSlice) return false;
      const corners = this.#points.map((point) => this.#pixel(point));
      const isClosed = corners.length > 3 && distance(corners[0]!, corners.at(-1)!) <= CLOSE_PX;
      const isDouble = corners.length > 3 && distance(corners.at(-2)!, corners.at(-1)!) <= 1;
      if (!isClosed && !isDouble) return false;
      this.#points.pop();
      return this.#close(this.#points);
    }
    return this.#close(this.kind === 'rectangle' ? this.#corners(pixel).map((corner) => this.#mm(corner)) : this.#points);
  }

  key(key: string): 'over' | 'goesOn' {
    if (key === 'Enter' && this.#points.length > 2) return this.#close(this.#points) ? 'over' : 'goesOn';
    if (key === 'Backspace' && this.#points.length > 1) {
      this.#points.pop();
      this.redraw();
    }
    return 'goesOn';
  }

  /** The first corner says which slice it is, wherever the view has gone since. */
  #close(points: readonly Triple[]): boolean {
    this.surface.plane.drawNothing();
    const corners = [this.#points[0]!, ...points.slice(1)];
    if (corners.length > 2) this.done({ corners, normal: this.#normal });
    return true;
  }

  cancel(): void {
    this.surface.plane.drawNothing();
  }
}
