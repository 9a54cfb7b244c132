/** Volumes of the project store: images as raw NIfTI-1, one file per channel; label maps as gzipped NIfTI-1. */
import { createHash } from 'node:crypto';
import { gzip } from 'node:zlib';
import { AppException } from '../contract/errors.ts';
import type { StoredImage } from '../contract/tasks.ts';
import type { Grid } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { labelVoxels } from '../imaging/labelVoxels.ts';
import { gridsMatch } from '../imaging/grid.ts';
import type { Volume, VoxelArray } from '../imaging/volume.ts';
import { niftiChunks } from '../formats/nifti/writeNifti.ts';
import type { VolumeImage } from '../formats/volume/volumeImage.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { sha256OfFile } from './sha256OfFile.ts';
import { readVolumeFile } from './read/volumeFile.ts';

/** Stored headers hold float32 numbers; this is far above their rounding and far below a voxel. */
const STORED_TOLERANCE_MM = 0.01;

/**
 * One volume per channel on `image.grid`. Throws `disk/corrupt` when a file is damaged or does not lie on that grid,
 * errno errors when it cannot be read.
 */
export async function readStoredImage(image: StoredImage): Promise<Volume[]> {
  const volumes: Volume[] = [];
  for (const file of image.files) {
    const nifti = await readOwnFile(file);
    if (!gridsMatch(nifti.grid, image.grid, STORED_TOLERANCE_MM)) {
      throw new AppException({ code: 'disk/corrupt', path: file, detail: 'lies on another grid than the project says' });
    }
    volumes.push({ grid: image.grid, voxels: nifti.channels[0]! });
  }
  return volumes;
}

/** SHA-256 of the content of each file, one after the other and in bounded memory. */
export async function imageHashesOf({ files }: Pick<StoredImage, 'files'>): Promise<string[]> {
  const hashes: string[] = [];
  for (const file of files) hashes.push(await sha256OfFile(file));
  return hashes;
}

/** Writes one channel; `file` ends in `.nii`. Returns the SHA-256 of its content. */
export async function writeStoredChannel(file: string, grid: Grid, voxels: VoxelArray): Promise<string> {
  const chunks = niftiChunks(grid, voxels);
  await writeFileAtomic(file, chunks);
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** Reads `.nii` or `.nii.gz`, of either label type. Throws `disk/corrupt` for damaged files and values that are no labels. */
export async function readLabelmap(file: string): Promise<Volume<LabelArray>> {
  const nifti = await readOwnFile(file);
  const labels = labelVoxels(nifti.channels[0]!);
  if (!labels.ok) throw new AppException({ code: 'disk/corrupt', path: file, detail: labels.detail });
  return { grid: nifti.grid, voxels: labels.voxels };
}

/**
 * Writes a label map atomically as `.nii.gz` and returns the sha256 of the raw voxels (not of the file, whose bytes
 * depend on the compressor).
 */
export async function writeLabelmap(file: string, grid: Grid, voxels: LabelArray): Promise<{ sha256: string }> {
  await writeGzippedNifti(file, grid, voxels);
  return { sha256: sha256Of(voxels) };
}

/** Any voxels as `.nii.gz`, atomically. */
export async function writeGzippedNifti(file: string, grid: Grid, voxels: VoxelArray): Promise<void> {
  await writeFileAtomic(file, await gzipped(niftiChunks(grid, voxels)));
}

/** Hex sha256 of raw label voxels, as `writeLabelmap` reports it. */
export function sha256Of(voxels: LabelArray): string {
  return createHash('sha256').update(voxels).digest('hex');
}

function gzipped(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // level 4: label maps are long runs, higher levels cost time and save next to nothing
    gzip(Buffer.concat(chunks), { level: 4 }, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** What is wrong with a file of ours is not the user's import but a damaged project. */
async function readOwnFile(file: string): Promise<VolumeImage> {
  try {
    return await readVolumeFile(file);
  } catch (thrown) {
    if (!(thrown instanceof AppException)) throw thrown;
    const { code, ...facts } = thrown.error;
    throw new AppException({ code: 'disk/corrupt', path: file, detail: `${code} ${JSON.stringify(facts)}` });
  }
}
