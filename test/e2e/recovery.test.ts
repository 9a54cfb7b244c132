/** The page, the host and the desktop program are killed while somebody paints: what is older than two seconds is found again. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { CHROMIUM, openInBrowser, startBrowserHost } from './browserHost.ts';
import { hasElectron, launchElectron } from './electronProgram.ts';
import { CASE_ID, DiscPainter, discsIn, isShown, journalsOf, newestMask, openPaintedCase } from './paintedCase.ts';
import { picture } from './picture.ts';

/** What a journal may be behind. */
const BOUND_MS = 2000;

/** Paints, and does it at a random moment. How many discs were finished longer ago than the bound. A page that `outlives` it paints one more. */
async function paintAndKill(
  page: Page,
  kill: () => void | Promise<void>,
  first = 0,
  outlives = false,
): Promise<{ readonly owed: number; readonly painted: number }> {
  const painter = await DiscPainter.create(page, first);
  let killedAtMs = Infinity;
  const killing = (async () => {
    while (painter.liftedAtMs.length < 3) await sleep(20);
    await sleep(BOUND_MS + 300 + Math.random() * 2500);
    killedAtMs = performance.now();
    await kill();
  })();
  // a mouse on a page that has just died may never come to rest
  await Promise.race([painter.paintUntil(() => performance.now() > killedAtMs), killing.then(() => sleep(3000))]);
  await killing;
  if (outlives) await painter.paintNext();
  const owed = painter.liftedAtMs.filter((atMs) => atMs < killedAtMs - BOUND_MS).length;
  expect(owed).toBeGreaterThan(0);
  // a stroke may have been done although nobody could be told
  return { owed, painted: painter.liftedAtMs.length + 1 };
}

/** The notice leads to the case, the case offers what was not saved. */
async function openFound(page: Page): Promise<number> {
  await page.getByRole('button', { name: `Open ${CASE_ID}` }).click({ timeout: 30_000 });
  await isShown(page);
  const offer = page.getByTestId('recovery');
  await offer.waitFor();
  await page.locator('[data-testid=viewer][data-dirty=true]').waitFor();
  return Number(await offer.getAttribute('data-changes'));
}

async function save(page: Page, revision: number): Promise<void> {
  await page.keyboard.press('Control+s');
  await page.locator(`[data-testid=viewer][data-revision="${revision}"][data-dirty=false]`).waitFor({ timeout: 60_000 });
}

describe.skipIf(!existsSync(CHROMIUM))(`recovery in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-recovery-'));
  const project = join(folder, 'project');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the last unfinished stroke on the disk is. */
  const unfinishedOnDisk = (): 'none' | 'goes on' | 'given up' => {
    const [name] = journalsOf(project).open;
    const last =
      name === undefined
        ? undefined
        : readFileSync(join(project, 'cases', CASE_ID, 'journal', name))
            .toString('latin1')
            .split('{"kind":"unfinished"')
            .slice(1)
            .at(-1);
    return last === undefined ? 'none' : last.includes('"slices":[]') ? 'given up' : 'goes on';
  };

  it('brings strokes back after the page, and after the host was killed; drops them only when asked to', async () => {
    let host = await startBrowserHost(join(folder, 'state'));
    try {
      const context = await host.browser.newContext({ viewport: { width: 1400, height: 900 } });
      let page = await context.newPage();
      await page.goto(host.link);
      await openPaintedCase(page, folder);
      const url = new URL('/', page.url()).href;

      // a stroke that goes on is on the disk while it does, and is not when it is given up
      const box = (await page.getByTestId('plane-axial').boundingBox())!;
      await page.keyboard.press('b');
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2, { steps: 5 });
      await expect.poll(unfinishedOnDisk, { timeout: BOUND_MS, interval: 50 }).toBe('goes on');
      await page.keyboard.press('Escape');
      await page.mouse.up();
      await expect.poll(unfinishedOnDisk, { timeout: BOUND_MS, interval: 50 }).toBe('given up');

      // the page
      const { killPages } = host;
      const first = await paintAndKill(page, killPages);
      page = await context.newPage();
      await page.goto(url);
      const recovered = await openFound(page);
      expect(recovered).toBeGreaterThanOrEqual(first.owed);
      expect(recovered).toBeLessThanOrEqual(first.painted);
      await picture(page, 'recovery');
      await page.getByRole('button', { name: 'Keep', exact: true }).click();
      await page.getByTestId('recovery').waitFor({ state: 'detached' });
      // one step: taken back, and done again
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+y');
      await save(page, 2);
      expect(discsIn(newestMask(project))).toBe(recovered);
      await expect.poll(() => journalsOf(project).open, { timeout: 10_000 }).toEqual([]);

      // the host
      const second = await paintAndKill(page, host.killHost, recovered, true);
      await page.getByTestId('journal-behind').waitFor({ timeout: 30_000 }); // the page says that it cannot write
      await host.stop();
      host = await startBrowserHost(join(folder, 'state'));
      page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(host.link);
      await openInBrowser(page, project);
      const again = await openFound(page);
      expect(again).toBeGreaterThanOrEqual(second.owed);
      expect(again).toBeLessThanOrEqual(second.painted);
      // discarding asks, shows what is saved, and keeps the journal for a while
      await page.getByRole('button', { name: 'Discard…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Discard', exact: true }).click();
      await page.locator('[data-testid=viewer][data-ready=true][data-dirty=false][data-revision="2"]').waitFor();
      await page.getByTestId('recovery').waitFor({ state: 'detached' });
      expect(journalsOf(project).open).toEqual([]);
      expect(journalsOf(project).aside.length).toBeGreaterThanOrEqual(2);
      expect(discsIn(newestMask(project))).toBe(recovered);
    } finally {
      await host.stop();
    }
  }, 600_000);
});

describe.skipIf(!hasElectron)('recovery in Electron (needs npm run setup -- --test and a display)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-recovery-electron-'));
  const project = join(folder, 'project');
  const launch = (): Promise<ElectronApplication> => launchElectron(join(folder, 'state'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loads the page again when it was killed, and brings strokes back after that and after the program was killed', async () => {
    let app = await launch();
    try {
      let page = await app.firstWindow();
      await openPaintedCase(page, folder);

      const pid = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId());
      const first = await paintAndKill(page, () => void process.kill(pid, 'SIGKILL'));
      // Playwright does not follow a page that crashed: the program itself looks at the one that came. A page that is going never answers.
      const inPage = (script: string): Promise<unknown> => {
        const answer = app.evaluate(
          ({ BrowserWindow }, code) => BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(code) as Promise<unknown>,
          script,
        );
        return Promise.race([answer, sleep(3000).then(() => null)]);
      };
      const press = (name: string): Promise<unknown> =>
        inPage(`[...document.querySelectorAll('button')].find((button) => button.textContent.trim() === ${JSON.stringify(name)})?.click() ?? 'none'`);
      await expect
        .poll(() => inPage(`document.body.textContent.includes('changes that were not saved')`).catch(() => false), { timeout: 60_000, interval: 300 })
        .toBe(true);
      await press(`Open ${CASE_ID}`);
      await expect
        .poll(() => inPage(`Number(document.querySelector('[data-testid=recovery]')?.dataset.changes ?? 0)`), { timeout: 60_000, interval: 300 })
        .toBeGreaterThanOrEqual(first.owed);
      const recovered = Number(await inPage(`document.querySelector('[data-testid=recovery]').dataset.changes`));
      expect(recovered).toBeLessThanOrEqual(first.painted);
      await press('Keep');
      await press('Save');
      await expect
        .poll(() => inPage(`({ ...document.querySelector('[data-testid=viewer]').dataset })`), { timeout: 60_000, interval: 300 })
        .toMatchObject({ revision: '2', dirty: 'false' });
      expect(discsIn(newestMask(project))).toBe(recovered);
      await expect.poll(() => journalsOf(project).open, { timeout: 10_000 }).toEqual([]);
      await app.close();

      app = await launch();
      page = await app.firstWindow();
      await openInBrowser(page, project);
      await page.locator(`[data-testid=case][data-case-id=${CASE_ID}]`).click();
      await isShown(page);
      const second = await paintAndKill(page, () => void app.process().kill('SIGKILL'), recovered);
      app = await launch();
      page = await app.firstWindow();
      await openInBrowser(page, project);
      const again = await openFound(page);
      expect(again).toBeGreaterThanOrEqual(second.owed);
      expect(again).toBeLessThanOrEqual(second.painted);
      await save(page, 3);
      expect(discsIn(newestMask(project))).toBe(recovered + again);
    } finally {
      await app.close();
    }
  }, 600_000);
});
