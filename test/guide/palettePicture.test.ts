import { describe, expect, it } from 'vitest';
import { encodePng } from '../../main/export/evaluation/png.ts';
import { coarseDifference, pngSize, toPalettePng } from './palettePicture.ts';

const [WIDTH, HEIGHT] = [64, 48];
const picture = (colourAt: (x: number, y: number) => readonly number[]): Buffer =>
  Buffer.from(encodePng(Uint8Array.from(Array.from({ length: WIDTH * HEIGHT }, (_, n) => colourAt(n % WIDTH, Math.floor(n / WIDTH))).flat()), WIDTH, HEIGHT));
const gradient = picture((x, y) => [x * 4, y * 5, 128]);

describe('a picture of few colours', () => {
  it('keeps its size and, where it had no more than 256, every pixel', () => {
    const few = picture((x, y) => [x > 20 ? 200 : 10, y > 10 ? 77 : 0, 3]);
    const small = Buffer.from(toPalettePng(few));
    expect(pngSize(small)).toEqual([WIDTH, HEIGHT]);
    expect(coarseDifference(few, small, WIDTH, HEIGHT, 0)).toBe(0);
  });

  it('comes near to one of thousands', () => {
    const small = Buffer.from(toPalettePng(gradient));
    expect(coarseDifference(gradient, small, WIDTH, HEIGHT, 8)).toBe(0);
    expect(small.length).toBeLessThan(gradient.length);
  });

  it('is unlike another one in the fields that differ', () => {
    const changed = picture((x, y) => (x < WIDTH / 2 ? [x * 4, y * 5, 128] : [255, 255, 255]));
    expect(coarseDifference(gradient, changed, 2, 1, 40)).toBe(0.5);
  });
});
