import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Grid, type Segment } from '../contract/vocabulary.ts';
import { drawThumbnail, LARGEST_SIDE_PX, thumbnailSlice } from './caseThumbnail.ts';

const grid = (dimsIjk: number[], spacingMm = [1, 1, 1]): Grid =>
  Grid.parse({ dimsIjk, spacingMm, originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
const legend: Segment[] = [{ labelValue: 1, name: 'liver', colorRgb: [255, 0, 0] }];

/** Of our own encoder: one IDAT, rows without filter. */
function pixels(png: Uint8Array): { width: number; height: number; at: (x: number, y: number) => number[] } {
  const bytes = Buffer.from(png);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const begin = bytes.indexOf('IDAT') + 4;
  const rows = inflateSync(bytes.subarray(begin, begin + bytes.readUInt32BE(begin - 8)));
  return { width, height, at: (x, y) => [...rows.subarray(y * (1 + 3 * width) + 1 + 3 * x).subarray(0, 3)] };
}

describe('thumbnailSlice', () => {
  it('is the one with most of the mask, else the middle', () => {
    const labels = new Uint8Array(2 * 2 * 5);
    expect(thumbnailSlice(null, grid([2, 2, 5]))).toBe(2);
    expect(thumbnailSlice(labels, grid([2, 2, 5]))).toBe(2);
    labels.set([1, 0, 0, 0], 0);
    labels.set([1, 2, 0, 0], 12);
    expect(thumbnailSlice(labels, grid([2, 2, 5]))).toBe(3);
    labels.set([1, 2, 0, 0], 16);
    labels.set([1, 2, 0, 0], 8);
    expect(thumbnailSlice(labels, grid([2, 2, 5]))).toBe(3);
  });
});

describe('drawThumbnail', () => {
  it('has square pixels and means of what a pixel covers', () => {
    const values = Float32Array.from({ length: 200 * 100 }, (_, n) => ((n % 200) % 2 === 0 ? -160 : 240));
    const { width, height, at } = pixels(drawThumbnail({ grid: grid([200, 100, 1], [1, 2, 1]), modality: 'CT', values, labels: null, legend }));
    expect([width, height]).toEqual([LARGEST_SIDE_PX, LARGEST_SIDE_PX]);
    expect(at(0, 0)).toEqual([127, 127, 127]);
  });

  it('has the soft-tissue window for CT, the darkest for most PET, and tints the mask', () => {
    const values = [-1000, 240, 40, 40];
    const labels = [0, 0, 0, 1];
    const ct = pixels(drawThumbnail({ grid: grid([2, 2, 1]), modality: 'CT', values, labels, legend }));
    const [far, near] = [LARGEST_SIDE_PX - 1, 0];
    expect([ct.at(near, near), ct.at(far, near), ct.at(near, far)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
      [127, 127, 127],
    ]);
    expect(ct.at(far, far)).toEqual([197, 57, 57]);
    const pet = pixels(drawThumbnail({ grid: grid([2, 2, 1]), modality: 'PT', values: [0, 10, 0, 0], labels: null, legend }));
    expect([pet.at(near, near), pet.at(far, near)]).toEqual([
      [255, 255, 255],
      [0, 0, 0],
    ]);
  });

  it('stands an image without contrast', () => {
    expect(pixels(drawThumbnail({ grid: grid([3, 3, 1]), modality: 'MR', values: new Float32Array(9), labels: null, legend })).at(1, 1)).toEqual([0, 0, 0]);
  });
});
