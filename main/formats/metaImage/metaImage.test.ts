import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import type { VolumeHost } from '../volume/volumeHost.ts';
import { readMetaImage } from './readMetaImage.ts';
import { writeMetaImage } from './writeMetaImage.ts';

const parts: Record<string, Uint8Array> = { 'a.raw': Uint8Array.of(1, 2), 'b.raw': Uint8Array.of(3, 4) };
const host: VolumeHost = { inflate: (bytes) => Promise.resolve(new Uint8Array(inflateSync(bytes))), readPart: (name) => Promise.resolve(parts[name]!) };
const text = (lines: readonly string[], voxels: ArrayLike<number> = []) =>
  new Uint8Array(Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from(Uint8Array.from(voxels))]));
const errorOf = (bytes: Uint8Array) =>
  readMetaImage(bytes, 'a.mha', host).then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof AppException ? thrown.error : thrown),
  );

const HEADER = ['ObjectType = Image', 'NDims = 3', 'DimSize = 2 2 1', 'ElementType = MET_UCHAR', 'Offset = 1 2 3', 'ElementSpacing = 1 1 2'];

describe('MetaImage', () => {
  it('reads back what we write, exactly', async () => {
    const grid = gridFromAffine([3, 2, 1], [0, 0, 3, -10, 0, -1.5, 0, 20, 0.5, 0, 0, 30.25, 0, 0, 0, 1]);
    const voxels = Float32Array.of(1.5, -2, 3, 4, 5e-9, 6);
    const bytes = await writeMetaImage({ grid, voxels, keyValues: { Made_by: 'a\nb' } }, (plain) => Promise.resolve(deflateSync(plain)));
    expect(Buffer.from(bytes).toString('latin1')).toContain('\nMade_by = a b\n');
    expect(await readMetaImage(bytes, 'a.mha', host)).toEqual({ grid, channels: [voxels], nonFiniteCount: 0, warnings: [] });
  });

  it('channels of a voxel lie together, those of a fourth dimension follow each other; lists name the parts', async () => {
    const together = await readMetaImage(text([...HEADER, 'ElementNumberOfChannels = 2', 'ElementDataFile = LOCAL'], [1, 2, 3, 4, 5, 6, 7, 8]), 'a.mha', host);
    expect(together.channels).toEqual([Uint8Array.of(1, 3, 5, 7), Uint8Array.of(2, 4, 6, 8)]);
    const listed = await readMetaImage(text([...HEADER, 'ElementDataFile = LIST', 'a.raw', 'b.raw']), 'a.mhd', host);
    expect(listed.channels).toEqual([Uint8Array.of(1, 2, 3, 4)]);
  });

  it('a file without position and directions is told', async () => {
    const { grid, warnings } = await readMetaImage(
      text(['NDims = 2', 'DimSize = 2 2', 'ElementType = MET_UCHAR', 'ElementDataFile = LOCAL'], [1, 2, 3, 4]),
      'a.mha',
      host,
    );
    expect(grid).toMatchObject({ dimsIjk: [2, 2, 1], spacingMm: [1, 1, 1] });
    expect(warnings).toMatchObject([{ code: 'import/orientation-assumed' }]);
  });

  it('a scale that ITK leaves out is left out, and told', async () => {
    const { channels, warnings } = await readMetaImage(
      text([...HEADER, 'ElementToIntensityFunctionSlope = 2', 'ElementDataFile = LOCAL'], [1, 2, 3, 4]),
      'a.mha',
      host,
    );
    expect(channels).toEqual([Uint8Array.of(1, 2, 3, 4)]);
    expect(warnings).toMatchObject([{ code: 'import/values', detail: expect.stringContaining('× 2') }]);
  });

  it('refuses with the reason', async () => {
    const local = 'ElementDataFile = LOCAL';
    expect(await errorOf(text([...HEADER, local], [1, 2, 3]))).toEqual({ code: 'import/truncated', path: 'a.mha', expectedBytes: 4, actualBytes: 3 });
    expect(await errorOf(text(HEADER))).toMatchObject({ code: 'import/unreadable', detail: expect.stringContaining('ElementDataFile') });
    for (const [line, code] of [
      ['ObjectType = Tube', 'import/unsupported'],
      ['ElementType = MET_UCHAR_ARRAY', 'import/unsupported'],
      ['DimSize = 2 2', 'import/unreadable'],
      ['DimSize = 2 -2 1', 'import/unreadable'],
      ['DimSize = 99999 99999 9999', 'import/truncated'],
      ['TransformMatrix = 1 0 0 0 1 0', 'import/bad-geometry'],
      ['TransformMatrix = 1 0 0 1 0 0 0 0 1', 'import/bad-geometry'],
      ['ElementNumberOfChannels = 0', 'import/unreadable'],
      ['HeaderSize = -7', 'import/unreadable'],
      ['nonsense', 'import/unreadable'],
    ] as const) {
      expect(await errorOf(text([...HEADER, line, local], [1, 2, 3, 4])), line).toMatchObject({ code });
    }
  });
});
