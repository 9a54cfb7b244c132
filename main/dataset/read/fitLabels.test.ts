import { describe, expect, it } from 'vitest';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { fitLabels } from './fitLabels.ts';

/** Axis-parallel; a negative spacing runs the axis backwards. */
const gridOf = (dims: number[], [x, y, z]: number[], [ox, oy, oz]: number[]): Grid =>
  gridFromAffine(dims, [x!, 0, 0, ox!, 0, y!, 0, oy!, 0, 0, z!, oz!, 0, 0, 0, 1]);
const image = gridOf([6, 5, 4], [1, 1, 2], [0, 0, 0]);
const fit = (grid: Grid, voxels: Uint8Array, isPlaced = true) => fitLabels({ grid, voxels }, image, '/l', isPlaced);
const errorOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    return (thrown as { error: unknown }).error;
  }
};

describe('fitLabels', () => {
  it('takes labels of the same voxels silently: all, a part, or backwards', () => {
    const all = Uint8Array.from({ length: 120 }, (_, n) => n % 3);
    expect(fit(image, all)).toEqual({ voxels: all, warnings: [] });
    const part = gridOf([2, 2, 2], [1, 1, 2], [3, 2, 2]);
    const fitted = fit(part, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(fitted.warnings).toEqual([]);
    expect([...fitted.voxels].flatMap((value, n) => (value ? [[value, n]] : [])).slice(0, 3)).toEqual([
      [1, 45],
      [2, 46],
      [3, 51],
    ]);
    const backwards = gridOf([6, 5, 4], [1, 1, -2], [0, 0, 6]);
    const turned = fit(backwards, all);
    expect([turned.warnings, turned.voxels[0], turned.voxels[90]]).toEqual([[], all[90], all[0]]);
  });

  it('resamples from another grid and says what was lost', () => {
    const coarse = gridOf([3, 3, 2], [2, 2, 4], [0.5, 0.5, 1]);
    const { warnings, voxels } = fit(coarse, new Uint8Array(18).fill(1));
    expect(voxels).toEqual(new Uint8Array(120).fill(1));
    expect(warnings).toMatchObject([
      { code: 'import/labels-resampled', detail: expect.stringContaining('3 × 3 × 2 voxels of 2 × 2 × 4 mm instead of 6 × 5 × 4 voxels of 1 × 1 × 2 mm') },
    ]);
    const beside = fit(gridOf([6, 5, 4], [1, 1, 2], [2, 0, 0]), new Uint8Array(120).fill(1));
    expect(beside.warnings).toMatchObject([{ detail: expect.stringContaining('40 of 120 labelled voxels lie outside the image and are lost') }]);
  });

  it('refuses labels of another image, and of the same shape without a place', () => {
    const labels = new Uint8Array(120).fill(1);
    expect(errorOf(() => fit(gridOf([6, 5, 4], [1, 1, 2], [100, 0, 0]), labels))).toMatchObject({
      code: 'import/bad-geometry',
      detail: expect.stringContaining('120 of 120 labelled voxels are outside'),
    });
    expect(errorOf(() => fit(gridOf([5, 6, 4], [1, 1, 2], [100, 0, 0]), labels))).toEqual({
      code: 'import/label-shape',
      path: '/l',
      imageDims: [6, 5, 4],
      labelDims: [5, 6, 4],
    });
    expect(errorOf(() => fit(gridOf([6, 5, 4], [1, 1, 2], [1, 0, 0]), labels, false))).toMatchObject({
      code: 'import/bad-geometry',
      detail: expect.stringContaining('does not say how it lies'),
    });
    // an empty map that lies beside the image
    expect(errorOf(() => fit(gridOf([6, 5, 4], [1, 1, 2], [100, 0, 0]), new Uint8Array(120)))).toMatchObject({ code: 'import/bad-geometry' });
  });
});
