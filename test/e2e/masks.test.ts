/** Two masks of one case in a browser: painted, saved, found again after a crash in between, compared, exported and read back. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { CHROMIUM, startBrowserHost } from './browserHost.ts';
import { hasNibabel, readByNibabel } from './exported.ts';
import { CASE_ID, DiscPainter, discsIn, isShown, journalsOf, openPaintedCase } from './paintedCase.ts';
import { picture } from './picture.ts';

const VIEWPORT = { width: 1400, height: 900 };

describe.skipIf(!existsSync(CHROMIUM))(`several masks of a case in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-masks-'));
  const project = join(folder, 'project');
  const output = join(folder, 'out');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const stored = (revision: number): Buffer => gunzipSync(readFileSync(join(project, 'cases', CASE_ID, 'labels', `r000${revision}.nii.gz`))).subarray(352);
  const shows = (page: Page, revision: number | ''): Promise<void> =>
    page.locator(`[data-testid=viewer][data-ready=true][data-revision="${revision}"][data-dirty=false]`).waitFor({ timeout: 60_000 });
  const choose = (page: Page, mask: string): Promise<unknown> => page.getByLabel('Mask shown').selectOption({ label: mask });
  async function paint(page: Page, first: number, count: number): Promise<void> {
    const painter = await DiscPainter.create(page, first);
    for (let n = 0; n < count; n++) await painter.paintNext();
    await page.locator('[data-testid=viewer][data-dirty=true]').waitFor();
  }
  async function save(page: Page, revision: number): Promise<void> {
    await page.keyboard.press('Control+s');
    await shows(page, revision);
  }

  it('keeps what is painted in each apart, over a crash too, and exports them by name', async () => {
    const host = await startBrowserHost(join(folder, 'state'));
    try {
      const context = await host.browser.newContext({ viewport: VIEWPORT });
      let page = await context.newPage();
      await page.goto(host.link);
      await openPaintedCase(page, folder);
      await paint(page, 0, 2);
      await save(page, 2);

      // a second reader begins with an empty mask
      await page.getByRole('button', { name: 'New…' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Reader B');
      await page.getByRole('button', { name: 'Create' }).click();
      await shows(page, '');
      await paint(page, 12, 3);
      await save(page, 3);
      await picture(page, 'masks');
      await page.keyboard.press('Shift+M');
      await shows(page, 2);

      // another mask is asked for with strokes on this one
      await paint(page, 2, 1);
      await choose(page, 'Reader B');
      await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
      await shows(page, 3);
      expect([discsIn(stored(4)), discsIn(stored(3))]).toEqual([3, 3]);

      // the page dies with strokes on the mask that is not the training mask
      await paint(page, 15, 1);
      await expect.poll(() => journalsOf(project).open.length, { timeout: 10_000 }).toBe(1);
      await page.waitForTimeout(2000);
      const url = new URL('/', page.url()).href;
      const crashed = page.waitForEvent('crash');
      await host.killPages();
      await crashed;
      await sleep(1000); // the browser has to notice, too
      page = await context.newPage();
      await page.goto(url);
      await page.getByRole('button', { name: `Open ${CASE_ID}` }).click({ timeout: 30_000 });
      await isShown(page);
      await shows(page, 4);
      await page.getByTestId('other-mask-journal').getByRole('button').click();
      await page.getByTestId('recovery').waitFor();
      expect(await page.getByTestId('recovery').getAttribute('data-changes')).toBe('1');
      await save(page, 5);
      expect(discsIn(stored(5))).toBe(4);

      // each reader found what the other did not
      await page.getByText('Compare masks').click();
      await page.getByLabel('Compare from').selectOption({ label: 'Main: 4' });
      await page.getByRole('button', { name: 'Show differences' }).click();
      await page.getByTestId('difference-added').waitFor();
      const voxels = (mask: Buffer): number => mask.reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0);
      expect(await page.getByTestId('difference-added').textContent()).toContain(String(voxels(stored(5))));
      expect(await page.getByTestId('difference-removed').textContent()).toContain(String(voxels(stored(4))));
      await picture(page, 'masks-compared');
      await page.keyboard.press('Escape');

      await page.keyboard.press('Control+e');
      const dialog = page.getByRole('dialog');
      await dialog.getByText('The latest mask of every case').click();
      await dialog.getByRole('combobox', { name: 'Mask' }).selectOption({ label: 'all masks, each in a file of its own' });
      await dialog.getByLabel('Folder to export to').fill(output);
      await picture(page, 'masks-export');
      await dialog.getByRole('button', { name: 'Export', exact: true }).click();
      await dialog.getByText('masks were written').waitFor({ timeout: 60_000 });
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      for (const [name, revision] of [
        ['Main', 4],
        ['Reader_B', 5],
      ] as const) {
        const path = join(output, `${CASE_ID}_${name}.nii.gz`);
        const { channels } = readNifti(gunzipSync(readFileSync(path)), path);
        expect(Array.from(channels[0]!).filter((value) => value === 1)).toHaveLength(voxels(stored(revision)));
        if (hasNibabel) expect(readByNibabel(path)).toMatchObject({ shape: [160, 128, 10], values: [0, 1] });
      }

      // nothing is lost, so nothing is asked
      await page.getByRole('button', { name: 'More about this mask' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await shows(page, 4);
      expect(await page.getByLabel('Mask shown').locator('option').allTextContents()).toEqual(['Main']);
      await page.getByRole('button', { name: 'Bring it back' }).click();
      await shows(page, 5);
    } finally {
      await host.stop();
    }
  }, 600_000);
});
