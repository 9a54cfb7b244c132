/** Every screen and dialog by axe in the three themes, and the focus in dialogs: in a browser, by keyboard. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceRig } from '../services/serviceRig.ts';
import { violationsOf } from './axe.ts';
import { CHROMIUM, openInBrowser, startBrowserHost, type BrowserHost } from './browserHost.ts';

describe.skipIf(!existsSync(CHROMIUM))(`accessibility in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-axe-'));
  let host: BrowserHost;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const rig = ServiceRig.create(folder);
    await rig.createWithPhantoms(2, 1);
    await rig.services.close();
    mkdirSync(join(folder, 'browser-state'));
    host = await startBrowserHost(join(folder, 'browser-state'));
    page = await (await host.browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB' })).newPage();
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
    await openInBrowser(page, rig.projectFolder);
    await page.getByTestId('case').first().click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has no serious fault for axe, in any theme', async () => {
    const faults: string[] = [];
    const check = async (name: string): Promise<void> =>
      void faults.push(...(await violationsOf(page, ['dark', 'light', 'contrast'])).map((fault) => `${name}: ${fault}`));
    await page.keyboard.press('j');
    await page.getByTestId('jobs-drawer').waitFor();
    await check('workspace with jobs');
    await page.keyboard.press('j');
    for (const tab of ['Train', 'Effort', 'Mask']) {
      await page.getByRole('tab', { name: tab, exact: true }).click();
      await check(`panel ${tab}`);
    }
    await page.getByRole('button', { name: 'Project menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Project menu' }).waitFor();
    await check('project menu');
    await page.keyboard.press('Escape');
    const open: readonly (readonly [string, () => Promise<void>, readonly string[]])[] = [
      ['palette', () => page.keyboard.press('Control+k'), []],
      ['cheat sheet', () => page.keyboard.press('?'), []],
      ['settings', () => page.keyboard.press('Control+,'), ['Keyboard shortcuts']],
      ['import', () => page.getByRole('button', { name: 'Import…' }).click(), []],
      ['export', () => page.getByRole('button', { name: 'Export…' }).click(), []],
      ['audit trail', () => showAudit(page), []],
      ['network', () => page.getByRole('button', { name: 'Network…' }).click(), ['Search and retrieve', 'Receive']],
    ];
    for (const [name, show, tabs] of open) {
      await page
        .getByRole('toolbar')
        .first()
        .click({ position: { x: 2, y: 2 } });
      await show();
      await page.getByRole('dialog').waitFor();
      await check(name);
      for (const tab of tabs) {
        await page.getByRole('dialog').getByRole('tab', { name: tab }).click();
        await check(`${name}, ${tab}`);
      }
      // the focus stays in the dialog, and the dialog goes by Escape
      for (let presses = 0; presses < 3; presses++) await page.keyboard.press('Shift+Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null), name).toBe(true);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    // and comes back to where it was
    await page.getByRole('button', { name: 'Import…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Import…');
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByRole('button', { name: 'Open it again' }).click();
    await page.getByTestId('workspace').waitFor();
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByRole('button', { name: 'New project here' }).waitFor();
    await check('welcome');
    expect(faults).toEqual([]);
    expect(complaints).toEqual([]);
  }, 240_000);
});

/** By keyboard, with a verdict and an entry open. */
async function showAudit(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Project menu' }).press('Enter');
  await page.getByRole('button', { name: 'Audit trail…' }).press('Enter');
  await page.getByRole('button', { name: 'Verify' }).press('Enter');
  await page.locator('[data-testid=audit-verdict][data-holds=true]').waitFor();
  await page.getByTestId('audit-entry').first().press('Enter');
  await page.getByTestId('audit-facts').waitFor();
}
