import { describe, expect, it } from 'vitest';
import { errorOf } from '../../contract/testing/errorOf.ts';
import { gridDistanceMm, gridFromAffine, ijkToLps } from '../../imaging/grid.ts';
import { readNifti } from './readNifti.ts';
import { niftiChunks } from './writeNifti.ts';

const EULER = [0.3, -0.4, 2.6];

/** Oblique, anisotropic; `signs` and `order` make other orientations and handedness. */
function obliqueGrid(order = [0, 1, 2], signs = [1, 1, 1]) {
  const [ca, sa, cb, sb, cc, sc] = EULER.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]) as [number, number, number, number, number, number];
  const rotation = [
    [cb * cc, -cb * sc, sb],
    [sa * sb * cc + ca * sc, ca * cc - sa * sb * sc, -sa * cb],
    [sa * sc - ca * sb * cc, ca * sb * sc + sa * cc, ca * cb],
  ];
  const spacing = [0.7, 1.25, 3];
  const affine = rotation.flatMap((row, r) => [...order.map((world, axis) => row[world]! * signs[axis]! * spacing[axis]!), [-91.5, 40.25, 612][r]!]);
  return gridFromAffine([3, 4, 5], [...affine, 0, 0, 0, 1]);
}

function fileOf(
  grid = obliqueGrid(),
  voxels: Int16Array | Uint8Array | Uint16Array | Float32Array = Int16Array.from({ length: 60 }, (_, n) => n - 30),
): Uint8Array {
  const [header, bytes] = niftiChunks(grid, voxels);
  const file = new Uint8Array(header.length + bytes.length);
  file.set(header);
  file.set(bytes, header.length);
  return file;
}

function edited(file: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = Uint8Array.from(file);
  edit(new DataView(copy.buffer));
  return copy;
}

/** Header with the given data type in front of raw bytes, three voxels along i. */
function rawFile(datatype: number, voxelBytes: Uint8Array, isLittleEndian: boolean, slope = 0, inter = 0): Uint8Array {
  const file = new Uint8Array(352 + voxelBytes.length);
  const view = new DataView(file.buffer);
  view.setInt32(0, 348, isLittleEndian);
  [3, 3, 1, 1, 1, 1, 1, 1].forEach((count, n) => view.setInt16(40 + 2 * n, count, isLittleEndian));
  [1, 2, 2, 2].forEach((mm, n) => view.setFloat32(76 + 4 * n, mm, isLittleEndian));
  view.setInt16(70, datatype, isLittleEndian);
  view.setFloat32(108, 352, isLittleEndian);
  view.setFloat32(112, slope, isLittleEndian);
  view.setFloat32(116, inter, isLittleEndian);
  file.set([0x6e, 0x2b, 0x31, 0], 344);
  file.set(voxelBytes, 352);
  return file;
}

function numbers(bytesPerNumber: number, write: (view: DataView, at: number, n: number) => void): Uint8Array {
  const bytes = new Uint8Array(3 * bytesPerNumber);
  const view = new DataView(bytes.buffer);
  for (let n = 0; n < 3; n++) write(view, n * bytesPerNumber, n);
  return bytes;
}

describe('NIfTI', () => {
  it.each([
    [
      [0, 1, 2],
      [1, 1, 1],
    ],
    [
      [2, 0, 1],
      [1, -1, 1],
    ],
    [
      [1, 0, 2],
      [-1, -1, -1],
    ],
    [
      [0, 1, 2],
      [-1, -1, 1],
    ],
    [
      [0, 1, 2],
      [1, -1, -1],
    ],
  ])('writes what it reads, sform and qform alike (axes %j, signs %j)', (order, signs) => {
    const grid = obliqueGrid(order, signs);
    const file = fileOf(grid);
    expect(gridDistanceMm(readNifti(file, 'a.nii').grid, grid)).toBeLessThan(1e-4);
    const qformOnly = edited(file, (view) => view.setInt16(254, 0, true));
    expect(gridDistanceMm(readNifti(qformOnly, 'a.nii').grid, grid)).toBeLessThan(1e-4);
  });

  it('keeps the four stored types', () => {
    for (const voxels of [new Uint8Array(60).fill(200), new Int16Array(60).fill(-5), new Uint16Array(60).fill(60000), new Float32Array(60).fill(0.5)]) {
      expect(readNifti(fileOf(obliqueGrid(), voxels), 'a.nii').channels).toEqual([voxels]);
    }
  });

  it('turns RAS into LPS', () => {
    const file = edited(fileOf(), (view) => {
      [2, 0, 0, 10, 0, 3, 0, 20, 0, 0, 4, 30].forEach((value, n) => view.setFloat32(280 + 4 * n, value, true));
    });
    expect(ijkToLps(readNifti(file, 'a.nii').grid, [1, 1, 1])).toEqual([-12, -23, 34]);
  });

  it('lies where nibabel puts it when neither form is set: LAS, centred', () => {
    const file = rawFile(2, Uint8Array.of(1, 2, 3), true);
    const { grid, channels } = readNifti(file, 'a.nii');
    expect(ijkToLps(grid, [0, 0, 0])).toEqual([-2, 0, 0]);
    expect(ijkToLps(grid, [2, 0, 0])).toEqual([2, 0, 0]);
    expect(channels).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('honours length units', () => {
    const metres = edited(fileOf(gridFromAffine([3, 4, 5], [0.001, 0, 0, 0, 0, 0.002, 0, 0, 0, 0, 0.003, 0, 0, 0, 0, 1])), (view) => view.setUint8(123, 1));
    const spacing = readNifti(metres, 'a.nii').grid.spacingMm;
    [1, 2, 3].forEach((mm, axis) => expect(spacing[axis]).toBeCloseTo(mm, 5));
  });

  it.each([true, false])('reads every real number type (little endian: %s)', (le) => {
    const values = [-3, 0, 100];
    const cases: [number, Uint8Array][] = [
      [256, numbers(1, (view, at, n) => view.setInt8(at, values[n]!))],
      [4, numbers(2, (view, at, n) => view.setInt16(at, values[n]!, le))],
      [8, numbers(4, (view, at, n) => view.setInt32(at, values[n]!, le))],
      [16, numbers(4, (view, at, n) => view.setFloat32(at, values[n]!, le))],
      [64, numbers(8, (view, at, n) => view.setFloat64(at, values[n]!, le))],
      [1024, numbers(8, (view, at, n) => view.setBigInt64(at, BigInt(values[n]!), le))],
    ];
    for (const [datatype, bytes] of cases)
      expect(readNifti(rawFile(datatype, bytes, le), 'a.nii').channels, `type ${datatype}`).toEqual([Int16Array.from(values)]);
    const unsigned: [number, Uint8Array][] = [
      [768, numbers(4, (view, at, n) => view.setUint32(at, n * 1000, le))],
      [1280, numbers(8, (view, at, n) => view.setBigUint64(at, BigInt(n * 1000), le))],
    ];
    for (const [datatype, bytes] of unsigned) expect(readNifti(rawFile(datatype, bytes, le), 'a.nii').channels).toEqual([Int16Array.of(0, 1000, 2000)]);
    expect(
      readNifti(
        rawFile(
          512,
          numbers(2, (view, at, n) => view.setUint16(at, 60000 + n, le)),
          le,
        ),
        'a.nii',
      ).channels,
    ).toEqual([Uint16Array.of(60000, 60001, 60002)]);
    expect(
      readNifti(
        rawFile(
          768,
          numbers(4, (view, at, n) => view.setUint32(at, 70000 + n, le)),
          le,
        ),
        'a.nii',
      ).channels,
    ).toEqual([Float32Array.of(70000, 70001, 70002)]);
  });

  it('applies slope and intercept; slope 0 and NaN mean none', () => {
    const bytes = numbers(2, (view, at, n) => view.setInt16(at, n, true));
    expect(readNifti(rawFile(4, bytes, true, 2, -1024), 'a.nii').channels).toEqual([Int16Array.of(-1024, -1022, -1020)]);
    expect(readNifti(rawFile(4, bytes, true, 0.5, 0), 'a.nii').channels).toEqual([Float32Array.of(0, 0.5, 1)]);
    expect(readNifti(rawFile(4, bytes, true, 1, 7), 'a.nii').channels).toEqual([Uint8Array.of(7, 8, 9)]);
    expect(readNifti(rawFile(4, bytes, true, 0, 7), 'a.nii').channels).toEqual([Int16Array.of(0, 1, 2)]);
    expect(readNifti(rawFile(4, bytes, true, NaN, NaN), 'a.nii').channels).toEqual([Int16Array.of(0, 1, 2)]);
  });

  it('reads NaN as 0 and counts them', () => {
    const bytes = numbers(4, (view, at, n) => view.setFloat32(at, [NaN, 0.5, Infinity][n]!, true));
    expect(readNifti(rawFile(16, bytes, true), 'a.nii')).toMatchObject({ channels: [Float32Array.of(0, 0.5, 0)], nonFiniteCount: 2 });
  });

  it('reads the fourth dimension as channels', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const file = edited(rawFile(2, bytes, true), (view) => [4, 3, 1, 1, 2].forEach((count, n) => view.setInt16(40 + 2 * n, count, true)));
    expect(readNifti(file, 'a.nii').channels).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)]);
  });

  it('reads NIfTI-2', () => {
    const file = new Uint8Array(544 + 6);
    const view = new DataView(file.buffer);
    view.setInt32(0, 540, true);
    file.set([0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], 4);
    view.setInt16(12, 4, true);
    [3, 3, 1, 1, 1, 1, 1, 1].forEach((count, n) => view.setBigInt64(16 + 8 * n, BigInt(count), true));
    [1, 2, 2, 2].forEach((mm, n) => view.setFloat64(104 + 8 * n, mm, true));
    view.setBigInt64(168, 544n, true);
    view.setInt32(348, 1, true);
    [2, 0, 0, 5, 0, 2, 0, 6, 0, 0, 2, 7].forEach((value, n) => view.setFloat64(400 + 8 * n, value, true));
    [5, -6, 7].forEach((value, n) => view.setInt16(544 + 2 * n, value, true));
    const { grid, channels } = readNifti(file, 'a.nii');
    expect(channels).toEqual([Int16Array.of(5, -6, 7)]);
    expect(grid.originLpsMm).toEqual([-5, -6, 7]);
  });

  it('refuses with the reason', () => {
    const file = fileOf();
    expect(errorOf(() => readNifti(file.subarray(0, 400), 'a.nii'))).toEqual({ code: 'import/truncated', path: 'a.nii', expectedBytes: 472, actualBytes: 400 });
    expect(errorOf(() => readNifti(file.subarray(0, 100), 'a.nii'))).toMatchObject({ code: 'import/truncated' });
    expect(errorOf(() => readNifti(new Uint8Array(0), 'a.nii'))).toMatchObject({ code: 'import/truncated' });
    expect(errorOf(() => readNifti(new Uint8Array(500).fill(65), 'a.nii'))).toMatchObject({ code: 'import/unreadable' });
    expect(
      errorOf(() =>
        readNifti(
          edited(file, (view) => view.setUint8(344, 0)),
          'a.nii',
        ),
      ),
    ).toMatchObject({ code: 'import/unreadable', detail: expect.stringContaining('.img') });
    expect(
      errorOf(() =>
        readNifti(
          edited(file, (view) => view.setUint8(345, 0x69)),
          'a.hdr',
        ),
      ),
    ).toMatchObject({ code: 'import/unreadable', detail: expect.stringContaining('.img') });
    for (const datatype of [1, 32, 128, 1536, 1792, 2048, 2304]) {
      expect(
        errorOf(() =>
          readNifti(
            edited(file, (view) => view.setInt16(70, datatype, true)),
            'a.nii',
          ),
        ),
      ).toMatchObject({ code: 'import/unsupported' });
    }
    const sheared = edited(file, (view) => [1, 0.2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0].forEach((value, n) => view.setFloat32(280 + 4 * n, value, true)));
    expect(errorOf(() => readNifti(sheared, 'a.nii'))).toMatchObject({ code: 'import/bad-geometry' });
    const huge = edited(file, (view) => [3, 32767, 32767, 32767].forEach((count, n) => view.setInt16(40 + 2 * n, count, true)));
    expect(errorOf(() => readNifti(huge, 'a.nii'))).toMatchObject({ code: 'import/truncated' });
  });

  it('never fails in an unexpected way, whichever header byte is damaged', () => {
    const file = fileOf();
    for (let at = 0; at < 352; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const error = errorOf(() =>
          readNifti(
            edited(file, (view) => view.setUint8(at, value)),
            'a.nii',
          ),
        );
        if (error !== undefined) expect(error, `byte ${at} = ${value}`).toMatchObject({ code: expect.stringMatching(/^import\//) });
      }
    }
  });
});
