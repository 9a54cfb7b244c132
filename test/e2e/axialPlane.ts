import type { Page } from 'playwright-core';

/** The text under the pointer follows it with the next picture. */
const FOLLOWS_MS = 150;

/** Millimetres to the patient's left of what is under this pixel of the window, in whatever plane. */
export async function leftMmUnder(page: Page, x: number, y: number): Promise<number> {
  await page.mouse.move(x, y);
  await page.getByTestId('cursor').getByText('voxel').waitFor();
  await page.waitForTimeout(FOLLOWS_MS);
  return Number(/L (-?[\d.]+)/.exec((await page.getByTestId('cursor').textContent())!)![1]);
}

/** The axial plane for a hand: millimetres to the patient's left and back, that is to the right and down, from where L is 0 and the middle of the height. */
export class AxialPlane {
  private constructor(
    private readonly page: Page,
    private readonly middle: readonly [number, number],
    readonly pixelsPerMm: number,
  ) {}

  /** By what the viewer says of two points so far to either side of the middle; both must lie on the image. */
  static async measure(page: Page, reachPixels: number): Promise<AxialPlane> {
    const { x, y, width, height } = (await page.getByTestId('plane-axial').boundingBox())!;
    const centreX = x + width / 2;
    const middleY = y + height / 2;
    const [low, high] = [await leftMmUnder(page, centreX - reachPixels, middleY), await leftMmUnder(page, centreX + reachPixels, middleY)];
    const pixelsPerMm = (2 * reachPixels) / (high - low);
    return new AxialPlane(page, [centreX - ((low + high) / 2) * pixelsPerMm, middleY], pixelsPerMm);
  }

  at(leftMm: number, backMm: number): [number, number] {
    return [this.middle[0] + leftMm * this.pixelsPerMm, this.middle[1] + backMm * this.pixelsPerMm];
  }

  /** One point: a click. */
  async drag(...pointsMm: readonly (readonly [number, number])[]): Promise<void> {
    await this.page.mouse.move(...this.at(...pointsMm[0]!));
    await this.page.mouse.down();
    for (const point of pointsMm.slice(1)) await this.page.mouse.move(...this.at(...point));
    await this.page.mouse.up();
  }
}
