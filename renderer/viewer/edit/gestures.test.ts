import { describe, expect, it } from 'vitest';
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { EditPlane, Pixel } from './editPlane.ts';
import { OutlineGesture } from './gestures.ts';
import type { Surface } from './gestures.ts';
import type { LabelmapLayer } from './labelmapLayer.ts';
import type { Triple } from './maskEditor.ts';
import type { Outline } from './outlineRows.ts';

/** An axial view on slices 2 mm apart that can be moved, zoomed and scrolled; what was drawn last. */
class View {
  leftMm = 0;
  topMm = 0;
  mmPerPixel = 0.5;
  z = 10;
  normalOf: Triple = [0, 0, -1];
  drawn: { readonly points: readonly Pixel[]; readonly isDashed: boolean } | null = null;

  gridMm(_grid: Grid, [x, y]: Pixel): Triple {
    return [this.leftMm + x * this.mmPerPixel, this.topMm + y * this.mmPerPixel, this.z];
  }
  pixelAt(_grid: Grid, [x, y]: Triple): Pixel {
    return [(x - this.leftMm) / this.mmPerPixel, (y - this.topMm) / this.mmPerPixel];
  }
  normal(): Triple {
    return this.normalOf;
  }
  drawOutline(points: readonly Pixel[], _color: string, _isClosed: boolean, isDashed = false): void {
    this.drawn = { points, isDashed };
  }
  drawNothing(): void {
    this.drawn = null;
  }
}

const grid = { dimsIjk: [100, 100, 20], spacingMm: [1, 1, 2] } as unknown as Grid;

function begin(
  kind: 'polygon' | 'lasso' | 'rectangle',
  first: Pixel,
): { view: View; gesture: OutlineGesture; outlines: Pick<Outline, 'corners' | 'normal'>[] } {
  const view = new View();
  const outlines: Pick<Outline, 'corners' | 'normal'>[] = [];
  const surface: Surface = { layer: {} as LabelmapLayer, grid, plane: view as unknown as EditPlane };
  return { view, outlines, gesture: new OutlineGesture(surface, first, kind, 'white', (outline) => outlines.push(outline)) };
}

function click(gesture: OutlineGesture, pixel: Pixel): boolean {
  gesture.press(pixel);
  return gesture.release(pixel);
}

describe('an outline while the view moves', () => {
  it('keeps the corners of a polygon where they are in millimetres', () => {
    const { view, gesture, outlines } = begin('polygon', [20, 20]);
    click(gesture, [60, 20]);
    view.leftMm = 5;
    view.mmPerPixel = 0.25;
    gesture.redraw();
    expect(view.drawn?.points.slice(0, 2)).toEqual([
      [20, 40],
      [100, 40],
    ]);
    click(gesture, [100, 120]); // 30 mm, 30 mm
    expect(click(gesture, [20, 41])).toBe(true); // near the first corner as it lies now
    expect(outlines).toEqual([
      {
        corners: [
          [10, 10, 10],
          [30, 10, 10],
          [30, 30, 10],
        ],
        normal: [0, 0, -1],
      },
    ]);
    expect(view.drawn).toBeNull();
  });

  it('is dashed on another slice, takes no corners there, and cuts the slice that it was begun on', () => {
    const { view, gesture, outlines } = begin('polygon', [20, 20]);
    click(gesture, [60, 20]);
    click(gesture, [60, 60]);
    view.z = 12;
    gesture.redraw();
    expect(view.drawn).toMatchObject({
      isDashed: true,
      points: [
        [20, 20],
        [60, 20],
        [60, 60],
      ],
    });
    expect(click(gesture, [20, 20])).toBe(false);
    view.z = 10.4; // the same slice, not through its middle
    gesture.redraw();
    expect(view.drawn?.isDashed).toBe(false);
    view.z = 16;
    expect(gesture.key('Enter')).toBe('over');
    expect(outlines[0]!.corners).toEqual([
      [10, 10, 10],
      [30, 10, 10],
      [30, 30, 10],
    ]);
  });

  it('takes no corners from a plane that runs another way', () => {
    const { view, gesture } = begin('polygon', [20, 20]);
    view.normalOf = [0, 1, 0];
    click(gesture, [60, 20]);
    gesture.redraw();
    expect(view.drawn?.points).toHaveLength(1);
  });

  it('goes on with the line of a lasso where the view has gone', () => {
    const { view, gesture, outlines } = begin('lasso', [0, 0]);
    gesture.move([20, 0]);
    view.topMm = 10;
    gesture.move([20, 0]); // 10 mm, 10 mm
    view.z = 4;
    gesture.move([80, 80]);
    expect(gesture.release([80, 80])).toBe(true);
    expect(outlines[0]!.corners).toEqual([
      [0, 0, 10],
      [10, 0, 10],
      [10, 10, 10],
    ]);
  });

  it('spans a rectangle from the first corner in the volume to the pointer', () => {
    const { view, gesture, outlines } = begin('rectangle', [20, 20]);
    view.leftMm = 10;
    gesture.move([20, 40]);
    expect(gesture.release([20, 40])).toBe(true); // from 10 mm, 10 mm to 20 mm, 20 mm
    expect(outlines[0]!.corners).toEqual([
      [10, 10, 10],
      [20, 10, 10],
      [20, 20, 10],
      [10, 20, 10],
    ]);
  });
});
