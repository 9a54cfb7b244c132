/**
 * The whole loop as a radiologist walks it, with real mouse and keyboard, in whatever shell the page belongs to:
 * import → look → paint → save → train → predict → correct → accept → retrain → export.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';

const LABELLED = 4;
export const UNLABELLED_CASE = 'phantom_005';
const JOB_MS = 240_000;

/** Four labelled phantoms, one unlabelled, and one DICOM series. Returns the folder to import. */
export async function makeStudies(folder: string): Promise<string> {
  const studies = join(folder, 'studies');
  mkdirSync(studies, { recursive: true });
  const made = await runPhantoms(
    { task: 'phantoms', folder: join(studies, 'nifti'), caseCount: LABELLED + 1, labelledCount: LABELLED, seed: 1 },
    { tell: () => undefined, stop: { aborted: false } },
  );
  expect(made.ok).toBe(true);
  const { grid, image } = makePhantom(77);
  const series = join(studies, 'dicom');
  mkdirSync(series);
  writeDicomSeries(grid, image, { patientId: 'dicom-phantom', modality: 'MR' }).forEach((bytes, slice) => writeFileSync(join(series, `IM${slice}`), bytes));
  return studies;
}

const viewer = (page: Page): Locator => page.getByTestId('viewer');
const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

async function openCase(page: Page, caseId: string): Promise<void> {
  await page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
  await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor({ timeout: 30_000 });
}

/** Drags over the axial plane, around its middle; offsets in pixels. Returns nothing when the mask did not change. */
async function stroke(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const box = (await page.getByTestId('plane-axial').boundingBox())!;
  const at = ([dx, dy]: readonly [number, number]): [number, number] => [box.x + box.width / 2 + dx, box.y + box.height / 2 + dy];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 12 });
  await page.mouse.up();
  await page.locator('[data-testid=viewer][data-dirty=true]').waitFor({ timeout: 15_000 });
}

/** Share of pixels of the axial plane that are not black: the image is really drawn. */
async function brightShare(page: Page): Promise<number> {
  const png = await page.getByTestId('plane-axial').screenshot();
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let bright = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i]! > 40) bright++;
    return bright / (data.length / 4);
  }, png.toString('base64'));
}

/** Starts a training of a few short epochs and waits until its model is listed with a validation Dice. */
async function train(page: Page, name: 'Train' | 'Retrain', expectedModels: number, { epochs, jobMs }: WalkLength): Promise<void> {
  await page.getByLabel('Unit of training').selectOption('epochs');
  await page.getByLabel('Amount of training').fill(String(epochs));
  await button(page, name).click();
  await page.locator('[data-testid=job][data-kind=train]').waitFor({ timeout: 30_000 });
  await expect.poll(() => page.locator('[data-testid=run][data-state=finished]').count(), { timeout: jobMs, interval: 500 }).toBe(expectedModels);
  const newest = page.locator('[data-testid=run]').first();
  expect(await newest.getAttribute('data-dice')).toMatch(/^0(\.\d+)?$|^1$/);
}

const newestRevision = (page: Page): Locator => page.getByTestId('revision').first();

export interface WalkFolders {
  readonly studies: string;
  readonly project: string;
  readonly output: string;
  /** A picture of the workspace is written here when given. */
  readonly screenshot?: string;
}

export interface WalkLength {
  readonly epochs: number;
  readonly retrains: boolean;
  /** How long a job may take. */
  readonly jobMs: number;
}
const WHOLE: WalkLength = { epochs: 2, retrains: true, jobMs: JOB_MS };

export async function walkTheLoop(page: Page, { studies, project, output, screenshot }: WalkFolders, length = WHOLE): Promise<void> {
  await page.getByLabel('Project folder', { exact: true }).fill(project);
  await button(page, 'New project here').click();
  await page.getByTestId('workspace').waitFor();

  await button(page, 'Import…').click();
  await page.getByLabel('Folder to import').fill(studies);
  await button(page, 'Import').click();
  await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await expect.poll(() => page.getByTestId('case').count()).toBe(LABELLED + 2);
  expect(await page.locator('[data-testid=case][data-status=accepted]').count()).toBe(LABELLED);

  // look
  await openCase(page, UNLABELLED_CASE);
  expect(await brightShare(page)).toBeGreaterThan(0.05);
  await page.getByTestId('plane-axial').hover();
  await expect.poll(() => page.getByTestId('cursor').textContent()).toContain('voxel');

  // paint, undo, redo, save
  await page.getByRole('button', { name: 'Brush', exact: true }).click();
  await stroke(page, [-60, -40], [40, -20]);
  await page.keyboard.press('Control+z');
  await expect.poll(() => button(page, 'Redo').isEnabled()).toBe(true);
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+s');
  await page.locator('[data-testid=viewer][data-revision="1"][data-dirty=false]').waitFor({ timeout: 30_000 });
  expect(await newestRevision(page).getAttribute('data-source')).toBe('manual');

  await page.getByRole('tab', { name: 'Train' }).click();
  await train(page, 'Train', 1, length);
  await button(page, 'Predict this case').click();
  await page.locator('[data-testid=viewer][data-revision="2"][data-ready=true]').waitFor({ timeout: length.jobMs });
  if (screenshot) await page.screenshot({ path: screenshot.replace('.png', '-train.png') });

  // correct and accept the prediction
  await page.getByRole('tab', { name: 'Mask' }).click();
  expect(await newestRevision(page).getAttribute('data-source')).toMatch(/^model:/);
  await page.getByRole('button', { name: 'Brush', exact: true }).click();
  await stroke(page, [-50, 30], [50, 50]);
  await button(page, 'Accept').click();
  await page.locator('[data-testid=revision][data-accepted=true]').waitFor({ timeout: 30_000 });
  expect(await newestRevision(page).getAttribute('data-source')).toMatch(/^corrected:/);
  if (screenshot) await page.screenshot({ path: screenshot });

  if (length.retrains) {
    await page.getByRole('tab', { name: 'Train' }).click();
    await train(page, 'Retrain', 2, length);
    expect(await page.getByTestId('run').first().textContent()).toContain('from ');
  }

  await exportMasks(page, 'NIfTI', output);
  await exportMasks(page, 'DICOM Segmentation', join(output, 'seg'));
  await expect.poll(() => viewer(page).getAttribute('data-dirty')).toBe('false');
}

async function exportMasks(page: Page, format: string, folder: string): Promise<void> {
  await button(page, 'Export…').click();
  await page.getByRole('radio', { name: new RegExp(`^${format}`) }).check();
  await page.getByLabel('Folder to export to').fill(folder);
  await button(page, 'Export').click();
  await page.getByText(/masks were written to/).waitFor({ timeout: 60_000 });
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
}
