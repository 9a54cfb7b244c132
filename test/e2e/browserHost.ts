/** The Node host of the built program and a Chromium to look at it with. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const root = resolve(import.meta.dirname, '../..');
export const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

export interface BrowserHost {
  readonly browser: Browser;
  /** Lets in who comes first. */
  readonly link: string;
  /** SIGKILL to the host, or to every page of the browser. */
  killHost(): void;
  killPages(): Promise<void>;
  stop(): Promise<void>;
}

/** Chromium then offers no WebGL at all. */
export const WITHOUT_WEBGL = ['--disable-gpu', '--disable-3d-apis'];

/** Draws with WebGL unless flags say otherwise, although the tests' graphics card is an imitation: what users with one see. */
export async function startBrowserHost(stateFolder: string, flags: readonly string[] = []): Promise<BrowserHost> {
  if (flags.length === 0) {
    mkdirSync(stateFolder, { recursive: true });
    const preferences = join(stateFolder, 'preferences.json');
    if (!existsSync(preferences)) writeFileSync(preferences, JSON.stringify({ version: 1, drawWith: 'graphics' }));
  }
  const host = spawn(process.execPath, [join(root, 'dist/main/maskloop.cjs'), 'serve', '--port', '0'], {
    env: { ...process.env, MASKLOOP_STATE: stateFolder, USER: 'tester' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const link = await new Promise<string>((done, fail) => {
    let printed = '';
    host.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(printed);
      if (found) done(found[0]);
    });
    host.on('exit', (code) => fail(new Error(`the host ended with ${code}: ${printed}`)));
  });
  const ended = new Promise<void>((done) => host.once('exit', () => done()));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
  return {
    browser,
    link,
    killHost: () => void host.kill('SIGKILL'),
    killPages: async () => {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, 'SIGKILL');
      await session.detach();
    },
    stop: async () => {
      await browser.close();
      host.kill('SIGTERM');
      await ended; // it writes to its folders until then
    },
  };
}

/** From the welcome page. */
export async function openInBrowser(page: Page, folder: string): Promise<void> {
  await page.getByLabel('Project folder', { exact: true }).fill(folder);
  await page.getByRole('button', { name: 'Open project', exact: true }).click();
  await page.getByTestId('workspace').waitFor();
}
