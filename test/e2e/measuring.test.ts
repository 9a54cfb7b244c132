/** Lengths, angles and ellipses, drawn with the mouse in a real browser and found again after a new start. */
import { existsSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from './browserHost.ts';
import { hostProject, importTwoChannelCases, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';
import { pixelOf } from './planePixels.ts';

const WAIT = { timeout: 30_000 };
const poll = <T>(read: () => T) => expect.poll(read, WAIT);
const texts = (page: Page): Promise<string[]> => page.getByTestId('measurement').locator('button.grow').allInnerTexts();
const numbersIn = (text: string): number[] => [...text.matchAll(/-?\d+(?:\.\d+)?/g)].map(Number);

/** On the axial plane, in pixels from its middle. */
async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const { x, y } = await pixelOf(page, 'axial', [0.5, 0.5]);
  await page.mouse.move(x + from[0], y + from[1]);
  await page.mouse.down();
  await page.mouse.move(x + (from[0] + to[0]) / 2, y + (from[1] + to[1]) / 2, { steps: 3 });
  await page.mouse.move(x + to[0], y + to[1], { steps: 3 });
  await page.mouse.up();
}

async function mmPerPixel(page: Page): Promise<number> {
  const bar = page.getByTestId('scale-axial');
  return Number(await bar.getAttribute('data-mm')) / (await bar.locator('i').boundingBox())!.width;
}

async function openCase(page: Page, caseId: string): Promise<void> {
  await page.getByText(caseId, { exact: true }).first().click();
  await page.locator(`[data-testid=viewer][data-case-id=${caseId}][data-ready=true]`).waitFor(WAIT);
}

describe.skipIf(!existsSync(CHROMIUM))(`measuring in a browser (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;

  beforeAll(async () => {
    hosted = await hostProject('measuring', (rig, root) => importTwoChannelCases(rig, root, 2, 2));
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('draws, moves, keeps and deletes them, each with its case', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 900 });
    await openCase(page, 'pair_1');

    await page.keyboard.press('Shift+L');
    await drag(page, [-60, 0], [60, 0]);
    const mm = await mmPerPixel(page);
    await poll(async () => (await texts(page)).length).toBe(1);
    expect(Math.abs(numbersIn((await texts(page))[0]!)[0]! - 120 * mm)).toBeLessThan(3 * mm);
    await poll(() => page.getByTestId('plane-axial').locator('svg text').allInnerTexts()).not.toEqual([]);

    await page.keyboard.press('Shift+A');
    await drag(page, [-40, -80], [-40, -20]);
    const { x, y } = await pixelOf(page, 'axial', [0.5, 0.5]);
    await page.mouse.move(x + 30, y - 20, { steps: 4 });
    await page.mouse.click(x + 30, y - 20);
    await poll(async () => (await texts(page)).length).toBe(2);
    expect(Math.abs(numbersIn((await texts(page))[1]!)[0]! - 90)).toBeLessThan(4);

    // a list that was chosen from leaves the keys to the image, one with the focus those with Ctrl
    const windows = page.getByLabel('Window preset', { exact: true });
    await windows.selectOption('Bone');
    await windows.selectOption('Soft tissue');
    await page.keyboard.press('Shift+E');
    await windows.focus();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor(WAIT);
    await page.keyboard.press('Escape');
    await drag(page, [0, 40], [8, 52]);
    await poll(async () => (await texts(page)).length).toBe(3);
    // soft tissue of one value
    await poll(async () => numbersIn((await texts(page))[2]!).slice(1)).toEqual([40, 0]);
    // none of them in planes that cross it
    for (const plane of ['sagittal', 'coronal']) expect(await page.getByTestId(`plane-${plane}`).locator('svg text').count()).toBe(0);
    await picture(page, 'measuring');

    // one end of the length farther out
    await page.keyboard.press('w');
    await drag(page, [60, 0], [100, 0]);
    await poll(async () => Math.abs(numbersIn((await texts(page))[0]!)[0]! - 160 * mm) < 3 * mm).toBe(true);
    const drawn = await texts(page);

    await openCase(page, 'pair_2');
    await poll(() => texts(page)).toEqual([]);
    await page.reload();
    await page.getByTestId('workspace').waitFor(WAIT);
    await openCase(page, 'pair_1');
    await poll(async () => [...(await texts(page))].sort()).toEqual([...drawn].sort());
    await poll(() => page.getByTestId('plane-axial').locator('svg text').count()).toBeGreaterThan(0);

    await page.getByRole('button', { name: 'Delete measurement 1' }).click();
    await poll(async () => (await texts(page)).length).toBe(2);
    await page.reload();
    await openCase(page, 'pair_1');
    await poll(async () => (await texts(page)).length).toBe(2);
    expect(complaints).toEqual([]);
    await page.close();
  }, 180_000);
});
