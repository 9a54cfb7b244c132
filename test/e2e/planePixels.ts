/** Places on the planes of the viewer, for the mouse. */
import type { Page } from 'playwright-core';

export type Plane = 'axial' | 'sagittal' | 'coronal';
/** Shares of the width and the height of a plane. */
export type Spot = readonly [number, number];

export async function pixelOf(page: Page, plane: Plane, [across, down]: Spot): Promise<{ x: number; y: number }> {
  const box = (await page.getByTestId(`plane-${plane}`).boundingBox())!;
  return { x: Math.round(box.x + across * box.width), y: Math.round(box.y + down * box.height) };
}

/** Red, green and blue of one pixel of the window. */
export async function colorAtPixel(page: Page, at: { readonly x: number; readonly y: number }): Promise<number[]> {
  const png = await page.screenshot({ clip: { ...at, width: 1, height: 1 } });
  return page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const context = new OffscreenCanvas(1, 1).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }, png.toString('base64'));
}
