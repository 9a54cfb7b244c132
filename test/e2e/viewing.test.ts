/** How a case is looked at, in a real browser with mouse and keys; colours are read from the picture. */
import { existsSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DENSE_LUNG_K, HOT_SPOT_IJK } from '../phantoms/twoChannels.ts';
import { CHROMIUM } from './browserHost.ts';
import { hostProject, importTwoChannelCases, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';
import { colorAtPixel, pixelOf, type Plane, type Spot } from './planePixels.ts';

const WAIT = { timeout: 30_000 };
const poll = <T>(read: () => T) => expect.poll(read, WAIT);
const colorAt = async (page: Page, plane: Plane, spot: Spot): Promise<number[]> => colorAtPixel(page, await pixelOf(page, plane, spot));
const brightness = async (page: Page, plane: Plane, spot: Spot): Promise<number> => Math.max(...(await colorAt(page, plane, spot)));
/** 0 for every grey. */
async function colorfulness(page: Page, plane: Plane, spot: Spot): Promise<number> {
  const rgb = await colorAt(page, plane, spot);
  return Math.max(...rgb) - Math.min(...rgb);
}

async function readAt(page: Page, plane: Plane, spot: Spot): Promise<{ ijk: number[]; lpsMm: number[]; text: string }> {
  const { x, y } = await pixelOf(page, plane, spot);
  await page.mouse.move(x - 1, y);
  await page.mouse.move(x, y);
  await poll(() => page.getByTestId('cursor').textContent()).toContain('voxel');
  const text = (await page.getByTestId('cursor').textContent())!;
  const numbers = (pattern: RegExp): number[] => pattern.exec(text)!.slice(1).map(Number);
  return { ijk: numbers(/voxel (\d+), (\d+), (\d+)/), lpsMm: numbers(/L (-?[\d.]+) P (-?[\d.]+) S (-?[\d.]+) mm/), text };
}

const position = (page: Page, plane: Plane): Promise<string | null> => page.getByTestId(`position-${plane}`).textContent();
const MIDDLE: Spot = [0.5, 0.5];

describe.skipIf(!existsSync(CHROMIUM))(`looking at cases in a browser (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;

  beforeAll(async () => {
    hosted = await hostProject('viewing', async (rig, root) => {
      await importTwoChannelCases(rig, root, 3, 2);
      await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
      await rig.jobEnd((await rig.call('nnunet.predict', {})).jobId);
    });
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('layouts, overlays, slabs, windows, flips and texts', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 900 });
    const shoot = async (name: string): Promise<void> => {
      await picture(page, `view-${name}`);
    };
    const open = async (caseId: string): Promise<void> => {
      await page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
      await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor(WAIT);
    };

    /** In the sheet of options, which lies over the planes while it is open. */
    const inOptions = async (act: () => Promise<unknown>): Promise<void> => {
      const options = page.getByRole('button', { name: 'View options' });
      await options.click();
      await act();
      await options.click();
    };
    const choose = (label: string, choice: string | { label: string }): Promise<void> =>
      inOptions(() => page.getByLabel(label, { exact: true }).selectOption(choice));
    const offeredOver = async (): Promise<string[]> => {
      let offered: string[] = [];
      await inOptions(async () => (offered = await page.getByLabel('Over the image', { exact: true }).locator('option').allTextContents()));
      return offered;
    };

    // uncertainty: offered only where a prediction left it
    await open('pair_1');
    expect(await offeredOver()).toEqual(['Nothing over it', 'Fused with PET']);
    await open('pair_3');
    await page.getByLabel('Mask opacity').fill('0');
    await page.getByTestId('plane-axial').hover();
    await poll(() => colorfulness(page, 'axial', MIDDLE)).toBeLessThan(8);
    await page.keyboard.press('u');
    await page.locator('[data-testid=overlay][data-kind=uncertainty]').waitFor(WAIT);
    await page.getByLabel('Opacity of what lies over the image').fill('1');
    await page.getByLabel('Lower end of the colours').fill('0');
    await page.keyboard.press('Enter');
    await poll(() => colorfulness(page, 'axial', MIDDLE)).toBeGreaterThan(30);
    expect((await readAt(page, 'axial', MIDDLE)).text).toMatch(/uncertainty 0\.\d\d bit/);
    await shoot('uncertainty');
    await page.getByRole('button', { name: 'Most uncertain slice' }).click();
    // nearest to the mean, which is the threshold of this prediction
    expect(await page.getByTestId('uncertain-place').textContent()).toMatch(new RegExp(`^1 of \\d+: slice ${DENSE_LUNG_K}, mean 0\\.\\d+ bit$`));

    // along the scan, every voxel of the axial plane is of that one slice; along the patient this oblique scan is cut across
    await choose('Axes of the planes', 'scan');
    const slices = async (): Promise<number[]> => [(await readAt(page, 'axial', [0.3, 0.5])).ijk[2]!, (await readAt(page, 'axial', [0.7, 0.5])).ijk[2]!];
    await poll(slices).toEqual([DENSE_LUNG_K, DENSE_LUNG_K]);
    await choose('Axes of the planes', 'patient');
    await poll(async () => Math.abs((await slices())[0]! - (await slices())[1]!)).toBeGreaterThan(2);
    await choose('Axes of the planes', 'scan');

    // fused with another channel: the hot spot glows
    await page.getByLabel('Close the overlay').click();
    const slider = page.getByLabel('axial slice');
    const toSlice = async (k: number): Promise<void> => {
      const [last, now] = [Number(await slider.getAttribute('max')), (await readAt(page, 'axial', MIDDLE)).ijk[2]!];
      const isReversed = Number(await slider.inputValue()) !== now;
      await slider.fill(String(isReversed ? last - k : k));
      await poll(async () => (await readAt(page, 'axial', MIDDLE)).ijk[2]).toBe(k);
    };
    await toSlice(HOT_SPOT_IJK[2]);
    const [first, second] = [await readAt(page, 'axial', [0.4, 0.4]), await readAt(page, 'axial', [0.6, 0.6])];
    const shareOf = (axis: 0 | 1): number => 0.4 + (0.2 * (HOT_SPOT_IJK[axis] - first.ijk[axis]!)) / (second.ijk[axis]! - first.ijk[axis]!);
    const hotSpot: Spot = [shareOf(0), shareOf(1)];
    await poll(() => colorfulness(page, 'axial', hotSpot)).toBeLessThan(8);
    await choose('Over the image', 'channel:1');
    await page.locator('[data-testid=overlay][data-kind=channel]').waitFor(WAIT);
    await page.getByLabel('Upper end of the colours').fill('3000');
    await page.keyboard.press('Enter');
    await poll(() => colorfulness(page, 'axial', hotSpot)).toBeGreaterThan(60);
    await shoot('fusion');
    await page.getByLabel('Close the overlay').click();

    // another channel as the image, thin and thick
    await choose('Channel', { label: 'PET' });
    await poll(async () => Number(/value (\d+)/.exec((await readAt(page, 'axial', hotSpot)).text)![1])).toBeGreaterThan(1000);
    await toSlice(5);
    await poll(() => brightness(page, 'axial', hotSpot)).toBeLessThan(220);
    await choose('Slab', 'maximum');
    await inOptions(async () => {
      await page.getByLabel('Slab thickness in mm').fill('200');
      await page.keyboard.press('Enter');
    });
    await poll(() => brightness(page, 'axial', hotSpot)).toBeGreaterThan(240);
    await shoot('slab');
    await choose('Slab', 'thin');

    // windows, and black for white. One that is chosen while its channel is still on the way stays
    await page.route(/\/volume\//, async (route) => {
      await new Promise((done) => setTimeout(done, 1500));
      await route.continue();
    });
    await choose('Channel', { label: 'CT' });
    await page.getByLabel('Window preset').selectOption('Bone');
    await poll(async () => (await readAt(page, 'axial', MIDDLE)).text).toContain('value 40');
    await page.unroute(/\/volume\//);
    await poll(() => page.getByTestId('facts-axial').textContent()).toContain('W 2000 L 500');
    await poll(() => brightness(page, 'axial', MIDDLE)).toBeLessThan(110);
    await page.getByTestId('plane-axial').hover();
    await page.keyboard.press('i');
    await poll(() => brightness(page, 'axial', MIDDLE)).toBeGreaterThan(145);
    await page.keyboard.press('i');

    // the scale bar is as long as it says
    const bar = page.getByTestId('scale-axial');
    const barPixels = (await bar.locator('i').boundingBox())!.width;
    const width = (await page.getByTestId('plane-axial').boundingBox())!.width;
    const [left, right] = [await readAt(page, 'axial', [0.5, 0.5]), await readAt(page, 'axial', [0.5 + barPixels / width, 0.5])];
    const mm = Math.hypot(...left.lpsMm.map((value, axis) => value - right.lpsMm[axis]!));
    expect(mm / Number(await bar.getAttribute('data-mm'))).toBeCloseTo(1, 1);

    // letters follow a flip, and Fit undoes it
    const letters = (): Promise<string[]> => page.locator('.plane.axial .edge').allTextContents();
    const before = await letters();
    await page.getByLabel('axial: flip left and right').click();
    await poll(letters).toEqual([before[0], before[1], before[3], before[2]]);
    await page.getByLabel('axial: turn by 90 degrees').click();
    await poll(letters).not.toEqual([before[0], before[1], before[3], before[2]]);
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    await poll(letters).toEqual(before);

    // one plane and all again; slices by keys and as a film
    await page.getByTestId('plane-coronal').dblclick();
    await page.locator('[data-testid=viewer][data-layout=one]').waitFor();
    expect((await page.getByTestId('plane-coronal').boundingBox())!.width).toBeGreaterThan(700);
    await page.getByTestId('plane-coronal').hover();
    const at = await position(page, 'coronal');
    await page.keyboard.press('ArrowDown');
    await poll(() => position(page, 'coronal')).not.toBe(at);
    await page.keyboard.press('ArrowUp');
    await poll(() => position(page, 'coronal')).toBe(at);
    await page.keyboard.press('x');
    await poll(() => position(page, 'coronal')).not.toBe(at);
    await page.keyboard.press('x');
    await page.keyboard.press('m');
    await page.locator('[data-testid=viewer][data-layout=planes]').waitFor();
    expect(complaints).toEqual([]);
  }, 600_000);
});
