/** A project with a passphrase in the window: made, closed, opened with the wrong and the right one, looked at, about to be exported. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceRig } from '../services/serviceRig.ts';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';

const PASSPHRASE = 'horse battery staple';

describe.skipIf(!existsSync(CHROMIUM))(`a passphrase in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-passphrase-'));
  const made = join(folder, 'made');
  let filled = '';
  let host: BrowserHost;
  let page: Page;

  beforeAll(async () => {
    const rig = ServiceRig.create(join(folder));
    filled = rig.projectFolder;
    await rig.call('project.create', { folder: filled, passphrase: PASSPHRASE });
    expect(await rig.jobEnd((await rig.call('project.addPhantoms', { caseCount: 2, labelledCount: 1 })).jobId)).toMatchObject({ state: 'succeeded' });
    await rig.services.close();
    host = await startBrowserHost(join(folder, 'browser-state'));
    page = await (await host.browser.newContext({ viewport: { width: 1300, height: 850 }, locale: 'en-GB' })).newPage();
    await page.goto(host.link);
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const dialog = () => page.getByRole('dialog');

  it('is typed twice for a new project', async () => {
    await page.getByLabel('Project folder', { exact: true }).fill(made);
    await page.getByLabel('Encrypt the new project with a passphrase').check();
    await page.getByRole('button', { name: 'New project here', exact: true }).click();
    const make = dialog().getByRole('button', { name: 'Make the project' });
    await dialog().getByLabel('Passphrase', { exact: true }).fill('short');
    await dialog().getByText('At least 8 characters').waitFor();
    expect(await make.isDisabled()).toBe(true);
    await dialog().getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
    await dialog().getByLabel('Once more').fill('something else');
    await dialog().getByRole('alert').waitFor();
    await picture(page, 'passphrase-new');
    expect(await make.isDisabled()).toBe(true);
    await dialog().getByLabel('Once more').fill(PASSPHRASE);
    await make.click();
    await page.getByTestId('workspace').waitFor();
    expect(readFileSync(join(made, 'maskloop.db')).includes('SQLite format')).toBe(false);
    await page.getByRole('button', { name: 'Close project' }).click();
  });

  it('opens a project, and a wrong one does not', async () => {
    await page.getByLabel('Project folder', { exact: true }).fill(filled);
    await page.getByRole('button', { name: 'Open project', exact: true }).click();
    await dialog().getByLabel('Passphrase', { exact: true }).fill('not this one');
    await page.keyboard.press('Enter');
    await dialog().getByRole('alert').waitFor();
    await picture(page, 'passphrase-open');
    await dialog().getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.getByTestId('workspace').waitFor();
    expect(await dialog().count()).toBe(0);
  });

  it('is not in the way of viewing, and the export says that it is not encrypted', async () => {
    await page.getByTestId('case').first().click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Export…' }).click();
    await dialog().getByText('What you export is not').waitFor();
    await picture(page, 'passphrase-export');
  });
});
