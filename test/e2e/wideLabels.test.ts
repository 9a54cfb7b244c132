/** Labels above 255 in the window: a mask of bytes grows wide under the brush, and many labels are drawn in their own colours. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';

const SIDE = 40;
const COUNT = SIDE * SIDE * 6;
const grid = gridFromAffine([SIDE, SIDE, 6], [-1, 0, 0, 20, 0, -1, 0, 20, 0, 0, 4, -12, 0, 0, 0, 1]);
const labelsOf = (value: (i: number, j: number) => number): Uint16Array =>
  Uint16Array.from({ length: COUNT }, (_, n) => value(n % SIDE, Math.floor(n / SIDE) % SIDE));
/** Four by four squares of a label each. */
const VALUES = [1, 2, 255, 256, 299, 300, 301, 302, 1000, 1001, 1002, 1003, 5000, 5001, 5002, 65_535];
const squares = labelsOf((i, j) => VALUES[4 * Math.floor(j / 10) + Math.floor(i / 10)]!);
const everyVoxel = labelsOf((i, j) => 20_000 + i + SIDE * j);

describe.skipIf(!existsSync(CHROMIUM))(`labels above 255 in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-wide-e2e-'));
  const project = join(folder, 'project');
  let host: BrowserHost;
  let page: Page;

  beforeAll(async () => {
    host = await startBrowserHost(join(folder, 'state'));
    page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(host.link);
    await page.getByLabel('Project folder', { exact: true }).fill(project);
    await page.getByRole('button', { name: 'New project here' }).click();
  });
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An image that is black but for a few voxels, which keep the grey window away from black. */
  async function importAndOpen(caseId: string, labels: Uint8Array | Uint16Array): Promise<void> {
    const studies = join(folder, caseId);
    for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
    await writeGzippedNifti(join(studies, 'labelsTr', `${caseId}.nii.gz`), grid, labels);
    const image = Int16Array.from({ length: COUNT }, (_, n) => (n < COUNT / 40 ? 1000 + caseId.length : 0));
    await writeGzippedNifti(join(studies, 'imagesTr', `${caseId}.nii.gz`), grid, image);
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Folder to import').fill(studies);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
    await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor({ timeout: 30_000 });
  }

  const storedLabels = (caseId: string, revision: number): Buffer =>
    gunzipSync(readFileSync(join(project, 'cases', caseId, 'labels', `r000${revision}.nii.gz`)));

  it('a new segment above 255 is painted into a mask that was bytes until then', async () => {
    const bytes = Uint8Array.from(squares, (value) => (value > 255 ? 7 : value));
    await importAndOpen('bytes', bytes);
    expect(storedLabels('bytes', 1).length).toBe(352 + COUNT);
    await page.getByRole('button', { name: 'Add segment' }).click();
    await page.locator('[data-testid=segment][data-label="256"]').waitFor();
    await page.getByRole('button', { name: 'Brush', exact: true }).click();
    const { x, y, width, height } = (await page.getByTestId('plane-axial').boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 40, y + height / 2, { steps: 6 });
    await page.mouse.up();
    await page.locator('[data-testid=viewer][data-dirty=true]').waitFor({ timeout: 15_000 });
    expect(await page.getByTestId('cursor').textContent()).toContain('label 256');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="2"][data-dirty=false]').waitFor({ timeout: 30_000 });
    const saved = new Uint16Array(Uint8Array.from(storedLabels('bytes', 2).subarray(352)).buffer);
    const painted = saved.filter((value) => value === 256).length;
    expect(painted).toBeGreaterThan(20);
    const before = storedLabels('bytes', 1).subarray(352);
    expect(saved.every((value, n) => value === 256 || value === before[n])).toBe(true);
  }, 60_000);

  it.each([
    ['squares', squares],
    ['everyvoxel', everyVoxel],
  ] as const)(
    '%s: each label is drawn in its own colour',
    async (caseId, labels) => {
      await importAndOpen(caseId, labels);
      await expect.poll(() => worstColour(page), { timeout: 15_000, interval: 500 }).toBeLessThanOrEqual(2);
    },
    60_000,
  );
});

/** How far the axial plane's pixels are, at 16 points, from half the legend's colour of the label that the cursor names there. */
async function worstColour(page: Page): Promise<number> {
  const plane = page.getByTestId('plane-axial');
  const box = (await plane.boundingBox())!;
  const side = 0.9 * Math.min(box.width, box.height);
  const points = Array.from({ length: 16 }, (_, n) => [
    Math.round(box.width / 2 + side * (((n % 4) - 1.5) / 4)),
    Math.round(box.height / 2 + side * ((Math.floor(n / 4) - 1.5) / 4)),
  ]);
  const labels: number[] = [];
  for (const [x, y] of points) {
    await page.mouse.move(box.x + x!, box.y + y!);
    await expect.poll(async () => (await page.getByTestId('cursor').textContent()) ?? '').toContain('label');
    await page.waitForTimeout(50);
    labels.push(Number(/label (\d+)/.exec((await page.getByTestId('cursor').textContent()) ?? '')?.[1]));
  }
  expect(new Set(labels).size).toBe(16);
  expect(Math.max(...labels)).toBeGreaterThan(255);
  await page.mouse.move(5, 5);
  const png = (await plane.screenshot()).toString('base64');
  const seen = await page.evaluate(
    async ({ base64, at }) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type: 'image/png' }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      return at.map(([x, y]) => [...context.getImageData(x!, y!, 1, 1).data.slice(0, 3)]);
    },
    { base64: png, at: points },
  );
  const legend = await Promise.all(labels.map((label) => page.locator(`[data-testid=segment][data-label="${label}"] input[type=color]`).inputValue()));
  const halves = legend.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 2));
  return Math.max(...halves.map((half, n) => Math.max(...half.map((value, c) => Math.abs(value - seen[n]![c]!)))));
}
