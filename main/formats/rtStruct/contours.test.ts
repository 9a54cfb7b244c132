import { describe, expect, it } from 'vitest';
import { fillContours } from './fillContours.ts';
import { traceContours } from './traceContours.ts';

/** Rows of a picture; digits are label values. */
const sliceOf = (rows: readonly string[]) => ({
  labels: Uint8Array.from(rows.join('').replaceAll('.', '0')),
  offset: 0,
  width: rows[0]!.length,
  height: rows.length,
});
const ring = (...points: number[]) => Float64Array.from(points);
const picture = (pixels: Uint8Array, width: number) =>
  Array.from({ length: pixels.length / width }, (_, row) => [...pixels.subarray(row * width, (row + 1) * width)].map((on) => (on ? '1' : '.')).join(''));

describe('fillContours', () => {
  it('takes pixels whose centre lies inside', () => {
    expect(picture(fillContours([ring(0.6, 0.6, 3.4, 0.6, 3.4, 2.4, 0.6, 2.4)], 5, 4), 5)).toEqual(['.....', '.111.', '.111.', '.....']);
  });

  it('of centres on an edge takes those at low coordinates, so that neighbours share none', () => {
    const [left, right] = [fillContours([ring(0, 0, 2, 0, 2, 3, 0, 3)], 5, 4), fillContours([ring(2, 0, 4, 0, 4, 3, 2, 3)], 5, 4)];
    expect(picture(left, 5)).toEqual(['11...', '11...', '11...', '.....']);
    expect(picture(right, 5)).toEqual(['..11.', '..11.', '..11.', '.....']);
  });

  it('noise below a millionth of a pixel does not decide', () => {
    expect(fillContours([ring(1e-9, -1e-9, 2 - 1e-9, 1e-9, 2 + 1e-9, 3, -1e-9, 3)], 5, 4)).toEqual(fillContours([ring(0, 0, 2, 0, 2, 3, 0, 3)], 5, 4));
  });

  it('a contour in another is a hole, one in the hole an island', () => {
    const square = (low: number, high: number) => ring(low, low, high, low, high, high, low, high);
    expect(picture(fillContours([square(-0.5, 6.5), square(0.5, 5.5), square(1.5, 4.5)], 7, 7), 7)).toEqual([
      '1111111',
      '1.....1',
      '1.111.1',
      '1.111.1',
      '1.111.1',
      '1.....1',
      '1111111',
    ]);
  });

  it('a keyhole is a hole, also where its channel runs over pixel centres', () => {
    const keyhole = ring(-0.5, -0.5, 4.5, -0.5, 4.5, 4.5, -0.5, 4.5, -0.5, 2, 0.5, 2, 0.5, 3.5, 3.5, 3.5, 3.5, 0.5, 0.5, 0.5, 0.5, 2, -0.5, 2);
    expect(picture(fillContours([keyhole], 5, 5), 5)).toEqual(['11111', '1...1', '1...1', '1...1', '11111']);
    const slanted = ring(-0.5, -0.5, 6.5, -0.5, 6.5, 6.5, -0.5, 6.5, -0.5, -0.5, 1.7, 1.9, 1.7, 4.4, 4.4, 4.4, 4.4, 1.9, 1.7, 1.9);
    expect(picture(fillContours([slanted], 7, 7), 7)).toEqual(['1111111', '1111111', '11...11', '11...11', '11...11', '1111111', '1111111']);
  });

  it('points far away, and rings of no area, do no harm', () => {
    expect(picture(fillContours([ring(-1e300, -1e300, 1e300, -1e300, 1e300, 1e300, -1e300, 1e300)], 3, 2), 3)).toEqual(['111', '111']);
    expect(picture(fillContours([ring(1, 1, 1, 1, 1, 1), ring(0, 0, 2, 2)], 3, 2), 3)).toEqual(['...', '...']);
  });
});

describe('traceContours', () => {
  it('draws a pixel as a diamond and merges points on a line', () => {
    expect(traceContours(sliceOf(['...', '.1.', '...'])).get(1)).toEqual([ring(0.5, 1, 1, 0.5, 1.5, 1, 1, 1.5)]);
    expect(traceContours(sliceOf(['....', '.111', '.111', '....'])).get(1)![0]!.length / 2).toBe(8);
    expect(traceContours(sliceOf(['1....', '11...', '111..', '1111.', '11111'])).get(1)![0]!.length / 2).toBe(6);
  });

  it('holes and pixels that touch at a corner are rings of their own', () => {
    expect(traceContours(sliceOf(['1111', '1..1', '1..1', '1111'])).get(1)).toHaveLength(2);
    expect(traceContours(sliceOf(['1.', '.1'])).get(1)).toHaveLength(2);
    expect(traceContours(sliceOf(['111', '1.1', '11.'])).get(1)).toHaveLength(1);
  });

  it('filled again they give every label of a random slice, to the pixel', () => {
    let state = 7;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 200; round++) {
      const [width, height] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 12)];
      const labels = Uint16Array.from({ length: width * height + 3 }, () => Math.floor(random() * 3) * 300);
      const rings = traceContours({ labels, offset: 3, width, height });
      for (const value of [300, 600]) {
        const expected = Uint8Array.from(labels.subarray(3), (label) => Number(label === value));
        expect(fillContours(rings.get(value) ?? [], width, height)).toEqual(expected);
        // what rounding to a decimal string or another rule for centres on edges could do
        const shaken = (rings.get(value) ?? []).map((points) => points.map((x) => x + (random() - 0.5) * 0.3));
        expect(fillContours(shaken, width, height)).toEqual(expected);
      }
    }
  });
});
