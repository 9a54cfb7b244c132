import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine, ijkToLps, voxelCountOf } from '../../imaging/grid.ts';
import { datasetOf, type Attributes } from '../dicom/write/datasetOf.ts';
import { newDicomUid } from '../dicom/write/dicomUid.ts';
import { writeImplicitDicom } from '../dicom/write/writeDicom.ts';
import { rasterizeRtStruct } from './rasterizeRtStruct.ts';
import { readRtStruct, RT_STRUCTURE_SET } from './readRtStruct.ts';

/** 10 × 8 × 6 voxels of 1 × 2 × 3 mm, turned about two axes. */
const GRID: Grid = gridFromAffine(
  [10, 8, 6],
  (() => {
    const [i, j] = [
      [0.8, 0.6, 0],
      [-0.48, 0.64, 0.6],
    ];
    const k = [0.36, -0.48, 0.8];
    return [0, 1, 2].flatMap((row) => [i[row]!, 2 * j[row]!, 3 * k[row]!, 100 - 37 * row]).concat(0, 0, 0, 1);
  })(),
);

type Ijk = readonly [number, number, number];
const pointsOf = (corners: readonly Ijk[]) => corners.flatMap((ijk) => ijkToLps(GRID, ijk));
/** Around the pixels with i from 2 to 5 and j from 1 to 3 of a slice. */
const square = (k: number, inset = 0): Ijk[] => [
  [1.5 + inset, 0.5 + inset, k],
  [5.5 - inset, 0.5 + inset, k],
  [5.5 - inset, 3.5 - inset, k],
  [1.5 + inset, 3.5 - inset, k],
];
const contour = (corners: readonly Ijk[], type = 'CLOSED_PLANAR'): Attributes => ({
  ContourGeometricType: type,
  NumberOfContourPoints: corners.length,
  ContourData: pointsOf(corners).map((mm) => Number(mm.toFixed(4))),
});

const structOf = (regions: Readonly<Record<string, readonly Attributes[]>>, more: Attributes = {}) => {
  const names = Object.keys(regions);
  const dataset = datasetOf({
    SOPClassUID: RT_STRUCTURE_SET,
    SOPInstanceUID: newDicomUid(randomBytes),
    StructureSetROISequence: names.map((name, n) => ({ ROINumber: 10 + n, ROIName: name })),
    ROIContourSequence: names.map((name, n) => ({ ReferencedROINumber: 10 + n, ContourSequence: regions[name]! })),
    ...more,
  });
  return readRtStruct(writeImplicitDicom(dataset), 'rs.dcm');
};
const fill = (regions: Readonly<Record<string, readonly Attributes[]>>) => rasterizeRtStruct(structOf(regions), GRID);
/** Filled voxels of each slice along k. */
const perSlice = (mask: Uint8Array) => Array.from({ length: 6 }, (_, k) => mask.subarray(80 * k, 80 * (k + 1)).reduce((sum, on) => sum + on, 0));
const detailsOf = (warnings: readonly { code: string }[]) => warnings.map((warning) => ('detail' in warning ? String(warning.detail) : ''));
const refusalOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (thrown) {
    return thrown instanceof AppException ? thrown.error : thrown;
  }
  return 'nothing thrown';
};

describe('rasterizeRtStruct', () => {
  it('fills contours, their holes and islands on the slices of a grid in any orientation', () => {
    const { maskOf, warnings } = fill({ liver: [contour(square(1)), contour(square(2)), contour(square(2, 1)), contour(square(3).reverse())] });
    expect(perSlice(maskOf(0))).toEqual([0, 12, 10, 12, 0, 0]);
    expect(warnings).toEqual([]);
  });

  it('says what lies outside, between slices, and where slices have none', () => {
    const { maskOf, warnings } = fill({ liver: [contour(square(-1)), contour(square(0.3)), contour(square(3)), contour(square(5.6))] });
    expect(perSlice(maskOf(0))).toEqual([12, 0, 0, 12, 0, 0]);
    expect(detailsOf(warnings)).toEqual([
      "2 of 4 contours of 'liver' lie outside the slices of the image and are left out",
      "contours of 'liver' lie between slices and are taken to the nearest, by up to 0.9 mm",
      "2 slices between the contours of 'liver' have none and stay empty",
    ]);
  });

  it('of contours closer than slices takes the nearest, instead of holes where they overlap', () => {
    const fine = Array.from({ length: 11 }, (_, n) => contour(square(1 + 0.25 * n)));
    const { maskOf, warnings } = fill({ liver: fine });
    expect(perSlice(maskOf(0))).toEqual([0, 12, 12, 12, 12, 0]);
    expect(detailsOf(warnings)[0]).toMatch(/^7 of 11 contours .* where others are nearer/);
  });

  it('fills contours drawn across the slices in their own planes', () => {
    const sagittal = (i: number): Ijk[] => [
      [i, 0.5, 0.5],
      [i, 3.5, 0.5],
      [i, 3.5, 4.5],
      [i, 0.5, 4.5],
    ];
    const { maskOf, warnings } = fill({ cord: [contour(sagittal(4)), contour(sagittal(5))] });
    expect(perSlice(maskOf(0))).toEqual([0, 6, 6, 6, 6, 0]);
    expect(maskOf(0)[4 + 10 * 2 + 80 * 2]).toBe(1);
    expect(detailsOf(warnings)).toEqual(["'cord' is drawn across the slices of the image; it is filled in planes of the i axis"]);
  });

  it('leaves out a region that is parallel to nothing, and refuses a file with no other', () => {
    const slanted = contour(square(2).map(([i, j, k]) => [i, j, k + i / 3 + j / 4]));
    const { segments, warnings } = fill({ liver: [contour(square(1))], slanted: [slanted] });
    expect(segments.map(({ name }) => name)).toEqual(['liver']);
    expect(detailsOf(warnings)[0]).toMatch(/'slanted' are not parallel/);
    expect(refusalOf(() => fill({ slanted: [slanted] }))).toMatchObject({
      code: 'import/bad-geometry',
      detail: expect.stringContaining('no region is parallel') as string,
    });
    expect(refusalOf(() => fill({ liver: [contour(square(70))] }))).toMatchObject({
      code: 'import/bad-geometry',
      detail: expect.stringContaining('another image') as string,
    });
  });
});

describe('readRtStruct', () => {
  it('leaves out points, open lines and damaged contours, and says so', () => {
    const damaged = { ...contour(square(1)), ContourData: ['1', '2', 'three', '4', '5', '6', '7', '8', '9'] };
    const struct = structOf({
      liver: [contour(square(1)), contour(square(1), 'OPEN_PLANAR'), damaged, contour(square(1).slice(0, 2))],
      isocentre: [contour([[1, 1, 1]], 'POINT')],
      nothing: [],
    });
    expect(struct.rois.map(({ name, contours }) => [name, contours.length])).toEqual([['liver', 1]]);
    expect(detailsOf(struct.warnings)).toEqual([
      "of the region 'liver' 1 OPEN_PLANAR, 1 damaged (numbers missing or unreadable), 1 of fewer than 3 points, without an area left out",
      "the region 'isocentre' has no closed contour (1 POINT) and is left out",
      "the region 'nothing' has no closed contour and is left out",
    ]);
  });

  it('takes the points that are there when their count is wrong', () => {
    const struct = structOf({ liver: [{ ...contour(square(1)), NumberOfContourPoints: 400_000_000 }] });
    expect(struct.rois[0]!.contours[0]!.pointsLpsMm).toHaveLength(12);
    expect(detailsOf(struct.warnings)[0]).toMatch(/says 400000000 points and has 4/);
  });

  it('names regions that the file does not name', () => {
    const struct = structOf({ liver: [contour(square(1))] }, { StructureSetROISequence: [] });
    expect(struct.rois[0]!.name).toBe('ROI 10');
    expect(detailsOf(struct.warnings)[0]).toMatch(/StructureSetROISequence does not name/);
  });

  it('refuses files without a closed contour, other objects, and rubbish', () => {
    expect(refusalOf(() => structOf({ isocentre: [contour([[1, 1, 1]], 'POINT')] }))).toMatchObject({
      code: 'import/unsupported',
      detail: expect.stringContaining('isocentre') as string,
    });
    const image = writeImplicitDicom(datasetOf({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2' }));
    expect(refusalOf(() => readRtStruct(image, 'ct.dcm'))).toMatchObject({ code: 'import/unreadable', path: 'ct.dcm' });
    expect(refusalOf(() => readRtStruct(new Uint8Array(500), 'x'))).toMatchObject({ code: 'import/unreadable' });
  });

  it('bytes changed anywhere give a mask or a reason, at once', () => {
    const file = writeImplicitDicom(
      datasetOf({
        SOPClassUID: RT_STRUCTURE_SET,
        SOPInstanceUID: '1.2.3',
        StructureSetROISequence: [{ ROINumber: 1, ROIName: 'liver' }],
        ROIContourSequence: [{ ReferencedROINumber: 1, ROIDisplayColor: [1, 2, 3], ContourSequence: [contour(square(1)), contour(square(2))] }],
      }),
    );
    let state = 5;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    let masks = 0;
    const start = performance.now();
    for (let round = 0; round < 1500; round++) {
      const mutant = random(10) === 0 ? file.slice(0, random(file.length)) : file.slice();
      for (let n = 0; n <= random(6) && mutant.length > 132; n++) mutant[132 + random(mutant.length - 132)] = random(4) === 0 ? 0xff : random(256);
      try {
        const { segments, maskOf } = rasterizeRtStruct(readRtStruct(mutant, 'x'), GRID);
        for (const index of segments.keys()) masks += Number(maskOf(index).length === voxelCountOf(GRID));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AppException);
      }
    }
    expect(masks).toBeGreaterThan(100);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
