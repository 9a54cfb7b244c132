/** The frame around the work, by keyboard: palette, shortcuts of one's own, themes, languages, jobs. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceRig } from '../services/serviceRig.ts';
import { CHROMIUM, openInBrowser, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';

describe.skipIf(!existsSync(CHROMIUM))(`the shell in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-shell-'));
  const state = join(folder, 'browser-state');
  let projectFolder = '';
  let host: BrowserHost;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const rig = ServiceRig.create(folder);
    projectFolder = rig.projectFolder;
    await rig.createWithPhantoms(3, 2);
    await rig.services.close();
    mkdirSync(state);
    mkdirSync(join(folder, 'empty'));
    host = await startBrowserHost(state);
    page = await (await host.browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB' })).newPage();
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const kept = (): { theme?: string; shortcuts?: Record<string, string[]>; userName?: string } =>
    JSON.parse(readFileSync(join(state, 'preferences.json'), 'utf8')) as ReturnType<typeof kept>;
  const opacity = (): Promise<string> => page.getByLabel('Mask opacity').inputValue();

  it('takes how this computer is to be used', async () => {
    await page.getByLabel('Project folder', { exact: true }).waitFor();
    await page.keyboard.press('Control+,');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.getByRole('tab', { name: 'This computer' }).click();
    await dialog.getByLabel('Your name').fill('Dr. Ada');
    await dialog.getByLabel('Folder for new projects').fill(join(folder, 'empty'));
    await dialog.getByLabel('Threads of a computation').fill('0');
    await dialog.getByLabel('Memory of a computation, in GB').fill('4.5');
    await dialog.getByText('A whole number from 1 to 1024').waitFor();
    await dialog.getByLabel('Threads of a computation').fill('2');
    await dialog.getByLabel('Compute with').selectOption('cpu');
    await dialog.getByLabel('Allow the DICOM network').check();
    const chosen = { userName: 'Dr. Ada', projectsFolder: join(folder, 'empty'), threads: 2, memoryGb: 4.5, device: 'cpu', networkAllowed: true };
    await expect.poll(kept, { timeout: 10_000 }).toMatchObject(chosen);
    await picture(page, 'settings-computer');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByLabel('Project folder', { exact: true }).inputValue()).toBe(join(folder, 'empty'));
  });

  it('goes from the palette to the keyboard and back', async () => {
    await picture(page, 'welcome-dark');
    await openInBrowser(page, projectFolder);
    await page.getByTestId('case').first().click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });

    // the button keeps the focus of the click, the key is the mask's all the same
    const before = await opacity();
    await page.keyboard.press('Space');
    await expect.poll(opacity).toBe('0');
    await page.keyboard.press('Space');
    await expect.poll(opacity).toBe(before);

    await page.keyboard.press('Control+k');
    const palette = page.getByTestId('palette');
    await page.keyboard.type('lass');
    await picture(page, 'palette-dark');
    await page.keyboard.press('Enter');
    await palette.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Lasso', exact: true, pressed: true }).waitFor();
    await page.keyboard.press('Control+Shift+P');
    expect(await palette.getByRole('option').first().textContent()).toContain('Lasso');
    const undo = palette.locator('[data-command="mask.undo"]');
    expect(await undo.getAttribute('aria-disabled')).toBe('true');
    expect(await undo.textContent()).toContain('Nothing to undo.');
    await page.keyboard.press('Escape');

    await page.keyboard.press('?');
    const sheet = page.getByTestId('cheat-sheet');
    await sheet.getByText('Hide or show the mask').waitFor();
    await picture(page, 'cheat-sheet-dark');
    await page.keyboard.press('b'); // a dialog is open: no tool changes behind it
    await page.keyboard.press('Escape');
    expect(await page.getByRole('button', { name: 'Lasso', exact: true, pressed: true }).count()).toBe(1);
    // typing is typing
    await page.getByLabel('Search cases').click();
    await page.keyboard.type('b ');
    expect(await page.getByLabel('Search cases').inputValue()).toBe('b ');
    expect(await page.getByRole('button', { name: 'Brush', exact: true, pressed: true }).count()).toBe(0);
    await page.getByLabel('Search cases').fill('');
  }, 120_000);

  it('takes shortcuts of one’s own, shows conflicts and keeps them', async () => {
    await page
      .getByRole('toolbar')
      .first()
      .click({ position: { x: 2, y: 2 } });
    await page.keyboard.press('Control+,');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.getByRole('tab', { name: 'Keyboard shortcuts' }).click();
    expect(await dialog.getByText('also belongs to').count()).toBe(0); // no two commands share a key by default
    await dialog.locator('[data-command="tool.brush"] .keys').click();
    await page.keyboard.press('e');
    await dialog.getByText('E also belongs to “Tool: Eraser”').waitFor();
    await picture(page, 'shortcuts-dark');
    await dialog.locator('[data-command="tool.brush"] .keys').click();
    await page.keyboard.press('Shift+Q');
    await expect.poll(() => kept().shortcuts).toEqual({ 'tool.brush': ['Shift+Q'] });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Q');
    await page.getByRole('button', { name: 'Brush', exact: true, pressed: true }).waitFor();
    await page.reload();
    await page.locator('button[title$="(Shift+Q)"]').waitFor();
    await page.getByTestId('case').first().click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
  }, 120_000);

  it('shows itself light, in high contrast, larger and in German', async () => {
    await page.keyboard.press('Control+,');
    await page.getByRole('radio', { name: 'Light' }).check();
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(243, 245, 247)');
    await picture(page, 'settings-light');
    await page.getByLabel('Size of texts and controls').selectOption('150');
    await page.keyboard.press('Escape');
    await picture(page, 'workspace-light-150');
    await page.keyboard.press('Control+,');
    await page.getByLabel('Size of texts and controls').selectOption('100');
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Projekt schließen' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.documentElement.lang)).toBe('de');
    await picture(page, 'workspace-light-de');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('hoher kontrast');
    await page.keyboard.press('Enter');
    await expect.poll(() => kept().theme).toBe('contrast');
    await page.keyboard.press('?');
    await page.getByTestId('cheat-sheet').getByText('Rückgängig').waitFor();
    await picture(page, 'cheat-sheet-contrast-de');
    await page.keyboard.press('Escape');
    await picture(page, 'workspace-contrast-de');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('shows its jobs, and asks before closing stops them', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('Farbschema: Dunkel');
    await page.keyboard.press('Enter');
    await expect.poll(() => kept().theme).toBe('dark');
    await page.keyboard.press('Control+,');
    await page.getByLabel('Sprache').selectOption('en');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Folder to import').fill(join(folder, 'empty'));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page
      .getByRole('toolbar')
      .first()
      .click({ position: { x: 2, y: 2 } });
    await page.keyboard.press('j');
    const ended = page.locator('[data-testid=ended-job][data-state=failed]');
    await ended.getByRole('button', { name: /^Log of/ }).click();
    await ended.getByText('queued').waitFor();
    await picture(page, 'jobs-dark');
    const [browser, file] = [await page.evaluateHandle(() => new DataTransfer()), 'study.dcm'];
    await browser.evaluate((data, name) => data.items.add(new File(['x'], name)), file);
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: browser });
    await page.getByText('Drop studies to import them').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: browser });
    await page.getByText('A browser does not tell where dropped files lie.').waitFor();
    expect(complaints).toEqual([]);
  }, 120_000);
});
