import { describe, expect, it } from 'vitest';
import type { Plan } from '../plan/plan.ts';
import { labelsOfClasses, type CaseGeometry } from '../preprocess/preprocess.ts';
import { classesOnStoredGrid, logitsOnCroppedGrid, onStoredGrid, outputCountOf } from './storedClasses.ts';

const plan = (classCount: number, transposeForward: Plan['transposeForward'] = [0, 1, 2]): Plan => ({
  version: 2,
  preset: 'v2',
  transposeForward,
  regions: null,
  ignoreClass: null,
  ignoreLabelValue: null,
  configurations: [],
  channels: [],
  classes: Array.from({ length: classCount }, (_, n) => ({ labelValue: n + 1, name: `class ${n + 1}` })),
});
/** A box of 2 × 3 × 4 stored voxels, first axis of the network = last of the store. */
const geometry: CaseGeometry = {
  storedShapeDhw: [4, 5, 6],
  cropBox: { begin: [1, 1, 2], end: [3, 4, 6] },
  croppedShapeDhw: [4, 2, 3],
  croppedSpacingMm: [1, 1, 1],
  shapeDhw: [4, 2, 3],
  spacingMm: [1, 1, 1],
};

async function* planes(values: readonly Float32Array[]): AsyncGenerator<Float32Array> {
  for (const value of values) yield await Promise.resolve(value);
}

/** Logits that are largest for the class `of(voxel)`; voxels in the network's order. */
const logitsFor = (outputs: number, of: (voxel: number) => number): Float32Array[] =>
  [0, 1, 2, 3].map((d) => Float32Array.from({ length: 6 * outputs }, (_, n) => (n % outputs === of(d * 6 + Math.floor(n / outputs)) ? 1 : 0)));

describe('classes on the stored grid', () => {
  it('lie where the crop was, with the axes turned back', async () => {
    const three = plan(2, [2, 0, 1]);
    const classes = (await classesOnStoredGrid(planes(logitsFor(3, (voxel) => voxel % 3)), geometry, three, 0))!;
    expect(classes).toBeInstanceOf(Uint8Array);
    for (let d = 0; d < 4; d++) {
      for (let h = 0; h < 5; h++) {
        for (let w = 0; w < 6; w++) {
          const isInside = d >= 1 && d < 3 && h >= 1 && h < 4 && w >= 2;
          const voxel = ((w - 2) * 2 + (d - 1)) * 3 + (h - 1);
          expect(classes[(d * 5 + h) * 6 + w]).toBe(isInside ? voxel % 3 : 0);
        }
      }
    }
  });

  it('are 16 bits wide beyond 255 classes, and so are their labels', async () => {
    const many = plan(300, [2, 0, 1]);
    expect(outputCountOf(many)).toBe(301);
    const classes = (await classesOnStoredGrid(planes(logitsFor(301, (voxel) => 277 + voxel)), geometry, many, 0))!;
    expect(classes).toBeInstanceOf(Uint16Array);
    expect(Math.max(...classes)).toBe(300);
    const labels = labelsOfClasses(classes, many);
    expect(labels).toBeInstanceOf(Uint16Array);
    expect([...labels]).toEqual([...classes]);
  });

  it('is null when the planes end early', async () => {
    expect(await classesOnStoredGrid(planes(logitsFor(3, () => 1).slice(0, 3)), geometry, plan(2, [2, 0, 1]), 0)).toBeNull();
  });

  it('fills what was cropped away', () => {
    const values = onStoredGrid(new Float32Array(24).fill(0.25), geometry, plan(2, [2, 0, 1]), 1);
    expect(values.filter((value) => value === 0.25).length).toBe(24);
    expect(values.filter((value) => value === 1).length).toBe(4 * 5 * 6 - 24);
  });

  it('come from logits resized to the spacing of the case', async () => {
    const coarse: CaseGeometry = { ...geometry, shapeDhw: [2, 2, 3], spacingMm: [2, 1, 1] };
    const two = logitsFor(3, (voxel) => (voxel < 6 ? 1 : 2)).slice(0, 2);
    const sizes: number[] = [];
    for await (const plane of logitsOnCroppedGrid(planes(two), coarse, plan(2, [2, 0, 1]))) sizes.push(Math.round(plane[1]! * 100));
    // half-pixel centres: -0.25 (edge), 0.25, 0.75, 1.25 (edge)
    expect(sizes).toEqual([100, 75, 25, 0]);
  });
});
