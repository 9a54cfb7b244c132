/** Shows on a view which voxels have grey values in a range, before anything is changed. */
import type { Types } from '@cornerstonejs/core';
import { Enums } from '@cornerstonejs/core';
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { VoxelArray } from '../voxelArray.ts';
import { toGridMm } from './gridFrame.ts';
import type { GreyRange, Triple } from './maskEditor.ts';

/** One sample for so many pixels in each direction: fast enough to follow a slider. */
const PIXELS_PER_SAMPLE = 2;
const ALPHA = 150;

export interface PreviewedView {
  readonly element: HTMLElement;
  viewport(): Types.IVolumeViewport;
}

export interface PreviewedImage {
  readonly grid: Grid;
  readonly voxels: VoxelArray;
}

export class GreyPreview {
  readonly #canvas = document.createElement('canvas');
  #shown: { readonly image: PreviewedImage; readonly range: GreyRange; readonly colorRgb: readonly number[] } | null = null;
  readonly #onRendered = (): void => this.#draw();

  constructor(
    private readonly element: HTMLElement,
    private readonly viewport: () => Types.IVolumeViewport,
  ) {
    Object.assign(this.#canvas.style, {
      position: 'absolute',
      inset: '0',
      width: '100%',
      height: '100%',
      pointerEvents: 'none',
      imageRendering: 'pixelated',
      zIndex: '2',
    });
    this.#canvas.setAttribute('aria-hidden', 'true');
  }

  show(image: PreviewedImage, range: GreyRange, colorRgb: readonly number[]): void {
    if (!this.#shown) {
      this.element.append(this.#canvas);
      this.element.addEventListener(Enums.Events.IMAGE_RENDERED, this.#onRendered);
    }
    this.#shown = { image, range, colorRgb };
    this.#draw();
  }

  hide(): void {
    this.#shown = null;
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.#onRendered);
    this.#canvas.remove();
  }

  #draw(): void {
    if (!this.#shown) return;
    const { image, range, colorRgb } = this.#shown;
    const { grid, voxels } = image;
    const width = Math.ceil(this.element.clientWidth / PIXELS_PER_SAMPLE);
    const height = Math.ceil(this.element.clientHeight / PIXELS_PER_SAMPLE);
    if (width === 0 || height === 0) return;
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext('2d')!;
    const picture = context.createImageData(width, height);
    const ijkAt = (x: number, y: number): Triple =>
      toGridMm(grid, this.viewport().canvasToWorld([x, y])).map((mm, axis) => mm / grid.spacingMm[axis]!) as unknown as Triple;
    const start = ijkAt(PIXELS_PER_SAMPLE / 2, PIXELS_PER_SAMPLE / 2);
    const along = ijkAt(PIXELS_PER_SAMPLE / 2 + 100, PIXELS_PER_SAMPLE / 2);
    const down = ijkAt(PIXELS_PER_SAMPLE / 2, PIXELS_PER_SAMPLE / 2 + 100);
    const step = (to: Triple): Triple => [0, 1, 2].map((axis) => ((to[axis]! - start[axis]!) * PIXELS_PER_SAMPLE) / 100) as unknown as Triple;
    fillInRange(new Uint32Array(picture.data.buffer), width, { start, right: step(along), down: step(down) }, voxels, grid.dimsIjk, range, rgba(colorRgb));
    context.putImageData(picture, 0, 0);
  }

  dispose(): void {
    this.hide();
  }
}

/** As it stands in the memory of a picture, on the little-endian machines that there are. */
const rgba = ([r = 0, g = 0, b = 0]: readonly number[]): number => ((ALPHA << 24) | (b << 16) | (g << 8) | r) >>> 0;

interface Sampling {
  readonly start: Triple;
  readonly right: Triple;
  readonly down: Triple;
}

export function fillInRange(
  pixels: Uint32Array,
  width: number,
  { start, right, down }: Sampling,
  voxels: VoxelArray,
  dims: Triple,
  { lower, upper }: GreyRange,
  color: number,
): void {
  for (let y = 0, n = 0; n < pixels.length; y++) {
    let [i, j, k] = [start[0] + y * down[0], start[1] + y * down[1], start[2] + y * down[2]];
    for (let x = 0; x < width; x++, n++, i += right[0], j += right[1], k += right[2]) {
      const [a, b, c] = [Math.round(i), Math.round(j), Math.round(k)];
      if (a < 0 || b < 0 || c < 0 || a >= dims[0] || b >= dims[1] || c >= dims[2]) continue;
      const value = voxels[a + dims[0] * (b + dims[1] * c)]!;
      if (value >= lower && value <= upper) pixels[n] = color;
    }
  }
}
