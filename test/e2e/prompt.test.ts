/** A real network, trained on phantoms in seconds, outlines what is clicked: at the services, and by mouse and keyboard in a browser. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { ProposalId } from '../../main/contract/proposal.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { toCanonical } from '../../main/imaging/orientation.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';
import { ServiceClient } from '../services/serviceClient.ts';
import { CHROMIUM, openInBrowser, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-prompt-'));
const trained = join(root, 'trained');
const untrained = join(root, 'untrained');
const PREDICTED = CaseId.parse('phantom_005');
const ASKED = CaseId.parse('phantom_006');
const SOON = { timeout: 30_000 };

const dice = (a: Uint8Array, b: Uint8Array): number => {
  let [both, sum] = [0, 0];
  for (let n = 0; n < a.length; n++) {
    both += a[n]! & b[n]!;
    sum += a[n]! + b[n]!;
  }
  return (2 * both) / sum;
};

describe.skipIf(!existsSync(CHROMIUM))(`prompted segmentation (needs ${CHROMIUM})`, () => {
  let host: BrowserHost;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const { script, remove } = await bundleCompute('prompt');
    const client = new ServiceClient(createForkComputeHost(script), join(root, 'state'));
    const done = async ({ jobId }: { jobId: string }): Promise<void> => expect(await client.jobEnd(jobId, 300_000)).toMatchObject({ state: 'succeeded' });
    try {
      for (const folder of [untrained, trained]) {
        await client.call('project.create', { folder });
        await done(await client.call('project.addPhantoms', { caseCount: folder === trained ? 6 : 1, labelledCount: folder === trained ? 4 : 1 }));
        if (folder === untrained) await client.call('project.close', {});
      }
      await done(await client.call('nnunet.train', { configuration: '2d', epochs: 5, choices: { stepsPerEpoch: 50, batchSize: 4 } }));
      await done(await client.call('nnunet.predict', { caseIds: [PREDICTED] }));
      await agreesWithPrediction(client);
    } finally {
      await client.services.close();
      remove();
    }
    host = await startBrowserHost(join(root, 'browser-state'));
    page = await host.browser.newPage({ viewport: { width: 1300, height: 900 } });
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
  }, 300_000);
  afterAll(async () => {
    await host?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** What is proposed at a voxel is what a prediction of the whole case makes of its surroundings. */
  async function agreesWithPrediction(client: ServiceClient): Promise<void> {
    const { grid } = await client.call('dataset.openCase', { caseId: PREDICTED });
    const [ni, nj, nk] = grid.dimsIjk;
    const predicted = (await client.get(bulkUrls.labels(PREDICTED, 1))).bytes;
    const own = Array.from(predicted.keys()).filter((n) => predicted[n] === 1);
    expect(own.length).toBeGreaterThan(200);
    const middle = own[Math.floor(own.length / 2)]!;
    const box = { fromIjk: [0, 0, 0] as const, dimsIjk: [ni, nj, nk] as const };
    const seed = { fromIjk: [middle % ni, Math.floor(middle / ni) % nj, Math.floor(middle / ni / nj)] as const, dimsIjk: [1, 1, 1] as const };
    const ask = { caseId: PREDICTED, labelValue: 1, box, seed };
    const { levels, seedLevel } = await client.call('nnunet.propose', { ...ask, proposalId: ProposalId.parse('one') });
    const proposed = Uint8Array.from(gunzipSync(Buffer.from(levels!, 'base64')), (level) => (level >= 128 ? 1 : 0));
    expect(
      dice(
        proposed,
        Uint8Array.from(predicted, (label) => (label === 1 ? 1 : 0)),
      ),
    ).toBeGreaterThan(0.9);
    expect(seedLevel).toBe(Math.max(...gunzipSync(Buffer.from(levels!, 'base64'))));
    expect(client.events.some((event) => event.type === 'proposal' && event.proposalId === 'one' && event.share > 0)).toBe(true);

    const cancelled = client.call('nnunet.propose', { ...ask, proposalId: ProposalId.parse('two') });
    await client.call('nnunet.cancelProposal', { proposalId: ProposalId.parse('two') });
    expect((await cancelled).levels).toBeNull();
    const issue = await client.errorOf('nnunet.propose', { ...ask, box: { fromIjk: [1, 0, 0], dimsIjk: [ni, nj, nk] }, proposalId: ProposalId.parse('three') });
    expect(issue).toMatchObject({ code: 'contract/bad-input' });
    expect(await client.errorOf('nnunet.propose', { ...ask, labelValue: 7, proposalId: ProposalId.parse('four') })).toMatchObject({
      code: 'predict/unknown-segment',
      labelValue: 7,
    });
  }

  async function open(folder: string, caseId: CaseId): Promise<void> {
    await openInBrowser(page, folder);
    await page.locator(`[data-testid=case][data-case-id=${caseId}]`).click();
    await page.locator(`[data-testid=viewer][data-ready=true][data-case-id=${caseId}]`).waitFor(SOON);
  }
  const undoOf = (name: string) => page.locator(`button[title*="Undo: ${name}"]`).waitFor(SOON);
  async function middleOfAxial(): Promise<[number, number]> {
    const { x, y, width, height } = (await page.getByTestId('plane-axial').boundingBox())!;
    return [x + width / 2, y + height / 2];
  }
  async function voxelUnder(x: number, y: number): Promise<[number, number, number]> {
    await page.mouse.move(x, y);
    await page.waitForTimeout(150);
    const [, i, j, k] = /voxel (\d+), (\d+), (\d+)/.exec((await page.getByTestId('cursor').textContent())!)!;
    return [Number(i), Number(j), Number(k)];
  }

  it('says what is missing without a model, and grows by grey values instead', async () => {
    await open(untrained, CaseId.parse('phantom_001'));
    await page.keyboard.press('a');
    await page.mouse.click(...(await middleOfAxial()));
    await page.getByText('No trained model is available yet').waitFor(SOON);
    await page.getByRole('button', { name: 'Grow by grey values' }).click();
    await undoOf('Region');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="2"][data-dirty=false]').waitFor(SOON);
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByLabel('Project folder', { exact: true }).waitFor(SOON);
  }, 90_000);

  it('outlines what is clicked, follows the slider, takes and drops it', async () => {
    await open(trained, ASKED);
    const labels = join(trained, 'cases', ASKED, 'labels');
    const newest = (): Uint8Array =>
      gunzipSync(
        readFileSync(
          join(
            labels,
            readdirSync(labels)
              .filter((name) => /^r\d+\.nii\.gz$/.test(name))
              .sort()
              .at(-1)!,
          ),
        ),
      ).subarray(352);
    const truthFile = join(trained, 'phantoms/seed_0/truthTs', `${ASKED}.nii.gz`);
    const stored = readNifti(gunzipSync(readFileSync(truthFile)), truthFile);
    const { voxels: truth, grid } = toCanonical(Uint8Array.from(stored.channels[0]!), stored.grid);
    const [x, y] = await middleOfAxial();
    let spot: [number, number] | null = null;
    let label = 0;
    for (const [dx, dy] of [
      [0, 0],
      [30, 0],
      [-30, 0],
      [0, 30],
      [0, -30],
      [50, 50],
      [-50, -50],
    ] as const) {
      const [i, j, k] = await voxelUnder(x + dx, y + dy);
      label = truth[i + grid.dimsIjk[0] * (j + grid.dimsIjk[1] * k)]!;
      if (label > 0) spot = [x + dx, y + dy];
      if (spot) break;
    }
    expect(spot).not.toBeNull();

    await page.keyboard.press(String(label));
    await page.keyboard.press('a');
    await page.mouse.click(...spot!);
    await page.getByTestId('prompt-asking').waitFor(SOON);
    await page.keyboard.press('Escape');
    await page.getByTestId('prompt-asking').waitFor({ state: 'detached' });

    await page.mouse.click(...spot!);
    await page.getByTestId('prompt-proposal').waitFor(SOON);
    await picture(page, 'prompt');
    const painted = await proposedPixels();
    expect(painted).toBeGreaterThan(200);
    for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowRight'); // the slider has the focus
    await expect.poll(proposedPixels, SOON).toBeLessThan(painted);
    await page.keyboard.press('Escape');
    await page.getByTestId('prompt-proposal').waitFor({ state: 'detached' });
    expect(await page.getByTestId('viewer').getAttribute('data-dirty')).toBe('false');

    await page.mouse.move(spot![0] - 70, spot![1] - 70);
    await page.mouse.down();
    await page.mouse.move(spot![0] + 70, spot![1] + 70, { steps: 4 });
    await page.mouse.up();
    await page.getByTestId('prompt-proposal').waitFor(SOON);
    await page.keyboard.press('Escape');

    await page.mouse.click(...spot!);
    await page.getByTestId('prompt-proposal').waitFor(SOON);
    await page.keyboard.press('Enter');
    await undoOf('Ask model');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="1"][data-dirty=false]').waitFor(SOON);
    const own = (mask: Uint8Array): Uint8Array => mask.map((value) => (value === label ? 1 : 0));
    expect(dice(own(newest()), own(truth))).toBeGreaterThan(0.6);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="2"][data-dirty=false]').waitFor(SOON);
    expect(newest().every((value) => value === 0)).toBe(true);
    expect(complaints).toEqual([]);
  }, 120_000);

  /** Pixels of the preview over the axial plane. */
  const proposedPixels = (): Promise<number> =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=plane-axial] canvas[aria-hidden=true]');
      if (!canvas) return 0;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let n = 3; n < data.length; n += 4) if (data[n]! > 0) count++;
      return count;
    });
});
