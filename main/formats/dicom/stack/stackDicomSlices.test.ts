import { describe, expect, it } from 'vitest';
import { writeDicomSeries, type DicomSeriesOptions } from '../../../../test/phantoms/writeDicomSeries.ts';
import { AppException } from '../../../contract/errors.ts';
import type { Grid } from '../../../contract/vocabulary.ts';
import { axisDirection, gridDistanceMm, gridFromAffine, ijkToLps, type Ijk } from '../../../imaging/grid.ts';
import { readDicomSlices } from '../readDicomSlices.ts';
import { stackDicomSlices, type DicomVolume } from './stackDicomSlices.ts';

type Field = (lpsMm: readonly number[]) => number;

/** Values over space: linear, so that linear interpolation is exact but for rounding to whole numbers. */
const ramp: Field = ([x, y, z]) => 3 * x! - 2 * y! + 5 * z! + 100;
/** Waves 60 mm long in y and z. */
const waves: Field = ([, y, z]) => 1000 * Math.sin((2 * Math.PI * y!) / 60) * Math.cos((2 * Math.PI * z!) / 60);

const gridOf = (dims: Ijk, spacing: Ijk, angle = 0, origin: Ijk = [-20, 15, -40]): Grid => {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const axes = [
    [spacing[0], 0, 0],
    [0, spacing[1] * c, spacing[1] * s],
    [0, -spacing[2] * s, spacing[2] * c],
  ];
  const rows = [0, 1, 2].flatMap((world) => [...axes.map((axis) => axis[world]!), origin[world]!]);
  return gridFromAffine(dims, [...rows, 0, 0, 0, 1]);
};

/** A series whose slices lie anywhere: `move` takes each slice's place in the grid to where it is, in millimetres. */
function movedSeries(
  grid: Grid,
  field: Field,
  move: (slice: number, positionLpsMm: readonly number[]) => readonly number[],
  options: DicomSeriesOptions = {},
): Uint8Array[] {
  const [ni, nj, nk] = grid.dimsIjk;
  const voxels = new Int16Array(ni * nj * nk);
  for (let k = 0, n = 0; k < nk; k++) {
    const upright = ijkToLps(grid, [0, 0, k]);
    const moved = move(k, upright);
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++) {
        const place = ijkToLps(grid, [i, j, k]);
        voxels[n++] = Math.round(field(place.map((x, axis) => x + moved[axis]! - upright[axis]!)));
      }
    }
  }
  return writeDicomSeries(grid, voxels, { ...options, position: move });
}

function stack(files: readonly Uint8Array[]): DicomVolume {
  const slices = files.flatMap((bytes, n) => readDicomSlices(bytes, `${n}.dcm`));
  return stackDicomSlices(slices, 'series');
}

/** Largest difference between voxels and field, over those that `counts`. */
function largestError({ grid, voxels }: DicomVolume, field: Field, counts: (ijk: Ijk) => boolean = () => true): number {
  const [ni, nj] = grid.dimsIjk;
  let largest = 0;
  voxels.forEach((value, n) => {
    const ijk: Ijk = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))];
    if (counts(ijk)) largest = Math.max(largest, Math.abs(value - field(ijkToLps(grid, ijk))));
  });
  return largest;
}

function refusalOf(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof AppException && 'detail' in thrown.error ? thrown.error.detail : thrown;
  }
  return undefined;
}

describe('regular stacks', () => {
  it('have the exact spacing and name the slice of each plane', () => {
    const grid = gridOf([4, 5, 7], [0.9765625, 0.9765625, 3.27], 0.3);
    const volume = stack(movedSeries(grid, ramp, (_, p) => p).reverse());
    expect(gridDistanceMm(volume.grid, grid)).toBeLessThan(1e-6);
    expect(volume.grid.spacingMm[2]).toBeCloseTo(3.27, 8);
    expect(volume).toMatchObject({ isResampled: false, warnings: [], quantity: '' });
    expect(volume.sliceKeys).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `1.2.826.0.1.3680043.10.999.1.${n}`));
  });

  it('may run against their normal: planes ascend along it all the same', () => {
    const grid = gridOf([4, 5, 3], [1, 1, 2]);
    const [, , nk] = grid.dimsIjk;
    const volume = stack(movedSeries(grid, ramp, (k, [x, y, z]) => [x!, y!, z! + 2 * (nk - 1 - 2 * k)]));
    expect(volume.sliceKeys.map((key) => key.at(-1))).toEqual(['3', '2', '1']);
    expect(largestError(volume, ramp)).toBeLessThanOrEqual(0.5);
  });

  it('follow the positions where the cosines are rounded: no slice is moved', () => {
    const grid = gridOf([4, 5, 300], [0.5, 0.5, 2], 0.3);
    const files = movedSeries(grid, ramp, (_, p) => p, { orientation: (_, cosines) => cosines.map((x) => Number(x.toFixed(3))) });
    const volume = stack(files);
    expect(volume).toMatchObject({ isResampled: false, warnings: [] });
    // 598 mm on, the rounded normal alone would miss the slice by 0.2 mm
    expect(gridDistanceMm(volume.grid, grid)).toBeLessThan(0.003);
  });

  it('take rounded positions for what they mean', () => {
    const grid = gridOf([4, 5, 9], [1, 1, 1 / 3]);
    const volume = stack(movedSeries(grid, ramp, (_, p) => p.map((x) => Number(x.toFixed(2)))));
    expect(volume.isResampled).toBe(false);
    expect(volume.grid.spacingMm[2]).toBeCloseTo(1 / 3, 2);
  });
});

describe('tilted gantry', () => {
  const angle = (15 * Math.PI) / 180;
  /** Slices stand at 15° to the table, which moves along z: each lies lower in its plane than the one before. */
  const tilted = gridOf([6, 40, 12], [1, 1, 3 * Math.cos(angle)], angle);
  const start = ijkToLps(tilted, [0, 0, 0]);
  const alongTable = (k: number) => [start[0], start[1], start[2] + 3 * k];
  const series = (field: Field) => stack(movedSeries(tilted, field, alongTable));
  /** Where slices were measured: up to half a pixel beyond the outermost pixel it is that pixel, without a slope. */
  const isInside = (grid: Grid) => (ijk: Ijk) => {
    const along = axisDirection(tilted, 1);
    const [k, place] = [ijk[2], ijkToLps(grid, ijk)];
    const at = along.reduce((sum, x, n) => sum + x * (place[n]! - alongTable(k)[n]!), 0);
    return at >= 0 && at <= tilted.dimsIjk[1] - 1;
  };

  it('becomes an upright grid and says so', () => {
    const volume = series(ramp);
    expect(volume).toMatchObject({ isResampled: true, sliceKeys: [] });
    // 11 steps of 3 mm · sin 15° are 8.54 mm: nine rows more
    expect(volume.grid.dimsIjk).toEqual([6, 49, 12]);
    expect(volume.grid.spacingMm[2]).toBeCloseTo(3 * Math.cos(angle), 6);
    expect(volume.warnings).toEqual([
      {
        code: 'import/resampled',
        path: 'series',
        detail:
          'gantry tilt of 15.0°: the last slice is shifted by 8.541 mm against the first; ' +
          '12 slices became a grid of 6 × 49 × 12 with 2.898 mm between planes, interpolated linearly',
      },
    ]);
  });

  it('puts every value where it was measured', () => {
    const linear = series(ramp);
    expect(largestError(linear, ramp, isInside(linear.grid))).toBeLessThanOrEqual(1);
    // linear interpolation over 1 mm errs by at most h²/8 · |f''| = 1.37 + rounding twice
    const curved = series(waves);
    expect(largestError(curved, waves, isInside(curved.grid))).toBeLessThanOrEqual((1000 * ((2 * Math.PI) / 60) ** 2) / 8 + 1);
  });

  it('is missed where the scanner names it and the positions show none', () => {
    const upright = movedSeries(gridOf([4, 5, 6], [1, 1, 2]), ramp, (_, p) => p, { more: () => [['00181120', 'DS', '-12.5']] });
    expect(stack(upright).warnings).toMatchObject([
      { code: 'import/assumed', detail: 'the scanner names a gantry tilt of -12.5°, but the positions of the slices show none' },
    ]);
  });

  it('fills with padding, and mixes padding with nothing', () => {
    const files = movedSeries(tilted, (lps) => (lps[1]! > 30 ? -2000 : 50), alongTable, { more: () => [['00280120', 'US', 65536 - 2000]] });
    expect([...new Set(stack(files).voxels)].sort((a, b) => a - b)).toEqual([-2000, 50]);
    const dark = stack(movedSeries(tilted, () => 50, alongTable));
    expect([...new Set(dark.voxels)]).toEqual([50]);
  });

  it('is not taken for one when slices wander, which are put right just as well', () => {
    const grid = gridOf([20, 20, 6], [1, 1, 2]);
    const volume = stack(movedSeries(grid, ramp, (k, [x, y, z]) => [x! + (k === 2 ? 1.5 : 0), y!, z!]));
    expect(volume.warnings).toMatchObject([
      { code: 'import/resampled', detail: expect.stringContaining('do not lie above each other: shifted by up to 1.5 mm') },
    ]);
    const inside = ([i, , k]: Ijk) => (k === 2 ? i >= 2 : i < 20);
    expect(largestError(volume, ramp, inside)).toBeLessThanOrEqual(1);
  });

  it('is refused where first and last slice do not overlap', () => {
    const grid = gridOf([4, 4, 6], [1, 1, 2]);
    expect(refusalOf(() => stack(movedSeries(grid, ramp, (k, [x, y, z]) => [x! + 3 * k, y!, z!])))).toContain('do not overlap');
  });
});

describe('uneven slices', () => {
  const atDepths = (depths: readonly number[]) => movedSeries(gridOf([4, 5, depths.length], [1, 1, 2]), ramp, (k) => [-20, 15, depths[k]! - 40]);

  it('missing ones are filled between their neighbours; the others stay what they are', () => {
    const volume = stack(atDepths([0, 2, 4, 8, 10, 16, 18]));
    expect(volume.grid.dimsIjk[2]).toBe(10);
    expect(volume.grid.spacingMm[2]).toBeCloseTo(2, 9);
    expect(largestError(volume, ramp)).toBeLessThanOrEqual(0.5);
    expect(volume.isResampled).toBe(true);
    expect(volume.warnings).toMatchObject([
      { detail: expect.stringContaining('3 missing slices: 4 mm between slices 3 and 4, usually 2 mm; gaps at 2 places') },
    ]);
  });

  it('of two spacings get the finer one everywhere, and lose no slice', () => {
    const volume = stack(atDepths([0, 2.5, 5, 7.5, 12.5, 17.5, 22.5]));
    expect(volume.grid.spacingMm[2]).toBeCloseTo(2.5, 9);
    expect(largestError(volume, ramp)).toBeLessThanOrEqual(1);
    expect(volume.warnings).toMatchObject([{ detail: expect.stringContaining('uneven slice spacing: from 2.5 mm to 5 mm, usually 2.5 mm') }]);
  });

  it('of any spacing get the usual one from the first to the last slice', () => {
    const volume = stack(atDepths([0, 2, 4.3, 6.1, 8.2, 10, 11.9, 14]));
    expect(volume.grid.dimsIjk[2]).toBe(8);
    expect(volume.grid.spacingMm[2]).toBeCloseTo(2, 9);
    expect(largestError(volume, ramp)).toBeLessThanOrEqual(1);
    expect(volume.warnings).toMatchObject([{ detail: expect.stringContaining('uneven slice spacing: from 1.8 mm to 2.3 mm, usually 2 mm') }]);
  });

  it.each([
    ['more than 10 mm', [0, 4, 8, 20, 24, 28], '2 missing slices: 12 mm between slices 3 and 4, usually 4 mm; too wide'],
    ['more than three slices', [0, 1, 2, 7, 8, 9], '4 missing slices: 5 mm between slices 3 and 4, usually 1 mm; too wide'],
    ['thick slices', [0, 12, 25, 36, 48, 61], 'uneven slice spacing: from 11 mm to 13 mm, usually 12 mm; too wide'],
  ])('are refused where tissue would be made up: %s', (_, depths, reason) => {
    expect(refusalOf(() => stack(atDepths(depths)))).toContain(reason);
  });

  it('a tilt and a gap together are both put right', () => {
    const grid = gridOf([6, 30, 8], [1, 1, 2]);
    const volume = stack(movedSeries(grid, ramp, (k) => [-20, 15 + 0.4 * (k > 3 ? k + 1 : k), -40 + 2 * (k > 3 ? k + 1 : k)]));
    expect(volume.grid.dimsIjk).toEqual([6, 34, 9]);
    expect(largestError(volume, ramp, ([, j]) => j >= 4 && j < 30)).toBeLessThanOrEqual(1);
    expect(volume.warnings).toMatchObject([{ detail: expect.stringMatching(/1 missing slice: .*gantry tilt of 11\.3°/) }]);
  });
});

describe('slices at one position', () => {
  const grid = gridOf([4, 5, 6], [1, 1, 2]);
  const inPairs = (k: number) => [-20, 15, 2 * Math.floor(k / 2) - 40];

  it('count once when they are copies of one image', () => {
    const volume = stack(movedSeries(grid, ramp, inPairs));
    expect(volume.grid.dimsIjk[2]).toBe(3);
    expect(volume.warnings).toMatchObject([{ code: 'import/assumed', detail: '3 images are copies of others at the same position and were left out' }]);
  });

  it('are refused when they differ', () => {
    const files = movedSeries(grid, ramp, inPairs, { slope: (slice) => String(1 + slice) });
    expect(refusalOf(() => stack(files))).toBe('6 images at 3 slice positions, and nothing in their headers tells them apart');
  });
});
