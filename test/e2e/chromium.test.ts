/** The loop in Debian's Chromium, served by the Node host: the engine that users' Electron has. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkExport, hasNibabel, readByNibabel } from './exported.ts';
import { UNLABELLED_CASE, makeStudies, walkTheLoop } from './walkTheLoop.ts';

const root = resolve(import.meta.dirname, '../..');
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-background-networking', '--disable-component-update', '--no-first-run'];

describe.skipIf(!existsSync(CHROMIUM))(`the loop in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-chromium-'));
  let host: ChildProcess;
  let browser: Browser;
  let link = '';

  beforeAll(async () => {
    host = spawn(process.execPath, [join(root, 'dist/main/maskloop.cjs'), 'serve', '--port', '0'], {
      env: { ...process.env, MASKLOOP_STATE: join(folder, 'state'), USER: 'tester' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    link = await new Promise<string>((done, fail) => {
      let printed = '';
      host.stdout!.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(printed);
        if (found) done(found[0]);
      });
      host.on('exit', (code) => fail(new Error(`the host ended with ${code}: ${printed}`)));
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    host?.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('walks from a folder of studies to exported label maps', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(link);
    const studies = await makeStudies(folder);
    const output = join(folder, 'exported');
    mkdirSync(output);
    const screenshot = process.env.MASKLOOP_SCREENSHOTS && join(process.env.MASKLOOP_SCREENSHOTS, 'chromium.png');
    await walkTheLoop(page, { studies, project: join(folder, 'project'), output, screenshot });
    checkExport(output, studies);
    expect(complaints).toEqual([]);
  }, 900_000);

  it.skipIf(!hasNibabel)('nibabel reads the exported file on the grid of its image (needs nibabel)', () => {
    const [labels, image] = [join(folder, 'exported'), join(folder, 'studies/nifti/imagesTr')].map((at) => readByNibabel(join(at, `${UNLABELLED_CASE}.nii.gz`)));
    expect(labels!.shape).toEqual(image!.shape);
    labels!.affine.flat().forEach((value, at) => expect(value).toBeCloseTo(image!.affine.flat()[at]!, 4));
    expect(labels!.values).toContain(1);
    expect(labels!.values.every((value) => value === 0 || value === 1 || value === 2)).toBe(true);
  });

  it('lets nobody in with a used link', async () => {
    const stranger = await browser.newContext();
    const answer = await (await stranger.newPage()).goto(link);
    expect(answer!.status()).toBe(403);
    await stranger.close();
  });
});
