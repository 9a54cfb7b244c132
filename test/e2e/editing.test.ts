/** Editing tools with a real mouse and keyboard in a browser; what they did is read from the revisions that were saved. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { AxialPlane } from './axialPlane.ts';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';

const DIMS = [160, 128, 30] as const;
const SPACING = [0.5, 0.5, 1.5] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
const SLICE = DIMS[0] * DIMS[1];
const PIXEL = SPACING[0] * SPACING[1];
const grid = gridFromAffine(DIMS, [-0.5, 0, 0, 40, 0, -0.5, 0, 32, 0, 0, 1.5, -22, 0, 0, 0, 1]);
const NEIGHBOUR = 2;

describe.skipIf(!existsSync(CHROMIUM))(`editing in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-editing-'));
  const project = join(folder, 'project');
  const complaints: string[] = [];
  let host: BrowserHost;
  let page: Page;
  let revision = 1;
  let plane: AxialPlane;

  beforeAll(async () => {
    host = await startBrowserHost(join(folder, 'state'));
    page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
    await page.getByLabel('Project folder', { exact: true }).fill(project);
    await page.getByRole('button', { name: 'New project here' }).click();
    const studies = join(folder, 'studies');
    for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
    // a bright ball of 12 mm in the middle, and a neighbour to its left that will be locked
    const distanceMm = (n: number): number => Math.hypot((n % 160) * 0.5 - 40, (Math.floor(n / 160) % 128) * 0.5 - 32, Math.floor(n / 20480) * 1.5 - 22.5);
    const image = Int16Array.from({ length: COUNT }, (_, n) => (distanceMm(n) <= 12 ? 400 : 100) + (n % 7));
    const labels = Uint8Array.from({ length: COUNT }, (_, n) => (n % 160 > 118 ? NEIGHBOUR : n < 4 ? 1 : 0));
    await writeGzippedNifti(join(studies, 'imagesTr', 'editing.nii.gz'), grid, image);
    await writeGzippedNifti(join(studies, 'labelsTr', 'editing.nii.gz'), grid, labels);
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Folder to import').fill(studies);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.locator('[data-testid=case][data-case-id=editing]').click();
    await page.locator('[data-testid=viewer][data-ready=true][data-case-id=editing]').waitFor({ timeout: 30_000 });
    plane = await AxialPlane.measure(page, 200);
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const drag: AxialPlane['drag'] = (...pointsMm) => plane.drag(...pointsMm);
  const click = (xMm: number, yMm: number): Promise<void> => drag([xMm, yMm]);
  const stored = (): Buffer => gunzipSync(readFileSync(join(project, 'cases/editing/labels', `r${String(revision).padStart(4, '0')}.nii.gz`))).subarray(352);
  async function saved(): Promise<Buffer> {
    await page.locator('[data-testid=viewer][data-dirty=true]').waitFor({ timeout: 15_000 });
    await page.keyboard.press('Control+s');
    revision++;
    await page.locator(`[data-testid=viewer][data-revision="${revision}"][data-dirty=false]`).waitFor({ timeout: 90_000 });
    return stored();
  }
  const count = (mask: Buffer, label: number): number => mask.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
  /** Not counting the four voxels that were there before. */
  const slicesWith = (mask: Buffer, label: number): number =>
    Array.from({ length: DIMS[2] }, (_, k) => count(mask.subarray(k * SLICE, (k + 1) * SLICE), label)).filter((voxels) => voxels > 4).length;
  const near = (actual: number, theory: number): void => expect(Math.abs(actual / theory - 1), `${actual} against ${theory}`).toBeLessThan(0.02);
  const undo = async (name: string): Promise<void> => {
    await expect.poll(() => page.getByRole('button', { name: 'Undo' }).getAttribute('title'), { timeout: 15_000 }).toContain(name);
    await page.keyboard.press('Control+z');
  };
  const setRadius = (radiusMm: number): Promise<void> => page.getByLabel('Brush radius in mm').fill(String(radiusMm));

  it('brushes paint discs, balls and rods of the right size at one click, and take them back exactly', async () => {
    const first = stored();
    await page.keyboard.press('b');
    await setRadius(10);
    await click(0, 0);
    const disc = await saved();
    near((count(disc, 1) - 4) * PIXEL, Math.PI * 100);
    expect(slicesWith(disc, 1)).toBe(1);
    await undo('Brush');

    await page.keyboard.press('s');
    await click(0, 0);
    const ball = await saved();
    near((count(ball, 1) - 4) * PIXEL * SPACING[2], (4 / 3) * Math.PI * 1000);
    await undo('Brush');
    await page.keyboard.press('Control+y');
    expect(Buffer.compare(await saved(), ball)).toBe(0);
    await undo('Brush');

    // two events only: what lies between is painted too; [ makes the brush smaller, Shift erases
    await page.keyboard.press('b');
    for (let n = 0; n < 5; n++) await page.keyboard.press('[');
    await drag([-12, -8], [14, 6]);
    near((count(await saved(), 1) - 4) * PIXEL, Math.PI * 25 + 10 * Math.hypot(26, 14));
    await page.keyboard.down('Shift');
    await drag([-12, -8], [14, 6]);
    await page.keyboard.up('Shift');
    expect(Buffer.compare(await saved(), first)).toBe(0);
    await undo('Eraser');
    await undo('Brush');
  }, 300_000);

  it('outlines fill and cut, paint fill stays within its edge, a locked segment is never changed', async () => {
    const before = count(stored(), NEIGHBOUR);
    await page.keyboard.press('q');
    await drag([-10, -6], [10, 6]);
    near((count(await saved(), 1) - 4) * PIXEL, 20 * 12);
    await page.keyboard.press('l');
    await page.getByLabel('What the outline does').selectOption('eraseOutside');
    await drag(...Array.from({ length: 61 }, (_, n): [number, number] => [5 * Math.cos((n * Math.PI) / 30), 5 * Math.sin((n * Math.PI) / 30)]));
    near((count(await saved(), 1) - 4) * PIXEL, Math.PI * 25);
    await undo('Lasso');
    await undo('Rectangle');

    await page.keyboard.press('g');
    await page.getByLabel('What the outline does').selectOption('fill');
    await page.getByLabel('How deep the outline goes').selectOption('volume');
    for (const [x, y] of [
      [-10, -8],
      [10, -8],
      [0, 10],
    ] as const)
      await click(x, y);
    await page.keyboard.press('Enter');
    await page.locator('button[aria-label=Undo][title*="Polygon"]').waitFor({ timeout: 30_000 }); // worked out in a thread
    const prism = await saved();
    expect(slicesWith(prism, 1)).toBe(DIMS[2]);
    near(((count(prism, 1) - 4) * PIXEL) / DIMS[2], (20 * 18) / 2);
    await undo('Polygon');

    await page
      .getByRole('button', { name: /^Lock / })
      .nth(1)
      .click();
    await page.keyboard.press('b');
    await setRadius(30);
    await click(0, 0);
    expect(count(await saved(), NEIGHBOUR)).toBe(before);
    await undo('Brush');
    await page.getByLabel('Which grey values').selectOption('near');
    await click(0, 0);
    near((count(await saved(), 1) - 4) * PIXEL, Math.PI * 143); // the ball where the slice cuts it
    await undo('Brush');
    await page.getByLabel('Which grey values').selectOption('any');
    await page.getByRole('button', { name: 'Brush', exact: true }).click(); // a list that has the focus takes keys
    expect(complaints).toEqual([]);
  }, 300_000);

  it('operations work on the whole segment, each one step', async () => {
    const ballMl = (radiusMm: number): number => (4 / 3) * Math.PI * radiusMm ** 3;
    const volume = (mask: Buffer): number => (count(mask, 1) - 4) * PIXEL * SPACING[2];
    await page.keyboard.press('o');
    await click(0, 0);
    await page.locator('button[aria-label=Undo][title*="Region"]').waitFor({ timeout: 30_000 });
    const region = await saved();
    near(volume(region), ballMl(12));
    await page.locator('summary', { hasText: 'Operations' }).click();
    await page.getByLabel('Margin in mm').fill('3');
    await page.getByRole('button', { name: 'Grow', exact: true }).click();
    await page.locator('button[aria-label=Undo][title*="Grow"]').waitFor({ timeout: 30_000 });
    near(volume(await saved()), ballMl(15));
    await undo('Grow');
    await undo('Region');
    // keys are heard after every tool, also one of the view
    await page.keyboard.press('w');
    await drag([0, 0], [1, 1]);
    await page.keyboard.press('b');
    await expect.poll(() => page.getByRole('button', { name: 'Brush', exact: true }).getAttribute('aria-pressed')).toBe('true');
    await page.locator('fieldset input[type=number]').first().fill('350');
    await page.getByRole('button', { name: 'Add range' }).click();
    await page.locator('button[aria-label=Undo][title*="Threshold"]').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Keep largest piece' }).click();
    await page.locator('button[aria-label=Undo][title*="Keep largest piece"]').waitFor({ timeout: 30_000 });
    expect(count(await saved(), 1)).toBe(count(region, 1) - 4);
    await undo('Keep largest piece');
    await undo('Threshold');
    expect(complaints).toEqual([]);
  }, 300_000);
});
