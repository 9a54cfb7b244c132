import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import { niftiChunks } from '../../formats/nifti/writeNifti.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { isVolumeName, partPathsOf, readVolumeFile, volumeStem } from './volumeFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'maskloop-volume-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function errorOf(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof AppException ? thrown.error : thrown),
  );
}

const grid = gridFromAffine([4, 5, 6], [2, 0, 0, -10, 0, 2, 0, 20, 0, 0, 3, 30, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: 120 }, (_, n) => n * 7 - 400);
const nifti = Buffer.concat(niftiChunks(grid, voxels));

/** The same as `.hdr` and `.img`. */
function pair(): { header: Uint8Array; image: Uint8Array } {
  const header = Uint8Array.from(nifti.subarray(0, 348));
  header[345] = 0x69; // "ni1"
  new DataView(header.buffer).setFloat32(108, 0, true);
  return { header, image: Uint8Array.from(nifti.subarray(352)) };
}

describe('volume files', () => {
  it('are known by their names', () => {
    for (const name of ['a.nii', 'a.NII.GZ', 'a.b.hdr', 'a.hdr.gz']) expect(isVolumeName(name), name).toBe(true);
    for (const name of ['a.img', 'a.gz', 'nii', '.nii', 'a.nii.zip', 'a.dcm']) expect(isVolumeName(name), name).toBe(false);
    expect(volumeStem('case_0000.nii.gz')).toBe('case_0000');
  });

  it('are read from .nii, .nii.gz and header/image pairs, gzipped or not, and the bytes on disk are told', async () => {
    const { header, image } = pair();
    fileOf('pair.IMG', image);
    fileOf('zipped.img.gz', gzipSync(image));
    const paths = [
      fileOf('a.nii', nifti),
      fileOf('b.nii.gz', gzipSync(nifti)),
      fileOf('c.nii', gzipSync(nifti)),
      fileOf('pair.hdr', header),
      fileOf('zipped.hdr.gz', gzipSync(header)),
    ];
    for (const path of paths) {
      const told: Uint8Array[] = [];
      const file = await readVolumeFile(path, (bytes) => told.push(bytes));
      expect(file.grid, path).toEqual(grid);
      expect(file.channels, path).toEqual([voxels]);
      expect(file.warnings, path).toEqual([]);
      expect(told).toHaveLength((await partPathsOf(path)).length + 1);
    }
    expect(await partPathsOf(join(folder, 'pair.hdr'))).toEqual([join(folder, 'pair.IMG')]);
  });

  it('gzip: rubbish behind the stream is ignored; cut off or damaged streams are refused', async () => {
    const zipped = gzipSync(nifti);
    const trailed = await readVolumeFile(fileOf('trailed.nii.gz', Buffer.concat([zipped, Buffer.from('rubbish')])));
    expect(trailed.channels).toEqual([voxels]);
    const cut = await errorOf(readVolumeFile(fileOf('cut.nii.gz', zipped.subarray(0, zipped.length - 60))));
    expect(cut).toMatchObject({ code: 'import/truncated', expectedBytes: 592 });
    const trailerless = await errorOf(readVolumeFile(fileOf('trailer.nii.gz', zipped.subarray(0, zipped.length - 4))));
    expect(trailerless).toMatchObject({ code: 'import/unreadable', detail: expect.stringContaining('cut off') });
    const wrongSum = Buffer.from(zipped);
    wrongSum[wrongSum.length - 8]! ^= 1;
    const damaged = await errorOf(readVolumeFile(fileOf('sum.nii.gz', wrongSum)));
    expect(damaged).toMatchObject({ code: 'import/unreadable', detail: expect.stringContaining('incorrect data check') });
  });

  it('a stream that holds far more than its header says is not unpacked', async () => {
    const bomb = gzipSync(Buffer.concat([nifti, Buffer.alloc(300_000_000)]));
    expect(await errorOf(readVolumeFile(fileOf('bomb.nii.gz', bomb)))).toMatchObject({
      code: 'import/unreadable',
      detail: expect.stringContaining('far more'),
    });
  });

  it('a header without its image file says what is missing', async () => {
    expect(await errorOf(readVolumeFile(fileOf('alone.hdr', pair().header)))).toMatchObject({
      code: 'import/unreadable',
      detail: expect.stringContaining('.img'),
    });
  });

  it('Analyze 7.5 is read as nibabel reads it, with a warning', async () => {
    const { header, image } = pair();
    header.fill(0, 252);
    fileOf('old.img', image);
    const file = await readVolumeFile(fileOf('old.hdr', header));
    expect(file.grid.originLpsMm).toEqual([-3, 4, -7.5]);
    expect(file.grid.direction).toEqual([1, 0, 0, 0, -1, 0, 0, 0, 1]);
    expect(file.warnings).toMatchObject([{ code: 'import/orientation-assumed' }]);
    expect(file.channels).toEqual([voxels]);
  });
});
