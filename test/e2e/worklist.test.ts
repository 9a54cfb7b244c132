/** Which case next, why, how much work it was, and a list of two thousand, in a real browser; the predictions are a threshold. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { openProject } from '../../main/dataset/projectStore.ts';
import { ServiceRig } from '../services/serviceRig.ts';
import { CHROMIUM, openInBrowser, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';

describe.skipIf(!existsSync(CHROMIUM))(`the worklist in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-worklist-'));
  const largeFolder = join(folder, 'large');
  let projectFolder = '';
  let host: BrowserHost;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const rig = ServiceRig.create(folder);
    projectFolder = rig.projectFolder;
    await rig.createWithPhantoms(5, 2);
    await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
    await rig.jobEnd((await rig.call('nnunet.predict', {})).jobId);
    await rig.services.close();
    await makeLongList(largeFolder);
    host = await startBrowserHost(join(folder, 'browser-state'));
    page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
  }, 120_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says why a case is next and counts the work on it', async () => {
    await openInBrowser(page, projectFolder);
    await page.getByLabel('Order of the cases').selectOption('entropy');
    await expect.poll(() => page.getByTestId('reason').count(), SOON).toBe(3);
    await expect.poll(() => page.getByTestId('reason').first().textContent(), SOON).toMatch(/^unsure about what it found: 0\.\d\d bit$/);
    const first = await page.getByTestId('case').first().getAttribute('data-case-id');
    await page.getByRole('button', { name: 'Next case' }).click();
    await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${first}"]`).waitFor({ timeout: 30_000 });

    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.locator('[data-testid=revision][data-accepted=true]').waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByTestId('reason').count(), SOON).toBe(2);
    await page.getByRole('tab', { name: 'Effort' }).click();
    await page.locator('[data-testid=effort][data-cases="3"]').waitFor({ timeout: 60_000 });
    await page.getByRole('img', { name: /^Active minutes per case \(median\): minutes, 1 points/ }).waitFor();
    await page.getByRole('img', { name: /^Dice, prediction to accepted: Dice, 1 points/ }).waitFor();
    await picture(page, 'effort');

    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByRole('button', { name: 'Details…' }).click();
    await expect.poll(() => page.getByTestId('run-record').textContent(), SOON).toMatch(/preset\s*v2/);
    await page
      .getByRole('img', { name: /^Loss: .*, 1 points/ })
      .last()
      .waitFor();
    await picture(page, 'training-details');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    expect(complaints).toEqual([]);
  }, 180_000);

  it('shows two thousand cases at the pace of scrolling; search, filter, exclusion', async () => {
    await page.getByRole('button', { name: 'Close project' }).click();
    await openInBrowser(page, join(largeFolder, 'project'));
    const shown = () => page.getByTestId('case-count').textContent();
    await expect.poll(shown, { timeout: 30_000 }).toBe(`${LONG_LIST} of ${LONG_LIST}`);
    await expect
      .poll(() => page.locator('[data-testid=case] img').evaluateAll((all) => all.filter((one) => (one as HTMLImageElement).naturalWidth > 0).length), {
        timeout: 60_000,
      })
      .toBeGreaterThan(5);
    const { rows, slowestMs, medianMs } = await page.evaluate(scrollThrough, LONG_LIST * ROW_HEIGHT_PX);
    // times are told, not judged: other work may fill the machine
    console.log(`scrolling ${LONG_LIST} cases: median ${medianMs.toFixed(0)} ms, slowest ${slowestMs.toFixed(0)} ms a frame, ${rows} rows drawn`);
    expect(rows).toBeLessThan(40);
    await page.locator(`[data-case-id="case_${LONG_LIST}"]`).waitFor();

    await page.getByLabel('Search cases').fill('case_19 mr');
    await expect.poll(shown, SOON).toBe(`100 of ${LONG_LIST}`);
    await page.getByLabel('Search cases').fill('case_1999');
    await page.locator('[data-case-id=case_1999]').hover();
    await page.getByRole('button', { name: 'Exclude case_1999' }).click();
    await page.getByRole('button', { name: 'Motion artefacts' }).click();
    await page.getByRole('button', { name: 'Exclude', exact: true }).click();
    await expect.poll(shown, SOON).toBe(`0 of ${LONG_LIST}`);
    await page.getByRole('button', { name: 'Clear search and filters' }).click();
    await page.getByRole('button', { name: 'excluded: 1', exact: true }).click();
    await expect.poll(shown, SOON).toBe(`1 of ${LONG_LIST}`);
    expect(await page.getByTestId('case').getAttribute('title')).toMatch(/Excluded by .+: Motion artefacts/);
    await picture(page, 'worklist-excluded');
    await page.getByRole('button', { name: 'Let case_1999 take part again' }).click();
    await expect.poll(shown, SOON).toBe(`0 of ${LONG_LIST}`);
    await page.getByRole('button', { name: 'Clear search and filters' }).click();
    await expect.poll(shown, SOON).toBe(`${LONG_LIST} of ${LONG_LIST}`);
    await page.getByTestId('case').first().focus();
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-case-id')), SOON).toBe('case_0005');
    await picture(page, 'worklist-long');
    expect(complaints).toEqual([]);
  }, 180_000);

  it('lists two thousand entries of the audit trail, finds one, verifies and exports them', async () => {
    await page.keyboard.press('Control+k');
    await page.getByLabel('Search commands').fill('audit');
    await page.keyboard.press('Enter');
    const entries = page.getByTestId('audit-entry');
    const newestSeq = Number(await entries.first().getAttribute('data-seq'));
    expect(newestSeq).toBeGreaterThan(LONG_LIST);
    expect(await entries.first().textContent()).toContain('Case included again');
    expect(await entries.count()).toBeLessThan(60);
    // by key past what is drawn, and past the first page by scrolling
    await entries.first().focus();
    await expect
      .poll(
        async () => {
          await page.keyboard.press('ArrowDown'); // a row that is not drawn yet gets the focus a picture later
          return Number(await page.evaluate(() => document.activeElement?.getAttribute('data-seq')));
        },
        { timeout: 60_000, interval: 20 },
      )
      .toBeLessThan(newestSeq - 30);
    const list = page.getByRole('list', { name: 'Audit trail' });
    await expect
      .poll(
        async () => {
          await list.evaluate((ul) => (ul.parentElement!.scrollTop = ul.scrollHeight));
          return Number(await entries.last().getAttribute('data-seq'));
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    expect(await entries.count()).toBeLessThan(60);

    await page.getByLabel('Kind of entry').selectOption('exclude');
    await expect.poll(() => page.getByTestId('audit-count').textContent(), SOON).toBe('1 entry');
    await entries.first().click();
    expect(await page.getByTestId('audit-facts').textContent()).toContain('Motion artefacts');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await page.getByLabel('Case or model').fill('CASE_0777');
    await expect.poll(() => page.getByTestId('audit-count').textContent(), SOON).toBe('1 entry');

    await page.getByLabel('Head of the trail, noted earlier').fill('12:ab');
    expect(await page.getByRole('button', { name: 'Verify' }).isDisabled()).toBe(true);
    await page.getByLabel('Head of the trail, noted earlier').fill(`12:${'ab'.repeat(32)}`);
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect.poll(() => page.getByTestId('audit-verdict').textContent(), SOON).toContain('Entry 12 is another one than was noted elsewhere');
    await page.getByLabel('Head of the trail, noted earlier').fill('');
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect.poll(() => page.getByTestId('audit-verdict').textContent(), SOON).toContain(`All ${newestSeq.toLocaleString('en')} entries hold`);
    await picture(page, 'audit');

    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as table (CSV)' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('project-audit.csv');
    const rows = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(rows).toHaveLength(newestSeq + 1);
    expect(rows.at(-1)).toContain(',include,case_1999,');
    await page.keyboard.press('Escape');
    expect(complaints).toEqual([]);
  }, 120_000);
});

const SOON = { timeout: 20_000 };
const LONG_LIST = 2000;
const ROW_HEIGHT_PX = 62;

/** One phantom under two thousand names. */
async function makeLongList(folder: string): Promise<void> {
  const rig = ServiceRig.create(folder);
  await rig.createWithPhantoms(1, 0);
  await rig.services.close();
  const store = await openProject(rig.projectFolder);
  const { image, ...phantom } = store.cases.list()[0]!;
  const name = (n: number) => CaseId.parse(`case_${String(n + 1).padStart(4, '0')}`);
  store.transaction(() => {
    for (let n = 1; n < LONG_LIST; n++) {
      mkdirSync(store.folder.case(name(n)));
      store.cases.insert({ kind: 'importedCase', ...phantom, image, caseId: name(n), sourceKey: `copy-${n}`, warnings: [] }, n, 'reader');
    }
  });
  store.close();
}

/** In the browser: from top to bottom in 60 frames. */
async function scrollThrough(heightPx: number): Promise<{ rows: number; slowestMs: number; medianMs: number }> {
  const frame = document.querySelector('ul[aria-label=Cases]')!.parentElement!;
  const tick = () => new Promise<number>((done) => requestAnimationFrame(done));
  const timesMs: number[] = [];
  let beforeMs = await tick();
  for (let n = 1; n <= 60; n++) {
    frame.scrollTop = (heightPx * n) / 60;
    const nowMs = await tick();
    timesMs.push(nowMs - beforeMs);
    beforeMs = nowMs;
  }
  timesMs.sort((a, b) => a - b);
  return { rows: document.querySelectorAll('[data-testid=case]').length, slowestMs: timesMs.at(-1)!, medianMs: timesMs[30]! };
}
