/** Small pictures for the worklist. Of an image only the slice that is drawn is read. */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { StoredImage, ThumbnailsTask } from '../contract/tasks.ts';
import type { VoxelType } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { THUMBNAIL_PREFIX } from '../dataset/projectFolder.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import { openToRead } from '../vault/readSealed.ts';
import { drawThumbnail, thumbnailSlice } from '../export/caseThumbnail.ts';
import { NIFTI_VOXELS_AT_BYTE } from '../formats/nifti/writeNifti.ts';
import type { VoxelArray } from '../imaging/volume.ts';
import { breathe } from './wholeCase.ts';

type ThumbnailCase = ThumbnailsTask['cases'][number];

const ARRAY_OF: Readonly<Record<VoxelType, (new (buffer: ArrayBuffer) => VoxelArray) & { readonly BYTES_PER_ELEMENT: number }>> = {
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float32: Float32Array,
};

/** Cases that cannot be drawn say why; the others go on. */
export async function runThumbnails({ cases, legend }: ThumbnailsTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    for (const one of cases) {
      await breathe();
      if (port.stop.aborted) break;
      const problem = await writeThumbnail(one, legend).then(
        () => null,
        (thrown: unknown) => toAppError(thrown, one.outputFile),
      );
      port.tell({ type: 'item', item: { kind: 'thumbnail', caseId: one.caseId, outputFile: one.outputFile, problem } });
    }
    return ok({});
  } catch (thrown) {
    return err(toAppError(thrown));
  }
}

async function writeThumbnail({ image, modality, labelFile, outputFile }: ThumbnailCase, legend: ThumbnailsTask['legend']): Promise<void> {
  const { grid } = image;
  const sliceVoxels = grid.dimsIjk[0] * grid.dimsIjk[1];
  const mask = labelFile === null ? null : (await readLabelmap(labelFile)).voxels;
  if (mask && mask.length !== sliceVoxels * grid.dimsIjk[2])
    throw new AppException({ code: 'disk/corrupt', path: labelFile!, detail: `${mask.length} voxels, the image has ${sliceVoxels * grid.dimsIjk[2]}` });
  const slice = thumbnailSlice(mask, grid);
  const values = await readSlice(image, slice);
  const labels = mask && mask.subarray(slice * sliceVoxels, (slice + 1) * sliceVoxels);
  await writeFileAtomic(outputFile, drawThumbnail({ grid, modality, values, labels, legend }));
  await removeOlder(outputFile);
}

/** Of the first channel. */
async function readSlice(
  {
    files: [file],
    voxelType,
    grid: {
      dimsIjk: [ni, nj],
    },
  }: StoredImage,
  slice: number,
): Promise<VoxelArray> {
  const arrayType = ARRAY_OF[voxelType];
  const voxels = new arrayType(new ArrayBuffer(ni * nj * arrayType.BYTES_PER_ELEMENT));
  const handle = await openToRead(file!);
  try {
    const { bytesRead } = await handle.read(new Uint8Array(voxels.buffer), 0, voxels.byteLength, NIFTI_VOXELS_AT_BYTE + slice * voxels.byteLength);
    if (bytesRead !== voxels.byteLength) throw new AppException({ code: 'disk/corrupt', path: file!, detail: `slice ${slice} is cut off` });
    return voxels;
  } finally {
    await handle.close();
  }
}

async function removeOlder(outputFile: string): Promise<void> {
  const folder = dirname(outputFile);
  for (const name of await readdir(folder)) {
    if (name.startsWith(THUMBNAIL_PREFIX) && name.endsWith('.png') && name < basename(outputFile)) await rm(join(folder, name), { force: true });
  }
}
