/** What happens between the press and the release of a button. */
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { EditPlane, Pixel } from './editPlane.ts';
import type { EditSettings } from './editSettings.ts';
import type { LabelmapLayer } from './labelmapLayer.ts';
import type { Paint, Triple } from './maskEditor.ts';
import type { Outline } from './outlineRows.ts';
import { sweepRows } from './sweptBrush.ts';

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
    sweepRows({ from: this.#last, to, radiusMm: this.brush.radiusMm, normal }, grid.dimsIjk, grid.spacingMm, (j, k, iFrom, iTo) => editor.paintRow(j, k, iFrom, iTo, this.paint));
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

/** Lasso: a line as the pointer goes. Rectangle: from corner to corner. Polygon: a corner for each click, closed at the first one or by Enter. */
export class OutlineGesture implements Gesture {
  #points: Pixel[];

  constructor(
    private readonly surface: Surface,
    first: Pixel,
    private readonly kind: 'lasso' | 'rectangle' | 'polygon',
    private readonly color: string,
    private readonly done: (outline: Pick<Outline, 'corners' | 'normal'>) => void,
  ) {
    this.#points = [first];
    this.#draw(first);
  }

  #draw(pointer: Pixel): void {
    const points = this.kind === 'rectangle' ? this.#corners(pointer) : this.kind === 'polygon' ? [...this.#points, pointer] : this.#points;
    this.surface.plane.drawOutline(points, this.color, this.kind !== 'polygon');
  }

  #corners([x, y]: Pixel): Pixel[] {
    const [left, top] = this.#points[0]!;
    return [[left, top], [x, top], [x, y], [left, y]];
  }

  move(pixel: Pixel): void {
    if (this.kind === 'lasso' && distance(this.#points.at(-1)!, pixel) >= STEP_PX) this.#points.push(pixel);
    this.#draw(pixel);
  }

  press(pixel: Pixel): void {
    this.#points.push(pixel);
    this.#draw(pixel);
  }

  release(pixel: Pixel): boolean {
    if (this.kind === 'polygon') {
      const isClosed = this.#points.length > 3 && distance(this.#points[0]!, this.#points.at(-1)!) <= CLOSE_PX;
      const isDouble = this.#points.length > 3 && distance(this.#points.at(-2)!, this.#points.at(-1)!) <= 1;
      if (!isClosed && !isDouble) return false;
      this.#points.pop();
      return this.#close(this.#points);
    }
    return this.#close(this.kind === 'rectangle' ? this.#corners(pixel) : this.#points);
  }

  key(key: string): 'over' | 'goesOn' {
    if (key === 'Enter' && this.#points.length > 2) return this.#close(this.#points) ? 'over' : 'goesOn';
    if (key === 'Backspace' && this.#points.length > 1) {
      this.#points.pop();
      this.#draw(this.#points.at(-1)!);
    }
    return 'goesOn';
  }

  #close(points: readonly Pixel[]): boolean {
    const { plane, grid } = this.surface;
    plane.drawNothing();
    if (points.length > 2) this.done({ corners: points.map((pixel) => plane.gridMm(grid, pixel)), normal: plane.normal(grid) });
    return true;
  }

  cancel(): void {
    this.surface.plane.drawNothing();
  }
}
