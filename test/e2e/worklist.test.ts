/** Which case next, why, and how much work it was, in a real browser; the predictions are a threshold. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceRig } from '../services/serviceRig.ts';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';

describe.skipIf(!existsSync(CHROMIUM))(`the worklist in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-worklist-'));
  let projectFolder = '';
  let host: BrowserHost;

  beforeAll(async () => {
    const rig = ServiceRig.create(folder);
    projectFolder = rig.projectFolder;
    await rig.createWithPhantoms(5, 2);
    await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
    await rig.jobEnd((await rig.call('nnunet.predict', {})).jobId);
    await rig.services.close();
    host = await startBrowserHost(join(folder, 'browser-state'));
  }, 60_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says why a case is next and counts the work on it', async () => {
    const page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
    await page.getByLabel('Project folder', { exact: true }).fill(projectFolder);
    await page.getByRole('button', { name: 'Open project', exact: true }).click();
    await page.getByTestId('workspace').waitFor();

    await page.getByLabel('Order of the cases').selectOption('entropy');
    await expect.poll(() => page.getByTestId('reason').count()).toBe(3);
    await expect.poll(() => page.getByTestId('reason').first().textContent()).toMatch(/^unsure about what it found: 0\.\d\d bit$/);
    const first = await page.getByTestId('case').first().getAttribute('data-case-id');
    await page.getByRole('button', { name: 'Next case' }).click();
    await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${first}"]`).waitFor({ timeout: 30_000 });

    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.locator('[data-testid=revision][data-accepted=true]').waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByTestId('reason').count()).toBe(2);
    await page.getByRole('tab', { name: 'Effort' }).click();
    await page.locator('[data-testid=effort][data-cases="3"]').waitFor({ timeout: 60_000 });
    await page.getByRole('img', { name: /^Active minutes per case \(median\): minutes, 1 points/ }).waitFor();
    await page.getByRole('img', { name: /^Dice, prediction to accepted: Dice, 1 points/ }).waitFor();
    if (process.env.MASKLOOP_SCREENSHOTS) await page.screenshot({ path: join(process.env.MASKLOOP_SCREENSHOTS, 'effort.png') });
    expect(complaints).toEqual([]);
  }, 180_000);
});
