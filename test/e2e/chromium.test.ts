/** The loop in Debian's Chromium, served by the Node host: the engine that users' Electron has. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { checkExport, hasNibabel, readByNibabel } from './exported.ts';
import { UNLABELLED_CASE, makeStudies, walkTheLoop } from './walkTheLoop.ts';

describe.skipIf(!existsSync(CHROMIUM))(`the loop in a browser (needs ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-chromium-'));
  let host: BrowserHost;

  beforeAll(async () => {
    host = await startBrowserHost(join(folder, 'state'));
  });
  afterAll(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('walks from a folder of studies to exported label maps', async () => {
    const page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(host.link);
    const studies = await makeStudies(folder);
    const output = join(folder, 'exported');
    mkdirSync(output);
    const screenshot = process.env.MASKLOOP_SCREENSHOTS && join(process.env.MASKLOOP_SCREENSHOTS, 'chromium.png');
    await walkTheLoop(page, { studies, project: join(folder, 'project'), output, screenshot });
    checkExport(output, studies);
    expect(complaints).toEqual([]);
  }, 900_000);

  it.skipIf(!hasNibabel)('nibabel reads the exported file on the grid of its image (needs nibabel)', () => {
    const [labels, image] = [join(folder, 'exported'), join(folder, 'studies/nifti/imagesTr')].map((at) =>
      readByNibabel(join(at, `${UNLABELLED_CASE}.nii.gz`)),
    );
    expect(labels!.shape).toEqual(image!.shape);
    labels!.affine.flat().forEach((value, at) => expect(value).toBeCloseTo(image!.affine.flat()[at]!, 4));
    expect(labels!.values).toContain(1);
    expect(labels!.values.every((value) => value === 0 || value === 1 || value === 2)).toBe(true);
  });

  it('lets nobody in with a used link', async () => {
    const stranger = await host.browser.newContext();
    const answer = await (await stranger.newPage()).goto(host.link);
    expect(answer!.status()).toBe(403);
    await stranger.close();
  });
});
