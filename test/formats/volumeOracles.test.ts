/** What nibabel and SimpleITK write is read by us, and the other way round: every voxel and every affine equal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { writeMetaImage } from '../../main/formats/metaImage/writeMetaImage.ts';
import { niftiChunks } from '../../main/formats/nifti/writeNifti.ts';
import { writeNrrd } from '../../main/formats/nrrd/writeNrrd.ts';
import { affineFromGrid, gridFromAffine } from '../../main/imaging/grid.ts';
import { resampleLabelsOnto } from '../../main/imaging/resampleLabelsOnto.ts';
import type { Grid } from '../../main/contract/vocabulary.ts';
import type { Volume, VoxelArray } from '../../main/imaging/volume.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';

interface MadeFile {
  readonly name: string;
  readonly channels: readonly (readonly number[])[];
  /** LPS, row by row. */
  readonly affine: readonly number[];
  /** Of files made by hand: what SimpleITK says to them. */
  readonly itk?: string;
}

const script = readFileSync(new URL('makeVolumes.py', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-oracle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** NIfTI-1 headers hold float32 numbers. */
const largestDifference = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, n) => Math.abs(value - b[n]!)));

describe.skipIf(!hasDicomPython)(`volume files of nibabel and SimpleITK${dicomPythonNotice}`, () => {
  let files: readonly MadeFile[] = [];
  beforeAll(() => {
    files = askPython<MadeFile[]>(script, folder);
  }, 60_000);

  it('all 10 types in both byte orders, orientations, pairs, 4D, text, lists and skips are read voxel by voxel', async () => {
    expect(files.length).toBeGreaterThan(200);
    const wrong: string[] = [];
    for (const { name, channels, affine } of files) {
      const image = await readVolumeFile(join(folder, name)).catch((thrown: unknown) => thrown as Error & { error?: unknown });
      if (image instanceof Error) wrong.push(`${name}: ${JSON.stringify(image.error ?? image.message)}`);
      else if (largestDifference(affineFromGrid(image.grid), affine) > 1e-4)
        wrong.push(`${name}: affine ${affineFromGrid(image.grid).join(' ')} for ${affine.join(' ')}`);
      else if (JSON.stringify(image.channels.map((channel) => [...channel])) !== JSON.stringify(channels)) wrong.push(`${name}: voxels`);
    }
    expect(wrong).toEqual([]);
  });

  it('SimpleITK reads the files made by hand as they are meant, but for units and text in a MetaImage', () => {
    const others = files.filter(({ itk }) => itk !== undefined && itk !== 'same').map(({ name }) => name);
    expect(others).toEqual(['metres.nrrd', 'text.mha']);
  });

  it('no type is wider than it must be, and nothing is rounded without a word', async () => {
    for (const { name } of files) {
      const { channels, warnings } = await readVolumeFile(join(folder, name));
      const isWhole = channels.every((channel) => channel.every((value) => Number.isInteger(value)));
      const isWide = channels.some((channel) => channel.some((value) => value < -32768 || value > 65535));
      if (isWhole && !isWide && /(^|_)u?int/.test(name) && !/int(32|64)/.test(name)) expect(channels[0], name).not.toBeInstanceOf(Float32Array);
      expect(
        warnings.filter(({ code }) => code === 'import/values'),
        name,
      ).toEqual([]);
    }
  });

  it('label maps go onto another grid as by SimpleITK: nearest neighbour, oblique onto oblique', () => {
    const code = `
import json, sys
import numpy as np, SimpleITK as sitk
def grid(dims, affine):
    m = np.array(affine).reshape(4, 4)
    image = sitk.Image(dims, sitk.sitkUInt8)
    spacing = np.linalg.norm(m[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist()); image.SetOrigin(m[:3, 3].tolist()); image.SetDirection((m[:3, :3] / spacing).ravel().tolist())
    return image
source, target, labels = json.loads(sys.argv[1])
a = sitk.GetImageFromArray(np.array(labels, np.uint8).reshape(source['dims'][::-1]))
a.CopyInformation(grid(source['dims'], source['affine']))
print(json.dumps(sitk.GetArrayFromImage(sitk.Resample(a, grid(target['dims'], target['affine']), sitk.Transform(), sitk.sitkNearestNeighbor)).ravel().tolist()))`;
    const turned = (angle: number, spacing: readonly number[], origin: readonly number[], dims: readonly number[], flip = 1) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const [a, b, d] = spacing as [number, number, number];
      return gridFromAffine(dims, [
        c * a,
        -s * b,
        0,
        origin[0]!,
        s * c * a,
        c * c * b,
        -s * d * flip,
        origin[1]!,
        s * s * a,
        c * s * b,
        c * d * flip,
        origin[2]!,
        0,
        0,
        0,
        1,
      ]);
    };
    const source = turned(0.4, [1, 1.3, 2.1], [3, -4, 5], [19, 17, 11]);
    const voxels = Uint8Array.from({ length: 19 * 17 * 11 }, (_, n) => (n * 7919) % 4);
    for (const target of [turned(0.4, [1, 1.3, 2.1], [3, -4, 5], [19, 17, 11]), turned(-0.9, [0.9, 0.8, 1.7], [9, -3, 25], [23, 21, 13], -1)]) {
      const ask = (grid: Grid) => ({ dims: grid.dimsIjk, affine: affineFromGrid(grid) });
      const expected = askPython<number[]>(code, JSON.stringify([ask(source), ask(target), [...voxels]]));
      expect(expected.some((label) => label > 0)).toBe(true);
      expect([...resampleLabelsOnto({ grid: source, voxels }, target).labels.voxels]).toEqual(expected);
    }
  });

  it('what we write as NIfTI, NRRD and MetaImage is what they read', async () => {
    const grid = gridFromAffine([3, 4, 5], [0.6, -0.4, 0, -12.5, 0.8, 0.3, 0, 7, 0, 0, -2.5, 99.25, 0, 0, 0, 1]);
    const count = 60;
    const written: { name: string; voxels: number[] }[] = [];
    const arrays: VoxelArray[] = [
      Uint8Array.from({ length: count }, (_, n) => 255 - n),
      Int16Array.from({ length: count }, (_, n) => n * 1000 - 32000),
      Uint16Array.from({ length: count }, (_, n) => 65535 - n * 1000),
      Float32Array.from({ length: count }, (_, n) => n / 7 - 3),
    ];
    for (const voxels of arrays) {
      const volume: Volume = { grid, voxels };
      const stem = voxels.constructor.name;
      writeFileSync(join(folder, `${stem}.nii`), Buffer.concat(niftiChunks(grid, voxels)));
      writeFileSync(join(folder, `${stem}.nrrd`), await writeNrrd(volume, promisify(gzip)));
      writeFileSync(join(folder, `${stem}.mha`), await writeMetaImage(volume, promisify(deflate)));
      for (const ending of ['nii', 'nrrd', 'mha']) written.push({ name: `${stem}.${ending}`, voxels: [...voxels] });
    }
    const read = askPython<MadeFile[]>(
      `
import json, sys, os
import numpy as np, nibabel, SimpleITK as sitk
out = []
for name in sys.argv[2:]:
    path = os.path.join(sys.argv[1], name)
    image = sitk.ReadImage(path)
    array = sitk.GetArrayFromImage(image)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    if name.endswith('.nii'):
        loaded = nibabel.load(path)
        assert np.array_equal(np.asanyarray(loaded.dataobj), array.transpose(2, 1, 0)), name
        assert np.allclose(np.diag([-1, -1, 1, 1]) @ loaded.affine, affine, atol=1e-4), name
        assert np.allclose(loaded.get_qform(), loaded.get_sform(), atol=1e-4), name
    out.append({'name': name + ' ' + str(array.dtype), 'channels': [array.ravel().astype(float).tolist()], 'affine': affine.ravel().tolist()})
print(json.dumps(out))`,
      folder,
      ...written.map(({ name }) => name),
    );
    read.forEach((file, n) => {
      const { name, voxels } = written[n]!;
      expect(file.name).toBe(`${name} ${name.replace('Array', '').split('.')[0]!.toLowerCase()}`);
      expect(file.channels[0]).toEqual(voxels);
      expect(largestDifference(file.affine, affineFromGrid(grid)), name).toBeLessThan(name.endsWith('.nii') ? 1e-4 : 1e-12);
    });
  });
});
