import { describe, expect, it } from 'vitest';
import { classLocations } from './classLocations.ts';
import { Random } from '../random.ts';

const classesNamed = (count: number) => Array.from({ length: count }, (_, n) => ({ labelValue: n + 1, name: `c${n + 1}` }));
const plain = { classes: classesNamed(2), regions: null, ignoreClass: null };

describe('voxels to centre patches on', () => {
  it('keeps 10 000 of a class, all of a smaller one, one in a hundred of a huge one', () => {
    const classes = new Uint8Array(2_500_000);
    classes.fill(1, 100, 130); // 30 voxels
    classes.fill(2, 200_000, 2_300_000); // 2.1 million
    const { locations, annotated } = classLocations(classes, plain, Random.fromSeed(1));
    expect(annotated).toBeNull();
    expect(locations.map(({ length }) => length)).toEqual([0, 30, 21_000]);
    expect([...locations[1]!]).toEqual(Array.from({ length: 30 }, (_, n) => 100 + n));
    const huge = locations[2]!;
    expect(huge.every((voxel, n) => classes[voxel] === 2 && (n === 0 || voxel > huge[n - 1]!))).toBe(true);
    // spread evenly: the middle one lies in the middle, within five standard errors (2.1e6 · ½ / √21000)
    expect(Math.abs(huge[10_500]! - 1_250_000)).toBeLessThan(36_000);
    const middling = new Uint8Array(40_000).fill(1);
    expect(classLocations(middling, plain, Random.fromSeed(1)).locations[1]!.length).toBe(10_000);
  });

  it('lists what somebody judged, background included, when there is an ignore class', () => {
    const classes = Uint8Array.of(3, 0, 1, 3, 2, 3, 0);
    const { locations, annotated } = classLocations(classes, { ...plain, ignoreClass: 3 }, Random.fromSeed(1));
    expect([...annotated!]).toEqual([1, 2, 4, 6]);
    expect(locations.map((list) => [...list])).toEqual([[], [2], [4]]);
  });

  it('has one list per region, nested ones too', () => {
    const classes = Uint8Array.of(0, 1, 2, 2, 1);
    const regions = [
      { name: 'whole', classes: [1, 2], paintsClass: 1 },
      { name: 'core', classes: [2], paintsClass: 2 },
    ];
    const { locations } = classLocations(classes, { ...plain, regions }, Random.fromSeed(1));
    expect(locations.map((list) => [...list])).toEqual([
      [1, 2, 3, 4],
      [2, 3],
    ]);
  });

  it('takes classes above 255', () => {
    const classes = Uint16Array.of(0, 300, 1, 300);
    const { locations } = classLocations(classes, { ...plain, classes: classesNamed(300) }, Random.fromSeed(1));
    expect(locations.length).toBe(301);
    expect([...locations[300]!]).toEqual([1, 3]);
  });
});
