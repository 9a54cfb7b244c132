/**
 * A walk with mouse and keyboard for every tool and operation that changes a mask: its step is taken back and brought back,
 * compared to theory voxel by voxel and taken back again; at the end the mask must be what it was. One project is opened once.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGzippedNifti, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { AxialPlane, leftMmUnder } from './axialPlane.ts';
import { CHROMIUM } from './browserHost.ts';
import { hostProject, type HostedProject } from './hostedProject.ts';
import { picture } from './picture.ts';

type Xyz = readonly [number, number, number];
const DIMS = [96, 96, 21] as const;
const SPACING = [0.5, 0.5, 1.5] as const;
const COUNT = DIMS[0] * DIMS[1] * DIMS[2];
const SLICE = DIMS[0] * DIMS[1];
const PIXEL_MM2 = SPACING[0] * SPACING[1];
const VOXEL_MM3 = PIXEL_MM2 * SPACING[2];
const grid = gridFromAffine(DIMS, [0.5, 0, 0, -23.75, 0, 0.5, 0, -23.75, 0, 0, 1.5, -15, 0, 0, 0, 1]);
/** Millimetres to the patient's left, back and head, from the middle of the volume: as on the axial plane, to the right and down. */
const mmOf = (n: number): Xyz => [(n % DIMS[0]) * 0.5 - 23.75, (Math.floor(n / DIMS[0]) % DIMS[1]) * 0.5 - 23.75, Math.floor(n / SLICE) * 1.5 - 15];
const within = ([x, y, z]: Xyz, [cx, cy, cz]: Xyz, radiusMm: number): boolean => Math.hypot(x - cx, y - cy, z - cz) <= radiusMm;

const BALL = 1;
const BOX = 2;
const EMPTY = 3;
const IGNORE = 4;
/** In the image: 7 mm of bright voxels where no segment is painted. */
const BRIGHT: Xyz = [2, 0, 0];
/** In the mask: a ball with a hole beside its middle and an island, and a box that ends 12 mm to the left. */
const isBright = (mm: Xyz): boolean => within(mm, BRIGHT, 7);
const isIsland = (mm: Xyz): boolean => within(mm, [-14, 12, 0], 2);
const isHole = (mm: Xyz): boolean => within(mm, [-14, -12, 4], 1.8);
const isBall = (mm: Xyz): boolean => within(mm, [-14, -12, 0], 7);
const labelAt = (mm: Xyz): number => (mm[0] > 12 ? BOX : (isBall(mm) && !isHole(mm)) || isIsland(mm) ? BALL : 0);

const FIRST = Uint8Array.from({ length: COUNT }, (_, n) => labelAt(mmOf(n)));
const GREYS = Int16Array.from({ length: COUNT }, (_, n) => (isBright(mmOf(n)) ? 400 : 100) + (n % 7));
const voxelsWhere = (holds: (mm: Xyz) => boolean): number => Array.from({ length: COUNT }, (_, n) => mmOf(n)).filter(holds).length;
const ballMm3 = (radiusMm: number): number => (4 / 3) * Math.PI * radiusMm ** 3;

/** Area of a figure in the plane, by midpoints of a tenth of a millimetre. */
function areaMm2(holds: (x: number, y: number) => boolean): number {
  let count = 0;
  for (let y = -23.95; y < 24; y += 0.1) for (let x = -23.95; x < 24; x += 0.1) if (holds(x, y)) count++;
  return count * 0.01;
}

/** Voxels of `label` that a walk added (or took away, then negative). */
const gained = (mask: Buffer, label: number): number => count(mask, label) - count(FIRST, label);
const count = (mask: Uint8Array, label: number): number => mask.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
const slicesChanged = (mask: Buffer): number =>
  Array.from({ length: DIMS[2] }, (_, k) => mask.subarray(k * SLICE, (k + 1) * SLICE)).filter((slice, k) =>
    slice.some((value, n) => value !== FIRST[k * SLICE + n]),
  ).length;
function near(actual: number, theory: number): void {
  expect(Math.abs(actual / theory - 1), `${actual} against ${theory}`).toBeLessThan(0.02);
}
const nearArea = (voxels: number, mm2: number): void => near(voxels * PIXEL_MM2, mm2);
const nearVolume = (voxels: number, mm3: number): void => near(voxels * VOXEL_MM3, mm3);

interface Walk {
  /** As the history calls the step; it is walked once for each `way`. */
  readonly step: string;
  readonly way: string;
  /** Steps before it, which are taken back at the end. */
  readonly prepare?: () => Promise<number>;
  readonly act: () => Promise<void>;
  readonly check: (mask: Buffer) => void;
  /** Options back as they were. */
  readonly after?: () => Promise<void>;
}

describe.skipIf(!existsSync(CHROMIUM))(`every tool in a browser (needs ${CHROMIUM})`, () => {
  let hosted: HostedProject;
  let page: Page;
  let complaints: string[];
  let labelsFolder: string;
  let revision = 1;
  let plane: AxialPlane;

  beforeAll(async () => {
    hosted = await hostProject('every-tool', async (rig, root) => {
      const studies = join(root, 'studies');
      for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(studies, part), { recursive: true });
      await writeGzippedNifti(join(studies, 'imagesTr', 'tools_0000.nii.gz'), grid, GREYS);
      await writeLabelmap(join(studies, 'labelsTr', 'tools.nii.gz'), grid, FIRST);
      const labels = { background: 0, ball: BALL, box: BOX, empty: EMPTY, ignore: IGNORE };
      writeFileSync(join(studies, 'dataset.json'), JSON.stringify({ channel_names: { 0: 'MRI' }, labels, numTraining: 1, file_ending: '.nii.gz' }));
      await rig.call('project.create', { folder: rig.projectFolder });
      await rig.jobEnd((await rig.call('dataset.import', { paths: [studies] })).jobId);
      labelsFolder = join(rig.projectFolder, 'cases/tools/labels');
    });
    ({ page, complaints } = await hosted.openPage({ width: 1300, height: 900 }));
    await page.getByTestId('case').click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
    plane = await AxialPlane.measure(page, 150);
    await page.locator('summary', { hasText: 'Operations' }).click();
  }, 120_000);
  afterAll(() => hosted?.remove());

  const at: AxialPlane['at'] = (xMm, yMm) => plane.at(xMm, yMm);
  const drag: AxialPlane['drag'] = (...pointsMm) => plane.drag(...pointsMm);
  const click = (xMm: number, yMm: number): Promise<void> => drag([xMm, yMm]);
  const CORNERS = 20;
  const round = (x: number, y: number, radiusMm: number): [number, number][] =>
    Array.from({ length: CORNERS }, (_, n) => [x + radiusMm * Math.cos((n * 2 * Math.PI) / CORNERS), y + radiusMm * Math.sin((n * 2 * Math.PI) / CORNERS)]);
  const roundMm2 = (radiusMm: number): number => (CORNERS / 2) * Math.sin((2 * Math.PI) / CORNERS) * radiusMm ** 2;

  /** Keys of digits choose a segment, letters a tool. */
  const keys = async (...names: string[]): Promise<void> => {
    for (const name of names) await page.keyboard.press(name);
  };
  const choose = async (label: string, option: string | { readonly label: string }): Promise<void> => {
    await page.getByLabel(label, { exact: true }).selectOption(option);
    await page.getByLabel(label, { exact: true }).blur(); // a list that has the focus takes keys
  };
  const radius = (radiusMm: number): Promise<void> => page.getByLabel('Brush radius in mm').fill(String(radiusMm));
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const number = async (label: string, value: number): Promise<void> => {
    await page.getByLabel(label, { exact: true }).last().fill(String(value));
    await page.keyboard.press('Tab');
  };
  const waitForStep = (way: 'Undo' | 'Redo', name: string): Promise<void> => page.locator(`button[title*="${way}: ${name}"]`).waitFor({ timeout: 15_000 });

  async function saved(): Promise<Buffer> {
    await page.locator('[data-testid=viewer][data-dirty=true]').waitFor({ timeout: 15_000 });
    await page.keyboard.press('Control+s');
    revision++;
    await page.locator(`[data-testid=viewer][data-revision="${revision}"][data-dirty=false]`).waitFor({ timeout: 30_000 });
    return gunzipSync(readFileSync(join(labelsFolder, `r${String(revision).padStart(4, '0')}.nii.gz`))).subarray(352);
  }
  const paintBrush = async (segment: number, xMm: number, yMm: number, radiusMm: number, tool = 'b'): Promise<number> => {
    await keys(String(segment), tool);
    await radius(radiusMm);
    await click(xMm, yMm);
    return 1;
  };

  let drawnMm2 = 0;
  /** Of the corners that are drawn on the axial plane. */
  async function contourMm2(): Promise<number> {
    const path = (await page.getByTestId('plane-axial').locator('svg.edit-preview path').getAttribute('d'))!;
    const corners = path
      .split(/[MLZ]/)
      .filter((part) => part)
      .map((part) => part.split(' ').map(Number) as [number, number]);
    const twice = corners.reduce((sum, [x, y], n) => sum + x * corners[(n + 1) % corners.length]![1] - corners[(n + 1) % corners.length]![0] * y, 0);
    return Math.abs(twice) / 2 / plane.pixelsPerMm ** 2;
  }

  const walks: readonly Walk[] = [
    {
      step: 'Brush',
      way: 'disc',
      act: () => paintBrush(BALL, 2, 0, 6).then(() => undefined),
      check: (mask) => {
        nearArea(gained(mask, BALL), Math.PI * 36);
        expect(slicesChanged(mask)).toBe(1);
      },
    },
    {
      step: 'Brush',
      way: 'ball through slices',
      act: () => paintBrush(EMPTY, 2, 0, 6, 's').then(() => undefined),
      check: (mask) => nearVolume(gained(mask, EMPTY), ballMm3(6)),
    },
    {
      step: 'Eraser',
      way: 'disc',
      act: () => paintBrush(BOX, 18, 0, 5, 'e').then(() => undefined),
      check: (mask) => {
        nearArea(-gained(mask, BOX), Math.PI * 25);
        expect(slicesChanged(mask)).toBe(1);
      },
    },
    {
      step: 'Eraser',
      way: 'ball through slices',
      act: () => paintBrush(BOX, 18, 0, 5, 'r').then(() => undefined),
      check: (mask) => nearVolume(-gained(mask, BOX), ballMm3(5)),
    },
    {
      step: 'Brush',
      way: 'grows by ] and the wheel with Ctrl, shrinks by [',
      act: async () => {
        await keys('1', 'b');
        await radius(4);
        await keys(']', ']', '['); // 4, 5, 6, 5
        await page.mouse.move(...at(2, 0));
        await page.keyboard.down('Control');
        await page.mouse.wheel(0, -100);
        await page.keyboard.up('Control');
        await click(2, 0);
      },
      check: (mask) => nearArea(gained(mask, BALL), Math.PI * 36),
    },
    {
      step: 'Push',
      way: 'from within, outwards',
      act: async () => {
        await keys('1', 'n');
        await radius(3);
        await drag([-14, -12], [-4, -12], [7, -12]);
      },
      check: (mask) =>
        nearArea(
          gained(mask, BALL),
          areaMm2((x, y) => Math.hypot(x - Math.min(7, Math.max(-14, x)), y + 12) <= 3 && Math.hypot(x + 14, y + 12) > 7),
        ),
    },
    {
      step: 'Push',
      way: 'from without, inwards',
      act: async () => {
        await keys('1', 'n');
        await radius(3);
        await drag([-3, -12], [-9, -12], [-18, -12]);
      },
      check: (mask) =>
        nearArea(
          -gained(mask, BALL),
          areaMm2((x, y) => Math.hypot(x - Math.min(-3, Math.max(-18, x)), y + 12) <= 3 && Math.hypot(x + 14, y + 12) <= 7),
        ),
    },
    {
      step: 'Lasso',
      way: 'fills',
      act: async () => {
        await keys('3', 'l');
        await drag(...round(2, 0, 7));
      },
      check: (mask) => nearArea(gained(mask, EMPTY), roundMm2(7)),
    },
    {
      step: 'Lasso',
      way: 'cuts with Alt',
      act: async () => {
        await keys('2', 'l');
        await page.keyboard.down('Alt');
        await drag(...round(18, 2, 5));
        await page.keyboard.up('Alt');
      },
      check: (mask) => nearArea(-gained(mask, BOX), roundMm2(5)),
    },
    {
      step: 'Polygon',
      way: 'corner by corner, one taken back, Enter',
      act: async () => {
        await keys('3', 'g');
        for (const [x, y] of [
          [-6, -8],
          [9, -8],
          [20, 20],
        ] as const)
          await click(x, y);
        await keys('Backspace');
        await click(9, 10);
        await keys('Enter');
      },
      check: (mask) => nearArea(gained(mask, EMPTY), (15 * 18) / 2),
    },
    {
      step: 'Rectangle',
      way: 'fills',
      act: async () => {
        await keys('3', 'q');
        await drag([-6, -8], [9, 8]);
      },
      check: (mask) => nearArea(gained(mask, EMPTY), 15 * 16),
    },
    {
      step: 'Rectangle',
      way: 'scissors through the volume',
      act: async () => {
        await keys('2', 'q');
        await choose('What the outline does', 'erase');
        await choose('How deep the outline goes', 'volume');
        await drag([14, -10], [22, 10]);
      },
      check: (mask) => {
        expect(slicesChanged(mask)).toBe(DIMS[2]);
        nearArea(-gained(mask, BOX) / DIMS[2], 8 * 20);
      },
    },
    {
      step: 'Rectangle',
      way: 'keeps the inside through the volume',
      act: async () => {
        await keys('2', 'q');
        await choose('What the outline does', 'eraseOutside');
        await drag([14, -10], [22, 10]);
      },
      check: (mask) => {
        nearArea(count(mask, BOX) / DIMS[2], 8 * 20);
        expect(count(mask, BALL)).toBe(0);
      },
      after: async () => {
        await choose('What the outline does', 'fill');
        await choose('How deep the outline goes', 'slice');
      },
    },
    {
      step: 'Contour',
      way: 'a curve through points, Enter',
      act: async () => {
        await keys('3', 'v');
        for (const point of round(2, 0, 8)) await click(...point);
        await keys('Enter');
      },
      check: (mask) => {
        nearArea(gained(mask, EMPTY), Math.PI * 64);
        expect(slicesChanged(mask)).toBe(1);
      },
    },
    {
      step: 'Contour',
      way: 'straight lines in place of the segment; a point dragged, one put in, one taken out, double click',
      act: async () => {
        await keys('1');
        await choose('Between the points', 'polygon');
        for (const [x, y] of [
          [-6, -6],
          [8, -6],
          [8, 4],
          [-12, 15],
          [-6, 8],
        ] as const)
          await click(x, y);
        await drag([8, 4], [8, 6], [8, 8]);
        await page.keyboard.down('Shift');
        await click(-12, 15);
        await page.keyboard.up('Shift');
        await drag([1, -6], [1, -8], [1, -10]);
        await page.mouse.dblclick(...at(-6, 8));
      },
      check: (mask) => {
        nearArea(gained(mask, BALL) + voxelsWhere((mm) => labelAt(mm) === BALL && mm[2] === 0), 14 * 14 + (14 * 4) / 2);
        expect(slicesChanged(mask)).toBe(1);
      },
    },
    {
      step: 'Contour',
      way: 'the edge of a painted piece, as points that are dragged',
      act: async () => {
        await keys('1');
        await click(-14, -12);
        await keys('Enter'); // nothing moved: no step
        expect(await page.getByRole('button', { name: 'Undo', exact: true }).isDisabled()).toBe(true);
        await click(-14, -12);
        await drag([-7, -12], [-4, -12], [1, -12]);
        drawnMm2 = await contourMm2();
        await picture(page, 'contour');
        await keys('Enter');
      },
      check: (mask) => {
        nearArea(gained(mask, BALL) + voxelsWhere((mm) => isBall(mm) && mm[2] === 0), drawnMm2);
        expect(drawnMm2).toBeGreaterThan(Math.PI * 49 + 5);
        expect(slicesChanged(mask)).toBe(1);
      },
    },
    {
      step: 'Contour',
      way: 'on the coronal plane, added to what is there',
      act: async () => {
        await keys('3');
        await choose('Between the points', 'spline');
        await choose('What the contour does', 'add');
        const { x, y, width, height } = (await page.getByTestId('plane-coronal').boundingBox())!;
        const [centreX, centreY] = [x + width / 2, y + height / 2];
        const mm = 40 / ((await leftMmUnder(page, centreX + 20, centreY)) - (await leftMmUnder(page, centreX - 20, centreY)));
        const radiusPx = 9 * mm;
        for (let n = 0; n < CORNERS; n++)
          await page.mouse.click(centreX + radiusPx * Math.cos((n * 2 * Math.PI) / CORNERS), centreY + radiusPx * Math.sin((n * 2 * Math.PI) / CORNERS));
        await keys('Enter');
      },
      check: (mask) => near(gained(mask, EMPTY) * SPACING[0] * SPACING[2], Math.PI * 81),
      after: () => choose('What the contour does', 'replace'),
    },
    {
      step: 'Fill',
      way: 'takes over a connected piece of the slice',
      act: async () => {
        await keys('3', 'y');
        await click(18, 0);
      },
      check: (mask) => {
        expect(gained(mask, EMPTY)).toBe(24 * 96);
        expect(gained(mask, BOX)).toBe(-24 * 96);
      },
    },
    {
      step: 'Fill',
      way: 'erases one with Shift',
      act: async () => {
        await keys('1', 'y');
        await page.keyboard.down('Shift');
        await click(-14, 12);
        await page.keyboard.up('Shift');
      },
      check: (mask) => expect(gained(mask, BALL)).toBe(-voxelsWhere((mm) => isIsland(mm) && mm[2] === 0)),
    },
    {
      step: 'Region',
      way: 'grows through what has the grey value',
      act: async () => {
        await keys('3', 'o');
        await click(2, 0);
      },
      check: (mask) => {
        expect(gained(mask, EMPTY)).toBe(voxelsWhere(isBright));
        nearVolume(gained(mask, EMPTY), ballMm3(7));
      },
    },
    {
      step: 'Brush',
      way: 'only greys in a range',
      act: async () => {
        await keys('3', 's');
        await radius(9);
        await choose('Which grey values', 'range');
        await page.getByLabel('Lowest grey value').first().fill('350');
        await page.getByLabel('Highest grey value').first().fill('450');
        await page.keyboard.press('Tab');
        await click(2, 0);
      },
      check: (mask) => expect(gained(mask, EMPTY)).toBe(voxelsWhere(isBright)),
    },
    {
      step: 'Brush',
      way: 'only greys near the click',
      act: async () => {
        await keys('3', 's');
        await choose('Which grey values', 'near');
        await click(2, 0);
      },
      check: (mask) => expect(gained(mask, EMPTY)).toBe(voxelsWhere(isBright)),
      after: () => choose('Which grey values', 'any'),
    },
    {
      step: 'Brush',
      way: 'over background only',
      act: async () => {
        await keys('3', 'b');
        await choose('Paint over', 'background');
        await radius(6);
        await click(12, 0);
      },
      check: (mask) => {
        nearArea(
          gained(mask, EMPTY),
          areaMm2((x, y) => Math.hypot(x - 12, y) <= 6 && x <= 12),
        );
        expect(gained(mask, BOX)).toBe(0);
      },
    },
    {
      step: 'Brush',
      way: 'over shown segments only',
      act: async () => {
        await press('Hide box');
        await keys('3', 'b');
        await choose('Paint over', 'shown');
        await radius(6);
        await click(12, 0);
      },
      check: (mask) => {
        nearArea(
          gained(mask, EMPTY),
          areaMm2((x, y) => Math.hypot(x - 12, y) <= 6 && x <= 12),
        );
        expect(gained(mask, BOX)).toBe(0);
      },
      after: async () => {
        await press('Show box');
        await choose('Paint over', 'everything');
      },
    },
    {
      step: 'Brush',
      way: 'the ignore label',
      act: () => paintBrush(IGNORE, 2, 0, 6).then(() => undefined),
      check: (mask) => nearArea(gained(mask, IGNORE), Math.PI * 36),
    },
    {
      step: 'Threshold',
      way: 'adds a range',
      act: async () => {
        await keys('1');
        await number('Lowest grey value', 350);
        await number('Highest grey value', 450);
        await press('Add range');
      },
      check: (mask) => expect(gained(mask, BALL)).toBe(voxelsWhere(isBright)),
    },
    {
      step: 'Threshold',
      way: 'replaces by a range',
      act: async () => {
        await keys('1');
        await press('Replace by range');
      },
      check: (mask) => expect(count(mask, BALL)).toBe(voxelsWhere(isBright)),
    },
    {
      step: 'Keep range only',
      way: 'of a ball painted over',
      prepare: () => paintBrush(BALL, 2, 0, 10, 's'),
      act: () => press('Keep range only'),
      check: (mask) => expect(count(mask, BALL)).toBe(voxelsWhere(isBright)),
    },
    {
      step: 'Grow',
      way: 'by 2 mm, the hole closes',
      act: async () => {
        await keys('1');
        await number('Margin in mm', 2);
        await press('Grow');
      },
      check: (mask) => nearVolume(count(mask, BALL), ballMm3(9) + ballMm3(4)),
    },
    {
      step: 'Shrink',
      way: 'by 2 mm',
      prepare: () => paintBrush(EMPTY, 2, 0, 9, 's'),
      act: async () => {
        await number('Margin in mm', 2);
        await press('Shrink');
      },
      check: (mask) => nearVolume(count(mask, EMPTY), ballMm3(7)),
    },
    {
      step: 'Fill holes',
      way: 'in all directions',
      act: async () => {
        await keys('1');
        await press('Fill holes');
      },
      check: (mask) => expect(gained(mask, BALL)).toBe(voxelsWhere(isHole)),
    },
    {
      step: 'Remove islands',
      way: 'smaller than 0.1 ml',
      act: async () => {
        await keys('1');
        await number('Islands smaller than, in ml', 0.1);
        await press('Remove islands');
      },
      check: (mask) => expect(gained(mask, BALL)).toBe(-voxelsWhere(isIsland)),
    },
    {
      step: 'Keep largest piece',
      way: 'the island goes',
      act: async () => {
        await keys('1');
        await press('Keep largest piece');
      },
      check: (mask) => expect(gained(mask, BALL)).toBe(-voxelsWhere(isIsland)),
    },
    ...(['median', 'gaussian'] as const).map((kind): Walk => ({
      step: 'Smooth',
      way: `${kind}: a flat face stays, a speck goes`,
      prepare: () => paintBrush(BOX, 4, 0, 1),
      act: async () => {
        await choose('Kind of smoothing', kind);
        await number('Smoothing in mm', 1.5);
        await press('Smooth');
      },
      check: (mask) => {
        expect(
          voxelsWhere((mm) => mm[0] < 8) -
            count(
              maskWhere(mask, (mm) => mm[0] < 8),
              0,
            ) -
            count(
              maskWhere(mask, (mm) => mm[0] < 8),
              BALL,
            ),
        ).toBe(0);
        near(count(mask, BOX), count(FIRST, BOX));
      },
    })),
    {
      step: 'Fill between slices',
      way: 'two discs become a rod',
      prepare: async () => {
        await paintBrush(EMPTY, 2, 0, 6);
        await keys('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown');
        await click(2, 0);
        return 2;
      },
      act: () => press('Fill between slices'),
      check: (mask) => {
        expect(slicesChanged(mask)).toBe(6);
        nearArea(count(mask, EMPTY) / 6, Math.PI * 36);
      },
      after: () => keys('ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp'),
    },
    {
      step: 'Merge in',
      way: 'all of another segment',
      act: async () => {
        await keys('1');
        await choose('Other segment', { label: 'box' });
        await press('Merge in');
      },
      check: (mask) => {
        expect(count(mask, BOX)).toBe(0);
        expect(gained(mask, BALL)).toBe(count(FIRST, BOX));
      },
    },
    {
      step: 'Keep away from',
      way: 'by a margin of 2 mm',
      prepare: async () => {
        await choose('Paint over', 'background');
        const steps = await paintBrush(EMPTY, 8, 0, 6);
        await choose('Paint over', 'everything');
        return steps;
      },
      act: async () => {
        await number('Margin in mm', 2);
        await choose('Other segment', { label: 'box' });
        await press('Keep away from');
      },
      check: (mask) => {
        nearArea(
          count(mask, EMPTY),
          areaMm2((x, y) => Math.hypot(x - 8, y) <= 6 && x <= 10),
        );
        expect(gained(mask, BOX)).toBe(0);
      },
    },
  ];
  const maskWhere = (mask: Uint8Array, holds: (mm: Xyz) => boolean): Uint8Array => mask.filter((_, n) => holds(mmOf(n)));

  it.each(walks)(
    '$step: $way',
    async ({ step, prepare, act, check, after }) => {
      const before = prepare ? await prepare() : 0;
      await act();
      await waitForStep('Undo', step);
      await keys('Control+z');
      await waitForStep('Redo', step);
      await keys('Control+y');
      try {
        check(await saved());
      } finally {
        // a walk that fails leaves nothing to those that follow
        for (let n = 0; n <= before; n++) await keys('Control+z');
        await after?.();
      }
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it('all that was taken back left no trace', async () => expect(Buffer.compare(await saved(), FIRST)).toBe(0), 60_000);

  it('background is painted and slices are called complete where unpainted means unknown', async () => {
    await choose('What unpainted means', { label: 'not looked at yet' });
    await keys('0', 'b');
    await radius(6);
    await click(2, 0);
    await keys('k');
    expect(Buffer.compare(await saved(), FIRST)).toBe(0); // never in the mask itself
    const { completeSlices, backgroundVoxelCount, unpainted } = JSON.parse(
      readFileSync(join(labelsFolder, `r${String(revision).padStart(4, '0')}.completeness.json`), 'utf8'),
    );
    expect({ completeSlices, unpainted }).toEqual({ completeSlices: [{ axis: 'k', index: 10 }], unpainted: 'unknown' });
    nearArea(backgroundVoxelCount, Math.PI * 36);
    await keys('k', 'Control+z', '1');
    await choose('What unpainted means', { label: 'background' });
    expect(Buffer.compare(await saved(), FIRST)).toBe(0);
  }, 60_000);

  it('a segment that is taken off the legend leaves the mask, another one as it was', async () => {
    await press('Merge or remove box');
    await press('Remove box');
    revision += 2; // the mask that was imported is the accepted one and follows too
    await page.locator(`[data-testid=viewer][data-revision="${revision}"]`).waitFor({ timeout: 30_000 });
    const mask = gunzipSync(readFileSync(join(labelsFolder, `r${String(revision).padStart(4, '0')}.nii.gz`))).subarray(352);
    expect(count(mask, BOX)).toBe(0);
    expect(gained(mask, BALL)).toBe(0);
    expect(await page.getByTestId('segment').count()).toBe(3);
    expect(complaints).toEqual([]);
  }, 60_000);
});
