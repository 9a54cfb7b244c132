/** A reader at work for the guide: one window of the built program, mouse and keyboard, and pictures of what is seen. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { openInBrowser, startBrowserHost, type BrowserHost } from '../e2e/browserHost.ts';
import { toPalettePng } from './palettePicture.ts';

const root = resolve(import.meta.dirname, '../..');
/** Where `npm run guide` puts them; MASKLOOP_GUIDE_PICTURES names another folder. */
const PICTURES = process.env.MASKLOOP_GUIDE_PICTURES ?? join(root, 'docs/guide/pictures');
const VIEWPORT = { width: 1440, height: 900 };
/** Seen in pictures, so the same on every machine. */
const WORK = join(tmpdir(), 'maskloop-guide');
export const SOON = { timeout: 120_000 };
/** A training on a busy machine. */
export const LATER = { timeout: 900_000 };
/** Until images, hovers and fading notices have come to rest. */
const SETTLE_MS = 700;

export class GuideWalk {
  readonly complaints: string[] = [];

  private constructor(
    readonly folder: string,
    private host: BrowserHost,
    public page: Page,
  ) {
    this.#listen();
  }

  static async start(): Promise<GuideWalk> {
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(join(WORK, 'projects'), { recursive: true });
    mkdirSync(join(WORK, 'state'));
    mkdirSync(PICTURES, { recursive: true });
    const preferences = { version: 1, drawWith: 'graphics', projectsFolder: join(WORK, 'projects'), userName: 'Dr. Ada' };
    writeFileSync(join(WORK, 'state/preferences.json'), JSON.stringify(preferences));
    const host = await startBrowserHost(join(WORK, 'state'));
    return new GuideWalk(WORK, host, await GuideWalk.#openPage(host));
  }

  async stop(): Promise<void> {
    await this.host.stop();
    rmSync(WORK, { recursive: true, force: true });
  }

  /** As after a power cut: the host is gone, a new one starts, and its window is open. */
  async crashAndStartAgain(): Promise<void> {
    this.host.killHost();
    await this.host.stop();
    this.host = await startBrowserHost(join(WORK, 'state'));
    this.page = await GuideWalk.#openPage(this.host);
    this.#listen();
  }

  static async #openPage(host: BrowserHost): Promise<Page> {
    const page = await (await host.browser.newContext({ viewport: VIEWPORT, locale: 'en-GB' })).newPage();
    await page.goto(host.link);
    await page.getByLabel('Project folder', { exact: true }).waitFor(SOON);
    return page;
  }

  #listen(): void {
    this.page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
  }

  /** Of the whole window. */
  async shoot(name: string): Promise<void> {
    await this.page.waitForTimeout(SETTLE_MS);
    this.keep(name, await this.page.screenshot());
  }

  keep(name: string, png: Buffer): void {
    writeFileSync(join(PICTURES, `${name}.png`), toPalettePng(png));
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  }
  press(name: string): Promise<void> {
    return this.button(name).click();
  }
  dialog(): Locator {
    return this.page.getByRole('dialog');
  }
  async keys(...names: string[]): Promise<void> {
    for (const name of names) await this.page.keyboard.press(name);
  }

  async openProject(name: string): Promise<void> {
    await openInBrowser(this.page, join(this.folder, 'projects', name));
  }
  async closeProject(): Promise<void> {
    await this.press('Close project');
    await this.page.getByLabel('Project folder', { exact: true }).waitFor(SOON);
  }

  async openCase(caseId: string): Promise<void> {
    await this.page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
    await this.isShown(caseId);
  }
  isShown(caseId: string): Promise<void> {
    return this.page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor(SOON);
  }

  /** In the sheet of options, which lies over the planes while it is open. */
  async inOptions(act: () => Promise<unknown>): Promise<void> {
    await this.press('View options');
    await act();
    await this.press('View options');
  }
  choose(label: string, choice: string | { label: string }): Promise<unknown> {
    return this.page.getByLabel(label, { exact: true }).selectOption(choice);
  }

  /** Shares of the width and the height of the axial plane, from its middle. */
  async at(across: number, down: number): Promise<[number, number]> {
    const { x, y, width, height } = (await this.page.getByTestId('plane-axial').boundingBox())!;
    const side = Math.min(width, height);
    return [x + width / 2 + across * side, y + height / 2 + down * side];
  }

  /** Button down at the first point, on to the others; `lift`: and up again. */
  async drag(points: readonly (readonly [number, number])[], lift = true): Promise<void> {
    const [first, ...others] = points;
    await this.page.mouse.move(...(await this.at(...first!)));
    await this.page.mouse.down();
    for (const point of others) await this.page.mouse.move(...(await this.at(...point)), { steps: 4 });
    if (lift) await this.page.mouse.up();
  }
  async click(across: number, down: number): Promise<void> {
    await this.page.mouse.click(...(await this.at(across, down)));
  }
  /** The pointer where it says nothing. */
  rest(): Promise<void> {
    return this.page.mouse.move(VIEWPORT.width - 2, VIEWPORT.height - 2);
  }
}
