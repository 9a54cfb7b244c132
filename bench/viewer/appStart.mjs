/** Seconds from the start of a program to a window that can be used: a browser on a host that starts with it, and Electron where there is a display. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { _electron } from 'playwright-core';
import { openHostedPage } from '../browserHost.mjs';

const root = resolve(import.meta.dirname, '../..');
const found = join(root, 'node_modules/.cache/maskloop/electron.json');
const LOADER = join(root, 'node_modules/playwright-core/lib/server/electron/loader.js');
const SOFTWARE_GL = ['--use-gl=angle', '--use-angle=swiftshader', '--ignore-gpu-blocklist'];
const usable = (page) => page.getByLabel('Project folder', { exact: true }).waitFor({ timeout: 120_000 });
const secondsSince = (start) => (performance.now() - start) / 1000;

export async function browserStart(stateFolder) {
  const start = performance.now();
  const hosted = await openHostedPage(stateFolder, 'processor', { width: 1400, height: 1050 });
  await usable(hosted.page);
  const seconds = secondsSince(start);
  await hosted.close();
  return seconds;
}

/** `null`: there is no Electron here, or no display. */
export async function electronStart(stateFolder) {
  if (!existsSync(found) || process.env.DISPLAY === undefined) return null;
  const { executable } = JSON.parse(readFileSync(found, 'utf8'));
  const start = performance.now();
  const app = await _electron.launch({
    executablePath: executable,
    args: ['-r', LOADER, root, ...SOFTWARE_GL],
    env: { ...process.env, MASKLOOP_STATE: stateFolder },
  });
  await usable(await app.firstWindow());
  const seconds = secondsSince(start);
  await app.close();
  return seconds;
}
