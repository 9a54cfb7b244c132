import { describe, expect, it } from 'vitest';
import type { AppException } from '../../contract/errors.ts';
import { segGeometry, type SegPlane } from './segGeometry.ts';

const plane = (depthMm: number, changes: Partial<SegPlane> = {}): SegPlane => ({
  positionLpsMm: [10, 20, depthMm],
  orientation: [1, 0, 0, 0, 1, 0],
  pixelSpacingMm: [0.5, 0.75],
  spacingBetweenSlicesMm: undefined,
  sliceThicknessMm: undefined,
  ...changes,
});
const geometry = (depthsMm: readonly number[], changes: Partial<SegPlane> = {}) =>
  segGeometry(
    depthsMm.map((depth) => plane(depth, changes)),
    4,
    5,
    'x.dcm',
  );
const refusal = (planes: readonly SegPlane[]): string => {
  try {
    segGeometry(planes, 4, 5, 'x.dcm');
  } catch (thrown) {
    const { error } = thrown as AppException;
    if (error.code === 'import/bad-geometry') return error.detail;
    throw thrown;
  }
  return '';
};

describe('planes of frames to a grid', () => {
  it('frames in any order, several in one plane', () => {
    const { grid, planeOfFrame, planeOfSlice, warnings } = geometry([4, 2, 6, 2, 4]);
    expect(grid).toEqual({ dimsIjk: [5, 4, 3], spacingMm: [0.75, 0.5, 2], originLpsMm: [10, 20, 2], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    expect([...planeOfFrame]).toEqual([1, 0, 2, 0, 1]);
    expect([...planeOfSlice]).toEqual([0, 1, 2]);
    expect(warnings).toEqual([]);
  });

  it('planes that are left out: by the declared spacing, else by the common divisor of distances', () => {
    expect([...geometry([0, 6, 8], { spacingBetweenSlicesMm: 2 }).planeOfSlice]).toEqual([0, -1, -1, 1, 2]);
    expect([...geometry([0, 4, 10]).planeOfSlice]).toEqual([0, -1, 1, -1, -1, 2]);
    expect(geometry([0, 10], { spacingBetweenSlicesMm: 2.5 }).grid.spacingMm[2]).toBe(2.5);
    // a declared spacing that the positions contradict
    expect(geometry([0, 3, 6], { spacingBetweenSlicesMm: 2 }).grid.spacingMm[2]).toBe(3);
  });

  it('a single plane is as thick as it says', () => {
    expect(geometry([7], { spacingBetweenSlicesMm: 3, sliceThicknessMm: 5 }).grid.spacingMm[2]).toBe(3);
    expect(geometry([7], { sliceThicknessMm: 5 }).grid.spacingMm[2]).toBe(5);
    expect(geometry([7])).toMatchObject({ grid: { spacingMm: [0.75, 0.5, 1] }, warnings: ['a single plane without a thickness: 1 mm taken'] });
  });

  it('uneven planes are spread over the slices nearest to them, and it is said', () => {
    const { grid, planeOfSlice, warnings } = geometry([0, 1, 2, 3, 4.37, 6.1, 7.1]);
    expect(grid.spacingMm[2]).toBeCloseTo(7.1 / 8, 9);
    // 0, 0.89, 1.78, 2.66, 3.55, 4.44, 5.33, 6.21, 7.1 mm
    expect([...planeOfSlice]).toEqual([0, 1, 2, 3, 3, 4, 5, 5, 6]);
    expect(warnings[0]).toContain('uneven distances (1 mm to 1.73 mm)');
  });

  it('reversed and oblique orientations: k ascends along the normal', () => {
    const down = geometry([0, 2, 4], { orientation: [-1, 0, 0, 0, 1, 0] });
    expect(down.grid.originLpsMm).toEqual([10, 20, 4]);
    expect(down.grid.direction.slice(6)).toEqual([0, 0, -1]);
    const [cos, sin] = [Math.cos(0.3), Math.sin(0.3)];
    const oblique = [0, 1, 2].map((n) => plane(0, { orientation: [1, 0, 0, 0, cos, sin], positionLpsMm: [0, -2 * n * sin, 2 * n * cos] }));
    const { grid } = segGeometry(oblique, 4, 5, 'x.dcm');
    expect(grid.spacingMm[2]).toBeCloseTo(2, 9);
    expect(grid.direction[8]).toBeCloseTo(cos, 9);
  });

  it('what lies on no grid is refused with the reason', () => {
    expect(refusal([plane(0), plane(1, { orientation: [0, 1, 0, 1, 0, 0] })])).toContain('several orientations');
    expect(refusal([plane(0), plane(1, { pixelSpacingMm: [1, 1] })])).toContain('different pixel spacing');
    expect(refusal([plane(0), plane(1, { positionLpsMm: [10, 24, 1] })])).toContain('shifted in their own plane by up to 4 mm');
    expect(refusal([plane(0, { orientation: undefined })])).toContain('Image Orientation');
    expect(refusal([plane(0, { orientation: [1, 0, 0, 1, 0, 0] })])).toContain('right angles');
    expect(refusal([plane(0, { pixelSpacingMm: [0, 1] })])).toContain('Pixel Spacing');
    expect(refusal([plane(0), plane(1, { positionLpsMm: [NaN, 0, 0] })])).toContain('without Image Position');
    expect(refusal([plane(0), plane(1), plane(1e7)])).toContain('3 planes spread over');
  });
});
