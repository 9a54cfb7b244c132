import { describe, expect, it } from 'vitest';
import { type ContinuousIjk, type SliceSampling, sampleSlice } from './sampleSlice.ts';

const DIMS = [7, 6, 5] as const;
const voxels = Int16Array.from({ length: 7 * 6 * 5 }, (_, n) => ((n * 7919) % 4001) - 1000);

/** Straight from the formula, pixel by pixel and not rounded: of eight voxels, or of the nearest. */
function formula({
  scalarData,
  dimensions,
  width,
  height,
  rowStartIndex,
  xStepIndexDelta,
  yStepIndexDelta,
  isNearest,
  fallbackMin,
  fallbackMax,
}: Omit<SliceSampling, 'pixelData'>): number[] {
  const voxel = (i: number, j: number, k: number): number => scalarData[i + dimensions[0] * (j + dimensions[1] * k)]!;
  return Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const at = [0, 1, 2].map((axis) => rowStartIndex[axis]! + x * xStepIndexDelta[axis]! + y * yStepIndexDelta[axis]!);
    if (at.some((position, axis) => position < -0.5 - 1e-4 || position > dimensions[axis]! - 0.5 + 1e-4)) return fallbackMin;
    const inside = at.map((position, axis) => Math.min(dimensions[axis]! - 1, Math.max(0, position)));
    let sum = isNearest ? voxel(...(inside.map((position) => Math.floor(position + 0.5 - 1e-6)) as [number, number, number])) : 0;
    for (let corner = 0; corner < 8 && !isNearest; corner++) {
      const bits = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const index = inside.map((position, axis) => Math.min(dimensions[axis]! - 1, Math.floor(position) + bits[axis]!));
      const weight = inside.reduce((product, position, axis) => product * (bits[axis] ? position % 1 : 1 - (position % 1)), 1);
      sum += weight * voxel(...(index as [number, number, number]));
    }
    return Math.min(fallbackMax, Math.max(fallbackMin, sum));
  });
}

const planes: Record<string, readonly [start: ContinuousIjk, across: ContinuousIjk, down: ContinuousIjk]> = {
  'axial, on a slice': [
    [-1.3, -0.9, 2],
    [0.43, 0, 0],
    [0, 0.37, 0],
  ],
  'axial, between slices': [
    [-1.3, -0.9, 2.25],
    [0.43, 0, 0],
    [0, 0.37, 0],
  ],
  'the other way round': [
    [7.2, 6.1, 1],
    [-0.41, 0, 0],
    [0, -0.33, 0],
  ],
  sagittal: [
    [3, -1.2, 5.1],
    [0, 0.39, 0],
    [0, 0, -0.31],
  ],
  coronal: [
    [-0.8, 4.6, 4.9],
    [0.52, 0, 0],
    [0, 0, -0.29],
  ],
  'fewer pixels than voxels': [
    [0.3, 0.2, 4],
    [1.7, 0, 0],
    [0, 1.9, 0],
  ],
  oblique: [
    [-0.7, -0.4, 0.2],
    [0.31, 0.12, 0.05],
    [-0.08, 0.27, 0.11],
  ],
  'beside the volume': [
    [-30, 0, 2],
    [0.4, 0, 0],
    [0, 0.4, 0],
  ],
};

describe('the voxels that the pixels of a plane fall on', () => {
  for (const [name, [rowStartIndex, xStepIndexDelta, yStepIndexDelta]] of Object.entries(planes)) {
    for (const isNearest of [false, true]) {
      it(`${name}, ${isNearest ? 'the nearest' : 'linear between them'}`, () => {
        const asked = {
          scalarData: voxels,
          dimensions: DIMS,
          width: 23,
          height: 21,
          rowStartIndex,
          xStepIndexDelta,
          yStepIndexDelta,
          isNearest,
          fallbackMin: -1024,
          fallbackMax: 2500,
          keepsFractions: false,
        };
        const pixelData = new Int16Array(23 * 21).fill(77);
        const range = sampleSlice({ ...asked, pixelData });
        // halves are rounded up or down by the last bit of a sum
        const unrounded = formula(asked);
        expect(unrounded.filter((value, n) => Math.abs(value - pixelData[n]!) > (isNearest ? 0 : 0.5 + 1e-6))).toEqual([]);
        expect(range).toEqual({ min: Math.min(...pixelData), max: Math.max(...pixelData) });
      });
    }
  }

  it('keeps fractions where they are asked for, and takes what is no number for the smallest value', () => {
    const scalarData = Float32Array.from([0.25, 0.75, Number.NaN, 0.5]);
    const pixelData = new Float32Array(4);
    sampleSlice({
      scalarData,
      dimensions: [4, 1, 1],
      pixelData,
      width: 4,
      height: 1,
      rowStartIndex: [0, 0, 0],
      xStepIndexDelta: [1, 0, 0],
      yStepIndexDelta: [0, 1, 0],
      isNearest: false,
      fallbackMin: 0,
      fallbackMax: 1,
      keepsFractions: true,
    });
    expect([...pixelData]).toEqual([0.25, 0.75, 0, 0.5]);
  });
});
