import { describe, expect, it } from 'vitest';
import { uncertainPlaces } from './uncertainSlices.ts';

const at = (i: number, j: number, k: number): number => i + 10 * (j + 8 * k);
const atOnce = async (): Promise<void> => {};

describe('uncertainPlaces', () => {
  it('gives the worst slice first, with the middle of what is uncertain in it', async () => {
    const map = new Uint8Array(10 * 8 * 40);
    map[at(2, 3, 5)] = 255;
    map[at(6, 5, 30)] = 255;
    map[at(8, 7, 30)] = 255;
    map[at(1, 1, 31)] = 255; // beside a worse one
    const places = await uncertainPlaces(map, [10, 8, 40], atOnce);
    expect(places.map(({ ijk }) => ijk)).toEqual([
      [7, 6, 30],
      [2, 3, 5],
    ]);
    expect(places[0]!.meanBits).toBeCloseTo(2 / 80, 9);
  });

  it('finds nothing where all is certain', async () => {
    expect(await uncertainPlaces(new Uint8Array(80 * 3), [10, 8, 3], atOnce)).toEqual([]);
  });
});
