import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import type { Segment } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import type { VolumeHost } from '../volume/volumeHost.ts';
import { readNrrd } from './readNrrd.ts';
import { writeNrrd } from './writeNrrd.ts';

const host: VolumeHost = { inflate: (bytes) => Promise.resolve(new Uint8Array(gunzipSync(bytes))), readPart: () => Promise.reject(new Error('no parts here')) };
const text = (lines: readonly string[], voxels: ArrayLike<number> = []) =>
  new Uint8Array(Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), Buffer.from(Uint8Array.from(voxels))]));

const errorOf = (bytes: Uint8Array) =>
  readNrrd(bytes, 'a.nrrd', host).then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof AppException ? thrown.error : thrown),
  );

const CUBE = [
  'NRRD0004',
  'type: uchar',
  'dimension: 3',
  'space: left-posterior-superior',
  'sizes: 2 2 1',
  'space directions: (1,0,0) (0,1,0) (0,0,1)',
  'space origin: (0,0,0)',
  'encoding: raw',
];

/** `CUBE` with one line in place of the one of the same name. */
const withLine = (line: string) => [...CUBE.filter((one) => !one.startsWith(`${line.split(':')[0]}:`)), line];

describe('readNrrd', () => {
  it('reads back what we write: segments with names, colours and codes', async () => {
    const grid = gridFromAffine([3, 2, 1], [0, 0, 3, -10, 0, -1.5, 0, 20, 0.5, 0, 0, 30.25, 0, 0, 0, 1]);
    const code = (value: string, meaning: string) => ({ scheme: 'SCT', value, meaning });
    const segments: Segment[] = [
      {
        labelValue: 2,
        name: 'Niere links',
        colorRgb: [255, 0, 127],
        codes: { category: code('123037004', 'Anatomical Structure'), type: code('64033007', 'Kidney'), modifier: code('7771000', 'Left') },
      },
      { labelValue: 300, name: 'Läsion: 1 | 2', colorRgb: [1, 2, 3] },
    ];
    const voxels = Uint16Array.of(0, 2, 2, 300, 0, 0);
    const bytes = await writeNrrd({ grid, voxels, segments }, (plain) => Promise.resolve(gzipSync(plain)));
    const image = await readNrrd(bytes, 'a.seg.nrrd', host);
    expect(image.grid).toEqual(grid);
    expect(image.channels).toEqual([voxels]);
    expect(image.warnings).toEqual([]);
    const expected = segments.map(({ labelValue, ...rest }) => ({ number: labelValue, ...rest }));
    expect(image.segments).toEqual(expected);
    expect(image.segmentation?.segments).toEqual(expected);
    expect(image.segmentation?.maskOf(1)).toEqual(Uint8Array.of(0, 0, 0, 1, 0, 0));
  });

  it('layers of Slicer overlap; values without a segment are kept; a layer that is not there is told', async () => {
    const lines = [
      'NRRD0004', 'type: unsigned char', 'dimension: 4', 'space: left-posterior-superior', 'sizes: 2 2 2 1',
      'space directions: none (1,0,0) (0,1,0) (0,0,1)', 'kinds: list domain domain domain', 'encoding: raw', 'space origin: (0,0,0)',
      'Segment0_Name:=a', 'Segment0_LabelValue:=1', 'Segment0_Layer:=0', 'Segment1_Name:=b', 'Segment1_LabelValue:=1', 'Segment1_Layer:=1',
      'Segment1_Color:=0.5 0 1', 'Segment2_Name:=c', 'Segment2_LabelValue:=1', 'Segment2_Layer:=5',
    ]; // prettier-ignore
    const { segments, segmentation, warnings } = await readNrrd(text(lines, [1, 1, 1, 0, 4, 1, 0, 0]), 'a.seg.nrrd', host);
    expect(segments).toBeUndefined();
    expect(segmentation?.segments).toEqual([
      { number: 1, name: 'a' },
      { number: 1, name: 'b', colorRgb: [128, 0, 255] },
      { number: 4, name: 'label 4' },
    ]);
    expect([0, 1, 2].map((index) => [...segmentation!.maskOf(index)])).toEqual([
      [1, 1, 0, 0],
      [1, 0, 1, 0],
      [0, 0, 1, 0],
    ]);
    expect(warnings).toMatchObject([{ code: 'import/values', detail: expect.stringContaining("'c'") }]);
  });

  it('a plane gets a third axis; channels may be first, an unknown space is told', async () => {
    const plane = await readNrrd(
      text(
        ['NRRD0004', 'type: uchar', 'dimension: 2', 'space: LPS', 'sizes: 2 2', 'space directions: (0,2,0) (0,0,3)', 'space origin: (1,2,3)', 'encoding: raw'],
        [1, 2, 3, 4],
      ),
      'a.nrrd',
      host,
    );
    expect(plane.grid).toMatchObject({ dimsIjk: [2, 2, 1], spacingMm: [2, 3, 1], direction: [0, 1, 0, 0, 0, 1, 1, 0, 0] });
    const scanner = await readNrrd(text(withLine('space: scanner-xyz'), [1, 2, 3, 4]), 'a.nrrd', host);
    expect(scanner.warnings).toMatchObject([{ code: 'import/orientation-assumed', detail: expect.stringContaining('scanner-xyz') }]);
  });

  it('refuses with the reason', async () => {
    expect(await errorOf(text(CUBE, [1, 2, 3]))).toEqual({ code: 'import/truncated', path: 'a.nrrd', expectedBytes: 4, actualBytes: 3 });
    expect(await errorOf(text(withLine('sizes: 2 2 999999999'), [1]))).toMatchObject({ code: 'import/truncated' });
    for (const [line, code, detail] of [
      ['encoding: bzip2', 'import/unsupported', 'bzip2'],
      ['encoding: hex', 'import/unsupported', 'hex'],
      ['type: block', 'import/unsupported', 'block'],
      ['type: quad', 'import/unreadable', 'quad'],
      ['type: short', 'import/unreadable', 'byte order'],
      ['kinds: RGB-color domain domain', 'import/unsupported', 'RGB-color'],
      ['sizes: 2 2', 'import/unreadable', 'sizes'],
      ['sizes: 2 2 0', 'import/unreadable', 'sizes'],
      ['space directions: (1,0,0) (0,1,0)', 'import/bad-geometry', 'space directions'],
      ['space directions: (1,0,0) (0,1,0) (0,0,0)', 'import/bad-geometry', 'no length'],
      ['space directions: (1,0,0) (0.5,1,0) (0,0,1)', 'import/bad-geometry', 'sheared'],
      ['data file: x%04d 1 2', 'import/unreadable', 'data files'],
      ['byte skip: -2', 'import/unreadable', 'skip'],
      ['what is this', 'import/unreadable', 'no field'],
    ] as const) {
      const error = await errorOf(text(line.includes(':') ? withLine(line) : [...CUBE, line], [1, 2, 3, 4]));
      expect(error, line).toMatchObject({ code, detail: expect.stringContaining(detail) });
    }
    expect(await errorOf(new Uint8Array(20))).toMatchObject({ code: 'import/unreadable' });
  });
});
