/** A click, or a rectangle that is dragged, which says where a network shall look. */
import type { Pixel } from './editPlane.ts';
import type { Gesture, Surface } from './gestures.ts';
import { voxelAt } from './gridFrame.ts';
import type { Triple } from './maskEditor.ts';
import { promptAt, promptWithin } from './promptBoxes.ts';
import type { Prompt } from './promptBoxes.ts';

const DRAGGED_PX = 6;

export class PromptGesture implements Gesture {
  constructor(
    private readonly surface: Surface,
    private readonly first: Pixel,
    private readonly radiusMm: number,
    private readonly color: string,
    private readonly done: (prompt: Prompt, at: Triple) => void,
  ) {}

  #isDragged([x, y]: Pixel): boolean {
    return Math.min(Math.abs(x - this.first[0]), Math.abs(y - this.first[1])) >= DRAGGED_PX;
  }

  move(pixel: Pixel): void {
    const [[left, top], [x, y]] = [this.first, pixel];
    if (this.#isDragged(pixel))
      this.surface.plane.drawOutline(
        [
          [left, top],
          [x, top],
          [x, y],
          [left, y],
        ],
        this.color,
        true,
      );
    else this.surface.plane.drawNothing();
  }

  release(pixel: Pixel): boolean {
    const { plane, grid } = this.surface;
    const { dimsIjk, spacingMm } = grid;
    plane.drawNothing();
    const at = voxelAt(plane.gridMm(grid, this.first), dimsIjk, spacingMm);
    const end = voxelAt(plane.gridMm(grid, pixel), dimsIjk, spacingMm);
    const normal = plane.normal(grid).map(Math.abs);
    if (at && end && this.#isDragged(pixel)) this.done(promptWithin(at, end, normal.indexOf(Math.max(...normal)), dimsIjk, spacingMm), at);
    else if (at) this.done(promptAt(at, dimsIjk, spacingMm, this.radiusMm), at);
    return true;
  }

  cancel(): void {
    this.surface.plane.drawNothing();
  }
}
