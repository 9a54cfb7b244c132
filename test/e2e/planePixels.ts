/** Places on the planes of the viewer, for the mouse. */
import type { Page } from 'playwright-core';

export type Plane = 'axial' | 'sagittal' | 'coronal';
/** Shares of the width and the height of a plane. */
export type Spot = readonly [number, number];

export async function pixelOf(page: Page, plane: Plane, [across, down]: Spot): Promise<{ x: number; y: number }> {
  const box = (await page.getByTestId(`plane-${plane}`).boundingBox())!;
  return { x: Math.round(box.x + across * box.width), y: Math.round(box.y + down * box.height) };
}
