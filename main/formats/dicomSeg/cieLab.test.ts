import { expect, it } from 'vitest';
import { dicomLabOfRgb, rgbOfDicomLab } from './cieLab.ts';

it('sRGB survives CIELab within a step of a channel', () => {
  for (let code = 0; code < 4096; code += 7) {
    const rgb = [(code & 15) * 17, ((code >> 4) & 15) * 17, (code >> 8) * 17] as const;
    rgbOfDicomLab(dicomLabOfRgb(rgb)).forEach((channel, n) => expect(Math.abs(channel - rgb[n]!)).toBeLessThanOrEqual(1));
  }
});

it('white, black and red have the values of the D50 connection space', () => {
  expect(dicomLabOfRgb([255, 255, 255])).toEqual([65_535, 32_896, 32_896]);
  expect(dicomLabOfRgb([0, 0, 0])).toEqual([0, 32_896, 32_896]);
  // L* 54.29, a* 80.81, b* 69.89
  const [l, a, b] = dicomLabOfRgb([255, 0, 0]);
  expect([(l / 65_535) * 100, (a / 65_535) * 255 - 128, (b / 65_535) * 255 - 128].map((x) => Math.round(x * 10))).toEqual([543, 808, 699]);
});
