import { describe, expect, it } from 'vitest';
import { boundingBox, cropVolume, nonZeroMask, uncropVolume } from './crop.ts';
import { normalizeChannel } from './normalize.ts';
import { inverseOrder, transposedShape, transposeVolume, type ShapeDhw } from './tensorShape.ts';

describe('crop to what is not zero', () => {
  it('fills enclosed holes, keeps open ones, and boxes the union of the channels', () => {
    const shape: ShapeDhw = [5, 5, 6];
    const shell = new Int16Array(150);
    const other = new Int16Array(150);
    for (let d = 1; d <= 3; d++) for (let h = 1; h <= 3; h++) for (let w = 1; w <= 3; w++) shell[(d * 5 + h) * 6 + w] = d === 2 && h === 2 && w === 2 ? 0 : -7;
    other[(2 * 5 + 2) * 6 + 5] = 1;
    const mask = nonZeroMask([shell, other], shape);
    expect(mask[(2 * 5 + 2) * 6 + 2]).toBe(1);
    expect(mask[(2 * 5 + 2) * 6 + 4]).toBe(0);
    expect(boundingBox(mask, shape)).toEqual({ begin: [1, 1, 1], end: [4, 4, 6] });
  });

  it('keeps an empty volume whole', () => {
    const shape: ShapeDhw = [2, 3, 4];
    expect(boundingBox(nonZeroMask([new Uint8Array(24)], shape), shape)).toEqual({ begin: [0, 0, 0], end: [2, 3, 4] });
  });

  it('uncrop undoes crop inside the box', () => {
    const shape: ShapeDhw = [3, 4, 5];
    const box = { begin: [1, 0, 2], end: [3, 2, 5] } as const;
    const values = Uint8Array.from({ length: 60 }, (_, n) => n + 1);
    const back = uncropVolume(cropVolume(values, shape, box), shape, box);
    expect([...back].filter((value) => value > 0)).toEqual([...cropVolume(values, shape, box)]);
    back.forEach((value, n) => expect(value === 0 || value === n + 1).toBe(true));
  });
});

it('transposing there and back is the identity for every order', () => {
  const shape: ShapeDhw = [2, 3, 4];
  const values = Uint8Array.from({ length: 24 }, (_, n) => n);
  for (const order of [
    [0, 1, 2],
    [1, 0, 2],
    [2, 0, 1],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1],
  ] as const) {
    const moved = transposeVolume(values, shape, order);
    const at = transposedShape([1, 2, 3] as const, order);
    const movedShape = transposedShape(shape, order);
    expect(moved[(at[0] * movedShape[1] + at[1]) * movedShape[2] + at[2]]).toBe(1 * 12 + 2 * 4 + 3);
    expect([...transposeVolume(moved, movedShape, inverseOrder(order))]).toEqual([...values]);
  }
});

describe('normalisation', () => {
  const intensities = { mean: 10, std: 2, percentile005: 6, percentile995: 14 };
  it('clips CT before scaling', () => {
    expect([...normalizeChannel([-1000, 8, 10, 3000], 'ct', intensities)]).toEqual([-2, -1, 0, 2]);
  });
  it('takes z-scores inside the mask only', () => {
    const mask = Uint8Array.of(1, 1, 0);
    expect([...normalizeChannel([1, 3, 50], 'zscore', intensities, mask)]).toEqual([-1, 1, 50]);
    const flat = normalizeChannel([5, 5, 5], 'zscore', intensities);
    expect([...flat]).toEqual([0, 0, 0]);
  });
});
