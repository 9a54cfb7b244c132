import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gridFromAffine, gridsMatch } from '../imaging/grid.ts';
import { readLabelmap, readStoredImage, sha256Of, writeGzippedNifti, writeLabelmap, writeStoredChannel } from './storedVolume.ts';

const grid = gridFromAffine([3, 4, 5], [0.7, 0, 0, -20.25, 0, 0.8, 0, 10.5, 0, 0, 2.5, -300.125, 0, 0, 0, 1]);

describe('stored volumes', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'maskloop-stored-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes and reads back each voxel type, voxels at byte 352', async () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    for (const voxels of [Uint8Array.from(numbers), Int16Array.from(numbers), Uint16Array.from(numbers), Float32Array.from(numbers, (n) => n / 7)]) {
      const file = join(folder, 'image_0000.nii');
      await writeStoredChannel(file, grid, voxels);
      expect(readFileSync(file).subarray(352)).toEqual(Buffer.from(voxels.buffer));
      const image = { files: [file], voxelType: 'int16' as const, grid, sourceGrid: grid, channelNames: ['CT'] };
      const [volume] = await readStoredImage(image);
      expect(volume?.voxels).toEqual(voxels);
      expect(volume?.grid).toBe(grid);
    }
  });

  it('writes and reads label maps', async () => {
    const labels = Uint8Array.from({ length: 60 }, (_, n) => n % 3);
    const file = join(folder, 'r0001.nii.gz');
    const { sha256 } = await writeLabelmap(file, grid, labels);
    expect(sha256).toBe(sha256Of(labels));
    const back = await readLabelmap(file);
    expect(back.voxels).toEqual(labels);
    expect(gridsMatch(back.grid, grid, 1e-3)).toBe(true);
  });

  it('keeps label maps in 16 bits, reads other types, and refuses values that are no labels', async () => {
    const file = join(folder, 'r0001.nii.gz');
    const wide = Uint16Array.from({ length: 60 }, (_, n) => [0, 1, 300, 65_535][n % 4]!);
    const { sha256 } = await writeLabelmap(file, grid, wide);
    expect(sha256).toBe(sha256Of(wide));
    expect((await readLabelmap(file)).voxels).toEqual(wide);
    await writeGzippedNifti(file, grid, Float32Array.from(wide));
    expect((await readLabelmap(file)).voxels).toEqual(wide);
    await writeGzippedNifti(
      file,
      grid,
      Int16Array.from(wide, (value) => value % 256),
    );
    expect((await readLabelmap(file)).voxels).toEqual(Uint8Array.from(wide, (value) => value % 256));
    for (const strange of [65_536, -1, 0.5]) {
      await writeGzippedNifti(file, grid, new Float32Array(60).fill(strange, 7, 8));
      const error = { code: 'disk/corrupt', path: file, detail: `value ${strange} is not a whole number from 0 to 65535` };
      await expect(readLabelmap(file)).rejects.toMatchObject({ error });
    }
  });

  it('reports damage as disk/corrupt', async () => {
    const file = join(folder, 'r0001.nii.gz');
    await writeLabelmap(file, grid, new Uint8Array(60));
    writeFileSync(file, readFileSync(file).subarray(0, 40));
    await expect(readLabelmap(file)).rejects.toMatchObject({ error: { code: 'disk/corrupt', path: file } });
    const elsewhere = gridFromAffine([3, 4, 5], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const image = join(folder, 'image_0000.nii');
    await writeStoredChannel(image, grid, new Int16Array(60));
    await expect(readStoredImage({ files: [image], voxelType: 'int16', grid: elsewhere, sourceGrid: elsewhere, channelNames: ['MR'] })).rejects.toMatchObject({
      error: { code: 'disk/corrupt' },
    });
  });
});
