/** Statistics, templates and the difference of two masks in a real browser. */
import { existsSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { CHROMIUM } from './browserHost.ts';
import { hostProject, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';

const SOON = { timeout: 30_000 };
const caseId = CaseId.parse('phantom_001');

describe.skipIf(!existsSync(CHROMIUM))(`segments and revisions in a browser (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;
  let voxelMl = 0;
  let before: Uint8Array;
  let removed = 0;

  beforeAll(async () => {
    hosted = await hostProject('segments', async (rig) => {
      await rig.createWithPhantoms(1, 1);
      const { grid } = await rig.call('dataset.openCase', { caseId });
      voxelMl = grid.spacingMm.reduce((a, b) => a * b, 1) / 1000;
      before = new Uint8Array((await rig.get(bulkUrls.labels(caseId, 1))).bytes);
      const after = before.map((label, n) => (label === 1 && n % grid.dimsIjk[0] < grid.dimsIjk[0] / 2 ? 0 : label));
      removed = before.filter((label, n) => label !== after[n]).length;
      await rig.call('labels.save', { caseId, uploadId: await rig.upload(after), parent: 1 });
    });
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('counts, draws what changed, and goes back with one key', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 1000 });
    await page.getByTestId('case').click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
    expect(removed).toBeGreaterThan(100);

    const unmarked = await orangePixels(page);
    await page.getByRole('button', { name: 'Compare revision 1 with the mask' }).click();
    await page.locator('[data-testid=comparison][data-shown=true]').waitFor(SOON);
    expect(await page.getByTestId('difference-removed').textContent()).toBe(`${removed} voxels`);
    expect(await page.getByTestId('difference-added').textContent()).toBe('0 voxels');
    await expect.poll(() => orangePixels(page), SOON).toBeGreaterThan(unmarked + 300);
    await picture(page, 'difference');
    await page.keyboard.press('Escape');
    await page.locator('[data-testid=comparison][data-shown=false]').waitFor(SOON);
    await expect.poll(() => orangePixels(page), SOON).toBeLessThan(unmarked + 20);
    expect(await page.getByTestId('viewer').getAttribute('data-dirty')).toBe('false');

    await page.getByLabel('Compare to').selectOption('1');
    await page.getByRole('button', { name: 'Show differences' }).click();
    await expect.poll(() => page.getByTestId('difference-removed').textContent(), SOON).toBe('0 voxels');
    await page.getByRole('button', { name: 'Hide the differences' }).click();

    await page.getByRole('button', { name: 'Statistics…' }).click();
    await page.locator('[data-testid=statistics][data-rows="2"]').waitFor(SOON);
    const cells = await page.locator('[data-testid=statistics] tr[data-label="1"] td').allTextContents();
    const voxels = before.filter((label) => label === 1).length - removed;
    expect(Number(cells[1])).toBe(voxels);
    expect(Number(cells[0])).toBeCloseTo(voxels * voxelMl, 2);
    expect(Number(cells[6])).toBeGreaterThanOrEqual(Number(cells[7]));
    await picture(page, 'statistics');
    await page.getByRole('button', { name: 'Close', exact: true }).click();

    await page.getByLabel('Add segments from a template').selectOption({ label: 'Prostate zones (Peripheral zone, Transition zone)' });
    await expect.poll(() => page.getByTestId('segment').count(), SOON).toBe(4);
    expect(await page.getByRole('button', { name: 'Code of Peripheral zone' }).textContent()).toBe('SCT');
    expect(complaints).toEqual([]);
  }, 240_000);
});

/** Of the axial plane, in about the colour of what was removed. */
function orangePixels(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=plane-axial] canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) if (data[n]! - data[n + 2]! > 90 && data[n + 1]! - data[n + 2]! > 60) count++;
    return count;
  });
}
