/** Two images or masks side by side, by WebGL and by the processor: linked, for looking only, and gone without a trace. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { CHROMIUM, WITHOUT_WEBGL } from './browserHost.ts';
import { hostProject, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';
import { colorAtPixel } from './planePixels.ts';

const DIMS = [64, 48, 20] as const;
const OTHER_DIMS = [40, 40, 39] as const;
const WAIT = { timeout: 30_000 };
const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** What the page holds of the graphics card: textures and buffers that it made and did not delete, and that no garbage collector took. */
const COUNT_GRAPHICS = `(() => {
  const made = { Texture: new Set(), Buffer: new Set() };
  window.graphics = () => Object.values(made).map((all) => [...all].filter((one) => one.deref()).length);
  for (const [what, all] of Object.entries(made)) {
    const refs = new WeakMap();
    const proto = WebGL2RenderingContext.prototype;
    const [make, drop] = [proto['create' + what], proto['delete' + what]];
    proto['create' + what] = function () { const one = make.call(this); const ref = new WeakRef(one); refs.set(one, ref); all.add(ref); return one; };
    proto['delete' + what] = function (one) { if (one) all.delete(refs.get(one)); return drop.call(this, one); };
  }
})()`;

async function fill(rig: Parameters<Parameters<typeof hostProject>[1]>[0], root: string): Promise<void> {
  const studies = join(root, 'studies');
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
  const write = async (name: string, dims: readonly [number, number, number], spacing: number): Promise<void> => {
    const grid = gridFromAffine(dims, [-spacing, 0, 0, 30, 0, -spacing, 0, 20, 0, 0, 2, -9, 0, 0, 0, 1]);
    const middle = (n: number): boolean => Math.hypot((n % dims[0]) - dims[0] / 2, (Math.floor(n / dims[0]) % dims[1]) - dims[1] / 2) < 8;
    await writeGzippedNifti(
      join(studies, 'imagesTr', `${name}.nii.gz`),
      grid,
      Int16Array.from({ length: count(dims) }, (_, n) => 10 * Math.floor(n / (dims[0] * dims[1])) + (n % 7)),
    );
    await writeGzippedNifti(
      join(studies, 'labelsTr', `${name}.nii.gz`),
      grid,
      Uint8Array.from({ length: count(dims) }, (_, n) => (middle(n) ? 1 : 0)),
    );
  };
  await write('first', DIMS, 1);
  await write('other', OTHER_DIMS, 1.5);
  await rig.call('project.create', { folder: rig.projectFolder });
  await rig.jobEnd((await rig.call('dataset.import', { paths: [studies] })).jobId);
}

const sliceOf = async (page: Page, testId: string): Promise<number> => Number(/· (\d+)\/\d+/.exec((await page.getByTestId(testId).textContent())!)![1]);
const letters = async (page: Page, area: string): Promise<string[]> => page.locator(`${area} .plane.axial .edge`).allTextContents();

/** Paints in the middle of the axial plane of the left or right side. */
async function drag(page: Page, testId: string): Promise<void> {
  const box = (await page.getByTestId(testId).boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.3, { steps: 4 });
  await page.mouse.up();
}

describe.skipIf(!existsSync(CHROMIUM)).each([
  ['WebGL', []],
  ['the processor', WITHOUT_WEBGL],
] as const)(`side by side, drawn by %s (needs ${CHROMIUM})`, (drawnBy, flags) => {
  let hosted: HostedProject;
  beforeAll(async () => {
    hosted = await hostProject('compare', fill, flags);
  }, 120_000);
  afterAll(() => hosted?.remove());

  it('links two masks and two cases, writes nothing on the right, and gives everything back', async () => {
    const { page, complaints } = await hosted.openPage({ width: 1400, height: 900 });
    await page.addInitScript(COUNT_GRAPHICS);
    await page.reload();
    await page.locator('[data-testid=case][data-case-id=first]').click(WAIT);
    const viewer = page.getByTestId('viewer');
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor(WAIT);

    // a second revision: a stroke beside what was imported
    await page.keyboard.press('b');
    await drag(page, 'plane-axial');
    await page.keyboard.press('Control+s');
    await page.locator('[data-testid=viewer][data-revision="2"]').waitFor(WAIT);

    // by key, with the revision before it
    const beside = page.locator('[data-testid=beside][data-ready=true]');
    await page.keyboard.press('Shift+Digit7');
    await beside.waitFor(WAIT);
    expect(await page.getByTestId('beside').getAttribute('data-revision')).toBe('1');
    expect(await page.getByTestId('beside').getAttribute('data-link')).toBe('position');
    await expect.poll(() => viewer.getAttribute('data-layout')).toBe('compare');
    await picture(page, `compare-masks-${drawnBy}`);

    // scrolled on either side, both go
    const [left, right] = ['position-axial', 'beside-position-axial'];
    const first = await sliceOf(page, left);
    expect(await sliceOf(page, right)).toBe(first);
    await page.getByTestId('plane-axial').hover();
    await page.mouse.wheel(0, 100);
    await expect.poll(() => sliceOf(page, left)).toBe(first + 1);
    await expect.poll(() => sliceOf(page, right)).toBe(first + 1);
    await page.getByTestId('beside-plane-axial').hover();
    await page.mouse.wheel(0, -100);
    await expect.poll(() => sliceOf(page, right)).toBe(first);
    await expect.poll(() => sliceOf(page, left)).toBe(first);
    // flipped and turned alike
    await page.getByRole('button', { name: 'axial: flip left and right' }).click();
    await page.getByRole('button', { name: 'axial: turn by 90 degrees' }).click();
    await expect.poll(() => letters(page, '[data-testid=beside]')).toEqual(await letters(page, '[data-testid=viewer]'));
    await page.keyboard.press('f');
    await expect.poll(() => letters(page, '[data-testid=beside]')).toEqual(['A', 'P', 'R', 'L']);

    // each side shows its own mask: the stroke lies on the left only
    const strokeAt = async (testId: string): Promise<number> => {
      const box = (await page.getByTestId(testId).boundingBox())!;
      const [red, green, blue] = (await colorAtPixel(page, { x: Math.round(box.x + box.width * 0.5), y: Math.round(box.y + box.height * 0.3) })) as [
        number,
        number,
        number,
      ];
      return Math.max(red, green, blue) - Math.min(red, green, blue);
    };
    const strokes = [await strokeAt('plane-axial'), await strokeAt('beside-plane-axial')];
    expect(strokes[1], String(strokes)).toBeLessThan(15);

    // the brush does nothing on the right, and there is nothing to save
    await page.keyboard.press('b');
    await drag(page, 'beside-plane-axial');
    expect(await viewer.getAttribute('data-dirty')).toBe('false');
    await page.keyboard.press('Control+s');
    await drag(page, 'plane-axial');
    await expect.poll(() => viewer.getAttribute('data-dirty')).toBe('true');
    await page.keyboard.press('Control+z');

    // by Escape the open case is alone again
    await page.keyboard.press('w');
    await page.keyboard.press('Escape');
    await page.getByTestId('beside').waitFor({ state: 'detached' });
    await expect.poll(() => viewer.getAttribute('data-layout')).toBe('planes');

    // another case, from the menu of its row: no frame of reference in common
    await page.locator('[data-testid=case][data-case-id=other]').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Compare with the open case' }).click();
    await beside.waitFor(WAIT);
    expect(await page.getByTestId('beside').getAttribute('data-case-id')).toBe('other');
    expect(await page.getByTestId('beside').getAttribute('data-link')).toBe('share');
    expect(await page.getByTestId('beside-note').textContent()).toContain('No common frame of reference');
    await page.getByLabel('axial slice', { exact: true }).fill('5');
    await expect.poll(() => sliceOf(page, left)).toBe(6);
    await expect.poll(() => sliceOf(page, right)).toBe(Math.round((5 / (DIMS[2] - 1)) * (OTHER_DIMS[2] - 1)) + 1);
    await picture(page, `compare-cases-${drawnBy}`);
    await page.getByLabel('How both sides are linked').selectOption('off');
    await page.getByLabel('Compared axial slice').fill('0');
    await expect.poll(() => sliceOf(page, right)).toBe(1);
    expect(await sliceOf(page, left)).toBe(6);
    await page.keyboard.press('Shift+Digit1');
    await page.getByTestId('beside').waitFor({ state: 'detached' });

    // again and again: what the last comparison drew may stay on the card until the next one, and nothing beyond it
    const session = await page.context().newCDPSession(page);
    const held = async (): Promise<number[]> => {
      await page.waitForTimeout(500);
      for (let round = 0; round < 2; round++) await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      return [...(await page.evaluate(() => (globalThis as unknown as { graphics(): number[] }).graphics())), usedSize / 2 ** 20];
    };
    const compareAgain = async (): Promise<void> => {
      await page.locator('[data-testid=case][data-case-id=other]').click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Compare with the open case' }).click();
      await beside.waitFor(WAIT);
      await page.keyboard.press('Shift+Digit1');
      await page.getByTestId('beside').waitFor({ state: 'detached' });
    };
    await compareAgain();
    const once = await held();
    for (let round = 0; round < 3; round++) await compareAgain();
    const after = await held();
    const change = `textures, buffers, MiB of the heap: ${String(once)} → ${String(after)}`;
    if (process.env.MASKLOOP_SCREENSHOTS) console.log(drawnBy, change);
    expect(after[0], change).toBeLessThanOrEqual(once[0]!);
    expect(after[1], change).toBeLessThanOrEqual(once[1]!);
    expect(after[2]! - once[2]!, change).toBeLessThan(3);

    expect(readdirSync(join(hosted.projectFolder, 'cases', 'first', 'labels')).filter((name) => /^r\d+\.nii\.gz$/.test(name))).toHaveLength(2);
    expect(readdirSync(join(hosted.projectFolder, 'cases', 'other', 'labels')).filter((name) => /^r\d+\.nii\.gz$/.test(name))).toHaveLength(1);
    expect(complaints).toEqual([]);
  }, 180_000);
});
