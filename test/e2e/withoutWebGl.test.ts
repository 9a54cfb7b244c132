/** A device without WebGL: a case is opened, scrolled, painted, taken back and saved; the voxels are read from the revision. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { CHROMIUM, WITHOUT_WEBGL } from './browserHost.ts';
import { hostProject, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';
import { colorAtPixel, pixelOf, type Spot } from './planePixels.ts';

const DIMS = [96, 80, 12] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
const WAIT = { timeout: 30_000 };

const colorAt = async (page: Page, spot: Spot): Promise<number[]> => colorAtPixel(page, await pixelOf(page, 'axial', spot));
const greyAt = async (page: Page, spot: Spot): Promise<number> => (await colorAt(page, spot))[1]!;

describe.skipIf(!existsSync(CHROMIUM))(`a browser without WebGL (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;

  beforeAll(async () => {
    const grid = gridFromAffine(DIMS, [-0.5, 0, 0, 24, 0, -0.5, 0, 20, 0, 0, 1.5, -9, 0, 0, 0, 1]);
    hosted = await hostProject(
      'noWebGl',
      async (rig, root) => {
        const studies = join(root, 'studies');
        for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
        await writeGzippedNifti(
          join(studies, 'imagesTr', 'plain.nii.gz'),
          grid,
          Int16Array.from({ length: COUNT }, (_, n) => 20 * Math.floor(n / (DIMS[0] * DIMS[1])) + (n % 5)),
        );
        await writeGzippedNifti(
          join(studies, 'labelsTr', 'plain.nii.gz'),
          grid,
          Uint8Array.from({ length: COUNT }, (_, n) => (n < 4 ? 1 : 0)),
        );
        await writeGzippedNifti(
          join(studies, 'imagesTr', 'second.nii.gz'),
          grid,
          new Int16Array(COUNT).map((_, n) => n % 300),
        );
        await writeGzippedNifti(
          join(studies, 'labelsTr', 'second.nii.gz'),
          grid,
          Uint8Array.from({ length: COUNT }, (_, n) => (n < 4 ? 1 : 0)),
        );
        // from 0 at the left to 1 at the right
        await writeGzippedNifti(
          join(studies, 'imagesTr', 'tenths.nii.gz'),
          grid,
          Float32Array.from({ length: COUNT }, (_, n) => (n % DIMS[0]) / (DIMS[0] - 1)),
        );
        await rig.call('project.create', { folder: rig.projectFolder });
        await rig.jobEnd((await rig.call('dataset.import', { paths: [studies] })).jobId);
      },
      WITHOUT_WEBGL,
    );
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('opens, draws values from 0 to 1 in many greys, scrolls, paints, undoes and saves', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 900 });
    const open = async (caseId: string): Promise<void> => {
      await page.locator(`[data-testid=case][data-case-id=${caseId}]`).click();
      await page.locator(`[data-testid=viewer][data-ready=true][data-case-id=${caseId}]`).waitFor({ timeout: 8000 });
    };
    await open('tenths');
    const ramp = async (): Promise<number[]> => {
      const greys: number[] = [];
      for (const across of [0.3, 0.4, 0.5, 0.6, 0.7]) greys.push(await greyAt(page, [across, 0.4]));
      return greys;
    };
    await expect.poll(async () => (await ramp()).every((value, n, all) => n === 0 || Math.abs(value - all[n - 1]!) > 10), WAIT).toBe(true);
    await open('second');
    await open('plain');
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor(WAIT);
    expect(await page.getByTestId('software').textContent()).toContain('drawn by the processor');

    // by wheel, by key and by the slider; the picture follows
    const at = (): Promise<string | null> => page.getByTestId('position-axial').textContent();
    const sliceOf = async (): Promise<number> => Number(/· (\d+)\/12$/.exec((await at())!)![1]);
    const grey = (): Promise<number> => greyAt(page, [0.5, 0.4]);
    const [first, firstGrey] = [await sliceOf(), await grey()];
    await page.getByTestId('plane-axial').hover();
    await page.mouse.wheel(0, 100);
    await expect.poll(sliceOf).toBe(first + 1);
    await expect.poll(async () => Math.abs((await grey()) - firstGrey)).toBeGreaterThan(10);
    await page.keyboard.press('ArrowUp');
    await expect.poll(sliceOf).toBe(first);
    await page.getByLabel('axial slice').fill('2');
    await expect.poll(sliceOf).toBe(3);

    // a stroke of the brush: a rod of 4 mm on either side of 20 mm, in one slice; taken back, given back, saved
    await page.keyboard.press('b');
    await page.getByLabel('Brush radius in mm').fill('2');
    const box = (await page.getByTestId('plane-axial').boundingBox())!;
    const pixelsPerMm =
      (await page.getByTestId('scale-axial').locator('i').boundingBox())!.width / Number(await page.getByTestId('scale-axial').getAttribute('data-mm'));
    const y = box.y + box.height / 2;
    const draw = async (): Promise<void> => {
      await page.mouse.move(box.x + box.width / 2 - 10 * pixelsPerMm, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 10 * pixelsPerMm, y, { steps: 6 });
      await page.mouse.up();
      await page.mouse.move(box.x + 5, box.y + 60);
    };
    await draw();
    await expect.poll(() => colorAt(page, [0.5, 0.5]).then(([red, , blue]) => red! - blue!)).toBeGreaterThan(30);
    await page.keyboard.press('Control+z');
    await expect.poll(() => colorAt(page, [0.5, 0.5]).then(([red, , blue]) => red! - blue!)).toBeLessThan(8);
    await page.keyboard.press('Control+y');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="2"]').waitFor(WAIT);
    const mask = gunzipSync(readFileSync(join(hosted.projectFolder, 'cases', 'plain', 'labels', 'r0002.nii.gz'))).subarray(352);
    const slices = new Set<number>();
    let painted = 0;
    mask.forEach((label, n) => {
      const k = Math.floor(n / (DIMS[0] * DIMS[1]));
      if (label === 0 || k === 0) return; // there lies what was imported
      painted++;
      slices.add(k);
    });
    expect(slices.size).toBe(1);
    const expected = (20 * 4 + Math.PI * 2 ** 2) / 0.25;
    expect(Math.abs(painted / expected - 1)).toBeLessThan(0.05);

    // 3D says why it is not there
    await page.getByRole('button', { name: 'Two by two, with 3D' }).click();
    await page.getByText('3D needs WebGL').waitFor();
    await picture(page, 'without-webgl');
    expect(complaints).toEqual([]);
  }, 120_000);
});
