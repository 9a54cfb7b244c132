import { describe, expect, it } from 'vitest';
import { defaultColor } from './segmentColors.ts';

type Triple = readonly [number, number, number];
/** Linear RGB as it is seen, from Machado, Oliveira and Fernandes 2009, full severity. */
const SEEN: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  'without colour blindness': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function labOf(rgb: Triple, [r, g, b]: readonly [Triple, Triple, Triple]): Triple {
  const linear = rgb.map((value) => (value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const [R, G, B] = [r, g, b].map((row) => Math.max(0, row[0] * linear[0]! + row[1] * linear[1]! + row[2] * linear[2]!)) as unknown as Triple;
  const root = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [
    root((0.4124 * R + 0.3576 * G + 0.1805 * B) / 0.9505),
    root(0.2126 * R + 0.7152 * G + 0.0722 * B),
    root((0.0193 * R + 0.1192 * G + 0.9505 * B) / 1.089),
  ];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe('default colours of segments', () => {
  const first = Array.from({ length: 7 }, (_, index) => defaultColor(index + 1));
  it.each(Object.entries(SEEN))('the first seven stay apart: %s', (_kind, matrix) => {
    const labs = first.map((rgb) => labOf(rgb, matrix));
    // 2.3 is just noticeable side by side; the palette before had pairs at 1.1
    const distances = labs.flatMap((a, i) => labs.slice(0, i).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])));
    expect(Math.min(...distances)).toBeGreaterThan(13);
    // and stand out from black, where most of an image is
    for (const [lightness] of labs) expect(lightness).toBeGreaterThan(35);
  });
  it('goes on for every label value', () => {
    for (const value of [8, 13, 300, 65_535])
      for (const channel of defaultColor(value)) expect(channel).toSatisfy((n: number) => Number.isInteger(n) && n >= 0 && n <= 255);
    expect(defaultColor(300)).not.toEqual(defaultColor(301));
  });
});
