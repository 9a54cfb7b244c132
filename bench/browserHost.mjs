/** The built host and a Chromium with a page of it; its graphics card is imitated. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const root = resolve(import.meta.dirname, '..');
const FLAGS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];

/** @param drawWith 'graphics' | 'processor' */
export async function openHostedPage(stateFolder, drawWith, viewport) {
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(join(stateFolder, 'preferences.json'), JSON.stringify({ version: 1, drawWith }));
  const host = spawn(process.execPath, [join(root, 'dist/main/maskloop.cjs'), 'serve', '--port', '0'], {
    env: { ...process.env, MASKLOOP_STATE: stateFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const link = await new Promise((done) => {
    let printed = '';
    host.stdout.on('data', (chunk) => {
      printed += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(printed);
      if (found) done(found[0]);
    });
  });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  const page = await browser.newPage({ viewport });
  try {
    await page.goto(link, { timeout: 120_000 });
  } catch (thrown) {
    await browser.close();
    host.kill('SIGTERM');
    throw thrown;
  }
  return {
    page,
    browser,
    hostProcessId: host.pid,
    async close() {
      await browser.close();
      host.kill('SIGTERM');
      await new Promise((done) => host.once('exit', done));
    },
  };
}
