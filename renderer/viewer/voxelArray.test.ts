import { describe, expect, it } from 'vitest';
import { valueRange } from './voxelArray.ts';

describe('the range that drawing puts values into', () => {
  it('holds whatever may yet be written into whole numbers', () => {
    expect(valueRange(new Uint8Array([0, 1]))).toEqual([0, 255]);
    expect(valueRange(new Uint16Array(3))).toEqual([0, 65_535]);
    expect(valueRange(new Int16Array([5]))).toEqual([-32_768, 32_767]);
  });
  it('is that of the values where they have fractions, whatever is no number', () => {
    expect(valueRange(new Float32Array([0.5, Number.NaN, -2, 7]))).toEqual([-2, 7]);
    expect(valueRange(new Float32Array([Number.NaN]))).toEqual([0, 0]);
  });
});
