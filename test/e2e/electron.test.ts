/** The loop in Electron under Xvfb: preload, IPC, app:// and the utility process, with real mouse strokes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasElectron, launchElectron } from './electronProgram.ts';
import { checkExport } from './exported.ts';
import { makeStudies, walkTheLoop } from './walkTheLoop.ts';

describe.skipIf(!hasElectron)('the loop in Electron (needs npm run setup -- --test and a display)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-electron-'));
  let app: ElectronApplication;

  beforeAll(async () => {
    app = await launchElectron(join(folder, 'state'));
  });
  afterAll(async () => {
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('walks from a folder of studies to exported label maps', async () => {
    const page = await app.firstWindow();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    const studies = await makeStudies(folder);
    const output = join(folder, 'exported');
    mkdirSync(output);
    const screenshot = process.env.MASKLOOP_SCREENSHOTS && join(process.env.MASKLOOP_SCREENSHOTS, 'electron.png');
    await walkTheLoop(page, { studies, project: join(folder, 'project'), output, screenshot });
    checkExport(output, studies);
    expect(complaints).toEqual([]);
  }, 900_000);

  it('keeps the page away from Node and TensorFlow out of the main process', async () => {
    const page = await app.firstWindow();
    expect(await page.evaluate(() => [typeof (globalThis as { require?: unknown }).require, typeof (globalThis as { process?: unknown }).process])).toEqual([
      'undefined',
      'undefined',
    ]);
    expect(page.url()).toMatch(/^app:\/\//);
    const maps = readFileSync(`/proc/${app.process().pid}/maps`, 'utf8');
    expect(maps).not.toContain('libtensorflow');
  });
});
