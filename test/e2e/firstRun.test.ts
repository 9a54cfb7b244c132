/**
 * A stranger's first quarter of an hour, in the real window: a phantom, a training, a prediction, a correction, acceptance.
 * Trains shortly here; `npm run bench -- firstRun` trains as long as the window proposes, and holds the walk against ten minutes.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';

/** `null`: one epoch; else what the training panel proposes, and a limit for the whole walk. */
const limitMinutes = process.env.MASKLOOP_FIRST_RUN_MINUTES ? Number(process.env.MASKLOOP_FIRST_RUN_MINUTES) : null;
const JOB_MS = 600_000;

describe.skipIf(!existsSync(CHROMIUM))(`a first run in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-first-'));
  const projects = join(folder, 'projects');
  let host: BrowserHost;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(projects);
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'state/preferences.json'), JSON.stringify({ version: 1, projectsFolder: projects }));
    host = await startBrowserHost(join(folder, 'state'));
    page = await (await host.browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB' })).newPage();
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const isDone = (step: string): Promise<string | null> => page.locator(`[data-step=${step}]`).getAttribute('data-done');

  it(
    'gets from the start page to a corrected prediction',
    async () => {
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error.stack)));
      await page.goto(host.link);
      const startedMs = Date.now();
      await page.getByText('Try it with a phantom').waitFor();
      await picture(page, 'first-run-welcome');
      await page.getByRole('button', { name: 'MR of the brain' }).click();
      await expect.poll(() => isDone('import'), { timeout: 120_000 }).toBe('true');
      await expect.poll(() => page.getByTestId('case').count()).toBe(12);
      await expect.poll(() => page.locator('[data-testid=case][data-status=accepted]').count()).toBe(8);

      await page.getByRole('tab', { name: 'Train' }).click();
      expect(await page.getByLabel('Amount of training').inputValue()).toBe('2');
      if (limitMinutes === null) {
        await page.getByLabel('Unit of training').selectOption('epochs');
        await page.getByLabel('Amount of training').fill('1');
      }
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await page.locator('[data-testid=case][data-status=new]').first().click();
      await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
      await expect.poll(() => isDone('train'), { timeout: JOB_MS, interval: 500 }).toBe('true');
      await page.getByRole('button', { name: 'Predict this case' }).click();
      await page.locator('[data-testid=viewer][data-revision="1"][data-ready=true]').waitFor({ timeout: JOB_MS });
      expect(await isDone('predict')).toBe('true');
      await picture(page, 'first-run-predicted');

      await page.getByRole('tab', { name: 'Mask' }).click();
      await page.getByRole('button', { name: 'Brush', exact: true }).click();
      const box = (await page.getByTestId('plane-axial').boundingBox())!;
      await page.mouse.move(box.x + box.width / 2 - 30, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 30, box.y + box.height / 2 + 10, { steps: 8 });
      await page.mouse.up();
      await page.locator('[data-testid=viewer][data-dirty=true]').waitFor({ timeout: 15_000 });
      await page.getByRole('button', { name: 'Accept', exact: true }).click();
      await expect.poll(() => isDone('accept'), { timeout: 30_000 }).toBe('true');
      expect(await isDone('correct')).toBe('true');
      const minutes = (Date.now() - startedMs) / 60_000;
      console.log(`first run: ${minutes.toFixed(1)} minutes from the start page to an accepted correction`);
      if (limitMinutes !== null) expect(minutes).toBeLessThan(limitMinutes);
      await picture(page, 'first-run-accepted');
      expect(existsSync(join(projects, 'Maskloop phantom MR/project.mlproj'))).toBe(true);
      expect(complaints).toEqual([]);
    },
    2 * JOB_MS,
  );

  it('takes another name for a second project of the kind, and makes one from a folder of images', async () => {
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByRole('button', { name: 'CT of the abdomen' }).waitFor();
    mkdirSync(join(projects, 'Maskloop phantom CT'));
    await page.getByRole('button', { name: 'CT of the abdomen' }).click();
    await page.getByTestId('first-steps').waitFor();
    await expect.poll(() => isDone('import'), { timeout: 120_000 }).toBe('true');
    expect(existsSync(join(projects, 'Maskloop phantom CT 2/project.mlproj'))).toBe(true);
    await page.getByTestId('case').first().click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
    await picture(page, 'first-run-ct');

    await page.getByRole('button', { name: 'Close project' }).click();
    const images = join(projects, 'Maskloop phantom CT 2/phantoms/seed_0/abdomen_001');
    await page.getByLabel('Project folder', { exact: true }).fill(images);
    await page.getByRole('button', { name: 'New project from the images in it' }).click();
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => page.getByTestId('case').count()).toBe(1);
    expect(await page.getByTestId('first-steps').count()).toBe(0);
    expect(existsSync(join(projects, 'abdomen_001 (Maskloop)/project.mlproj'))).toBe(true);
  }, 300_000);
});
