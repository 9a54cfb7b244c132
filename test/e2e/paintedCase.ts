/** A case to paint on, in a page of either shell, and discs that are painted on it one after the other. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { writeGzippedNifti } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { AxialPlane } from './axialPlane.ts';

export const CASE_ID = 'painted';
const DIMS = [160, 128, 10] as const;
const SPACING = [0.5, 0.5, 1.5] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
const grid = gridFromAffine(DIMS, [-0.5, 0, 0, 40, 0, -0.5, 0, 32, 0, 0, 1.5, -7, 0, 0, 0, 1]);
const NIFTI_HEADER_BYTES = 352;
/** In a row, of the mask that is imported: the legend needs a label. */
const LABELLED_VOXELS = 4;
const RADIUS_MM = 1.5;
const COLUMNS = 12;
const ROWS = 9;
const PITCH_MM = 5;
/** Between two strokes, so that the places do not run out in three paintings of five seconds. */
const BREATH_MS = 150;

/** Written beside `project`; from the welcome page of `page` to the opened case. */
export async function openPaintedCase(page: Page, folder: string): Promise<void> {
  const studies = join(folder, 'studies');
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
  await writeGzippedNifti(
    join(studies, 'imagesTr', `${CASE_ID}.nii.gz`),
    grid,
    Int16Array.from({ length: COUNT }, (_, n) => 100 + (n % 97)),
  );
  await writeGzippedNifti(
    join(studies, 'labelsTr', `${CASE_ID}.nii.gz`),
    grid,
    Uint8Array.from({ length: COUNT }, (_, n) => (n < LABELLED_VOXELS ? 1 : 0)),
  );
  await page.getByLabel('Project folder', { exact: true }).fill(join(folder, 'project'));
  await page.getByRole('button', { name: 'New project here' }).click({ delay: 150 }); // as slowly as a hand: what the typed path changes must not move the button away
  await page.getByRole('button', { name: 'Import…' }).click();
  await page.getByLabel('Folder to import').fill(studies);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('Import finished.').waitFor({ timeout: 120_000 });
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.locator(`[data-testid=case][data-case-id=${CASE_ID}]`).click();
  await isShown(page);
}

export const isShown = (page: Page): Promise<void> =>
  page.locator(`[data-testid=viewer][data-ready=true][data-case-id=${CASE_ID}]`).waitFor({ timeout: 60_000 });

/** Newest revision, without header. */
export function newestMask(project: string): Buffer {
  const labels = join(project, 'cases', CASE_ID, 'labels');
  const newest = readdirSync(labels)
    .filter((name) => /^r\d{4}\.nii\.gz$/.test(name))
    .sort()
    .at(-1)!;
  return gunzipSync(readFileSync(join(labels, newest))).subarray(NIFTI_HEADER_BYTES);
}

/** Names of journals that have not ended, and of those that were set aside. */
export function journalsOf(project: string): { readonly open: string[]; readonly aside: string[] } {
  const folder = join(project, 'cases', CASE_ID, 'journal');
  const names = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
  return { open: names(folder).filter((name) => name !== 'aside'), aside: names(join(folder, 'aside')) };
}

/** Clicks a brush: discs in a row, then the next row. */
export class DiscPainter {
  /** When the hand was lifted, by `performance.now()`. */
  readonly liftedAtMs: number[] = [];

  private constructor(
    private readonly page: Page,
    private readonly plane: AxialPlane,
    private readonly first: number,
  ) {}

  /** Leaves the places of the `first` discs free. */
  static async create(page: Page, first = 0): Promise<DiscPainter> {
    const plane = await AxialPlane.measure(page, 100);
    await page.keyboard.press('b');
    await page.getByLabel('Brush radius in mm').fill(String(RADIUS_MM));
    await page.getByRole('button', { name: 'Brush', exact: true }).click();
    return new DiscPainter(page, plane, first);
  }

  async paintNext(): Promise<void> {
    const n = this.first + this.liftedAtMs.length;
    await this.plane.drag([((n % COLUMNS) - (COLUMNS - 1) / 2) * PITCH_MM, (Math.floor(n / COLUMNS) - (ROWS - 1) / 2) * PITCH_MM]);
    this.liftedAtMs.push(performance.now());
    await this.page.waitForTimeout(BREATH_MS);
  }

  /** Until `isOver`; whatever then fails has no page to fail on. */
  async paintUntil(isOver: () => boolean): Promise<void> {
    try {
      while (!isOver() && this.first + this.liftedAtMs.length < COLUMNS * ROWS) await this.paintNext();
    } catch (thrown) {
      if (!isOver()) throw thrown;
    }
  }
}

/** How many whole discs the mask has; throws where one is torn. */
export function discsIn(mask: Buffer): number {
  const sizes: number[] = [];
  const seen = new Uint8Array(mask.length);
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || seen[start]) continue;
    const open = [start];
    seen[start] = 1;
    let size = 0;
    for (let n = open.pop(); n !== undefined; n = open.pop()) {
      size++;
      for (const next of [n - 1, n + 1, n - DIMS[0], n + DIMS[0]]) {
        if (mask[next] !== 1 || seen[next]) continue;
        seen[next] = 1;
        open.push(next);
      }
    }
    if (size !== LABELLED_VOXELS) sizes.push(size);
  }
  const whole = (Math.PI * RADIUS_MM ** 2) / (SPACING[0] * SPACING[1]);
  const torn = sizes.filter((size) => Math.abs(size / whole - 1) > 0.3);
  if (torn.length > 0) throw new Error(`discs of ${torn.join(', ')} instead of ${whole.toFixed(0)} voxels`);
  return sizes.length;
}
