/** Layouts and the view in three dimensions, in a real browser; the surfaces follow the mask, and colours are read from the picture. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { violationsOf } from './axe.ts';
import { CHROMIUM } from './browserHost.ts';
import { hostProject, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';

const SIZE = 24;
const COUNT = SIZE ** 3;
/** Slices lie from left to right: a sagittal scan. */
const grid = gridFromAffine([SIZE, SIZE, SIZE], [0, 0, 3, -35, 2, 0, 0, -23, 0, 2, 0, -23, 0, 0, 0, 1]);
const from = (n: number, i: number, j: number, k: number): number =>
  Math.hypot((n % SIZE) - i, (Math.floor(n / SIZE) % SIZE) - j, Math.floor(n / SIZE ** 2) - k);
const labelAt = (n: number): number => (from(n, 12, 12, 8) < 6 ? 1 : from(n, 12, 12, 18) < 4 ? 2 : 0);
const WAIT = { timeout: 30_000 };
const LAYOUTS = [
  'Three planes',
  'Side by side',
  'Two by two, with 3D',
  '3D with the planes beside it',
  'One plane',
  'Slices as they were taken',
  'Compare side by side',
];

/** The most colourful point of a picture of an element, as red, green, blue. */
async function brightest(page: Page, testId: string): Promise<number[]> {
  const png = await page.getByTestId(testId).screenshot();
  return page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    // without the texts in the corners
    const [left, top, width, height] = [0.25, 0.25, 0.5, 0.5].map((share, n) => Math.round(share * (n % 2 === 0 ? bitmap.width : bitmap.height))) as [
      number,
      number,
      number,
      number,
    ];
    const { data } = context.getImageData(left, top, width, height);
    let best = [0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      const rgb = [...data.subarray(at, at + 3)];
      if (Math.max(...rgb) - Math.min(...rgb) > Math.max(...best) - Math.min(...best)) best = rgb;
    }
    return best;
  }, png.toString('base64'));
}

describe.skipIf(!existsSync(CHROMIUM))(`layouts in a browser (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;

  beforeAll(async () => {
    hosted = await hostProject('layouts', async (rig, root) => {
      const studies = join(root, 'studies');
      for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
      await writeGzippedNifti(
        join(studies, 'imagesTr', 'tiny.nii.gz'),
        grid,
        Int16Array.from({ length: COUNT }, (_, n) => (labelAt(n) === 1 ? 1000 : labelAt(n) === 2 ? 200 : -900)),
      );
      await writeGzippedNifti(
        join(studies, 'labelsTr', 'tiny.nii.gz'),
        grid,
        Uint8Array.from({ length: COUNT }, (_, n) => labelAt(n)),
      );
      await rig.call('project.create', { folder: rig.projectFolder });
      await rig.jobEnd((await rig.call('dataset.import', { paths: [studies] })).jobId);
    });
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('pictures, keys, what is kept; surfaces that follow the brush; a small cloud', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 900 });
    const shoot = async (name: string): Promise<void> => {
      await picture(page, `layout-${name}`);
    };
    const viewer = page.getByTestId('viewer');
    await page.getByTestId('case').click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor(WAIT);

    const layouts = page.getByRole('group', { name: 'Layout' });
    expect(await layouts.getByRole('button').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))).toEqual(LAYOUTS);
    const planesShown = (): Promise<number> => page.locator('.plane:not(.away)').count();
    for (const [n, [layout, planes]] of (
      [
        ['planes', 3],
        ['row', 3],
        ['quad', 3],
        ['threeD', 3],
        ['one', 1],
        ['stack', 1],
      ] as const
    ).entries()) {
      await layouts.getByRole('button', { name: LAYOUTS[n], exact: true }).click();
      await expect.poll(() => viewer.getAttribute('data-layout')).toBe(layout);
      expect(await planesShown(), layout).toBe(planes);
      await shoot(layout);
    }
    // the slices of a sagittal scan are sagittal, whatever was seen before
    await page.locator('.plane.sagittal:not(.away)').waitFor();
    expect(await page.getByTestId('position-sagittal').textContent()).toMatch(/^L .* · \d+\/24$/);

    await page.getByTestId('plane-sagittal').hover();
    await page.keyboard.press('Shift+Digit3');
    await page.locator('[data-testid=viewer][data-layout=quad]').waitFor();
    const threeD = page.getByTestId('threeD');
    await expect.poll(() => threeD.getAttribute('data-surfaces'), WAIT).toBe('2');
    await expect.poll(async () => Math.max(...(await brightest(page, 'threeD'))), WAIT).toBeGreaterThan(80);
    await shoot('surfaces');
    expect(await violationsOf(page, ['dark', 'light'])).toEqual([]);

    // the second segment is erased: its surface goes, and comes back with undo
    await page.getByRole('button', { name: 'Eraser', exact: true }).click();
    await page.keyboard.press('r');
    await page.getByLabel('Brush radius in mm').fill('40');
    const box = (await page.getByTestId('plane-axial').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.up();
    await expect.poll(() => threeD.getAttribute('data-surfaces'), WAIT).toBe('0');
    await page.keyboard.press('Control+z');
    await expect.poll(() => threeD.getAttribute('data-surfaces'), WAIT).toBe('2');

    await page.getByLabel('Image in three dimensions').selectOption('ctBone');
    await page.getByTestId('cursor').click(); // the pointer away
    await page.keyboard.press('Shift+Digit4');
    await page.locator('[data-testid=viewer][data-layout=threeD]').waitFor();
    await expect.poll(async () => Math.max(...(await brightest(page, 'threeD'))), WAIT).toBeGreaterThan(80);
    await shoot('cloud');

    // one plane for a moment, and back
    await page.getByTestId('plane-coronal').hover();
    await page.keyboard.press('m');
    await page.locator('[data-testid=viewer][data-layout=one]').waitFor();
    await page.keyboard.press('m');
    await page.locator('[data-testid=viewer][data-layout=threeD]').waitFor();

    // kept for the user
    const kept = (): unknown => (JSON.parse(readFileSync(join(hosted.stateFolder, 'preferences.json'), 'utf8')) as { viewLayout: unknown }).viewLayout;
    await expect.poll(kept).toBe('threeD');
    await page.reload();
    await page.locator('[data-testid=viewer][data-layout=threeD]').waitFor(WAIT);

    // an imitated graphics card is left alone unless the user wants it; that holds from the next window on
    await page.keyboard.press('Control+,');
    await page.getByLabel('Draw images with').selectOption('auto');
    await expect.poll(() => (JSON.parse(readFileSync(join(hosted.stateFolder, 'preferences.json'), 'utf8')) as { drawWith: unknown }).drawWith).toBe('auto');
    await page.reload();
    await expect.poll(() => page.getByTestId('software').textContent(), WAIT).toContain('No graphics card: drawn by the processor');
    expect(complaints).toEqual([]);
  }, 120_000);
});
