/** One view as the tools see it: a plane of the grid under the pointer, and a drawing of what the tool is about to do. */
import type { Types } from '@cornerstonejs/core';
import type { Grid } from '../../../main/contract/vocabulary.ts';
import { toGridAxes, toGridMm, toLpsMm } from './gridFrame.ts';
import type { Triple } from './maskEditor.ts';

const SVG = 'http://www.w3.org/2000/svg';
export type Pixel = readonly [number, number];

export class EditPlane {
  readonly #svg = document.createElementNS(SVG, 'svg');

  constructor(
    readonly element: HTMLElement,
    private readonly viewport: () => Types.IVolumeViewport,
  ) {
    this.#svg.setAttribute('class', 'edit-preview');
    this.#svg.setAttribute('aria-hidden', 'true');
    Object.assign(this.#svg.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', pointerEvents: 'none', zIndex: '3' });
    element.append(this.#svg);
  }

  dispose(): void {
    this.#svg.remove();
  }

  pixelOf(event: MouseEvent): Pixel {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** Of a point on the plane. */
  gridMm(grid: Grid, [x, y]: Pixel): Triple {
    return toGridMm(grid, this.viewport().canvasToWorld([x, y]));
  }

  /** Of a point of the volume, seen along the normal. */
  pixelAt(grid: Grid, gridMm: Triple): Pixel {
    const [x, y] = this.viewport().worldToCanvas(toLpsMm(grid, gridMm));
    return [x, y];
  }

  /** Unit vector across the plane, towards whoever looks at it. */
  normal(grid: Grid): Triple {
    return toGridAxes(grid, this.viewport().getCamera().viewPlaneNormal ?? [0, 0, 1]);
  }

  get mmPerPixel(): number {
    const a = this.viewport().canvasToWorld([0, 0]);
    const b = this.viewport().canvasToWorld([100, 0]);
    return Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) / 100;
  }

  drawCircle([x, y]: Pixel, radiusMm: number, color: string, isDashed: boolean): void {
    const shape = this.#shape('circle', color, isDashed);
    shape.setAttribute('cx', String(x));
    shape.setAttribute('cy', String(y));
    shape.setAttribute('r', String(radiusMm / this.mmPerPixel));
  }

  drawOutline(points: readonly Pixel[], color: string, isClosed: boolean, isDashed = false): void {
    const shape = this.#shape('path', color, isDashed);
    shape.setAttribute('d', points.map(([x, y], n) => `${n === 0 ? 'M' : 'L'}${x} ${y}`).join('') + (isClosed ? 'Z' : ''));
  }

  /** A closed curve and the points that can be dragged; `lit` is the one under the pointer. */
  drawContour(curve: readonly Pixel[], points: readonly Pixel[], lit: number | null, color: string): void {
    this.drawOutline(curve, color, true);
    const handles = points.map(([x, y], n) => {
      const handle = document.createElementNS(SVG, 'circle');
      for (const [name, value] of Object.entries({ cx: x, cy: y, r: n === lit ? 6 : 4, fill: n === lit ? color : 'black', stroke: color, 'stroke-width': 1.5 }))
        handle.setAttribute(name, String(value));
      return handle;
    });
    this.#svg.replaceChildren(this.#svg.firstElementChild!, ...handles);
  }

  #shape(name: 'circle' | 'path', color: string, isDashed: boolean): SVGElement {
    let shape = this.#svg.firstElementChild as SVGElement | null;
    if (shape?.tagName !== name || this.#svg.childElementCount > 1) {
      shape = document.createElementNS(SVG, name);
      shape.setAttribute('fill', 'none');
      shape.setAttribute('stroke-width', '1.5');
      this.#svg.replaceChildren(shape);
    }
    shape.setAttribute('stroke', color);
    shape.setAttribute('stroke-dasharray', isDashed ? '4 3' : 'none');
    return shape;
  }

  drawNothing(): void {
    this.#svg.replaceChildren();
  }
}
