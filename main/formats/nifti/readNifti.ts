/** NIfTI-1 and NIfTI-2 single files. Bytes in, grid and voxels out; gzip is undone by the caller. */
import { AppException } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import { gridFromHeader } from './niftiGeometry.ts';
import { readNiftiHeader } from './niftiHeader.ts';
import { readNiftiVoxels } from './niftiVoxels.ts';

export interface NiftiImage {
  /** Of the file as it is, not yet canonical. */
  readonly grid: Grid;
  /** One array per volume of the fourth dimension, all of one type, in file order. May share memory with the input. */
  readonly channels: readonly VoxelArray[];
  /** NaN and infinite voxels, which were read as 0. */
  readonly nonFiniteCount: number;
}

/**
 * `path` only names the file in errors. Throws `import/unreadable`, `import/unsupported`, `import/truncated` or
 * `import/bad-geometry`; never allocates more than the file justifies.
 */
export function readNifti(bytes: Uint8Array, path: string): NiftiImage {
  const header = readNiftiHeader(bytes, path);
  const { dimsIjk, channelCount } = readDims(header.dim, path);
  const voxelCount = dimsIjk[0] * dimsIjk[1] * dimsIjk[2];
  const voxels = readNiftiVoxels(bytes, header, voxelCount, channelCount, path);
  return { grid: gridFromHeader(header, dimsIjk, path), ...voxels };
}

/** dim[4] or dim[5] (vector images) may hold channels, not both. */
function readDims(dim: readonly number[], path: string): { dimsIjk: [number, number, number]; channelCount: number } {
  const rank = dim[0]!;
  if (rank < 1 || rank > 7)
    throw new AppException({ code: 'import/unreadable', path, detail: `dim[0] is ${rank}, not 1 to 7` });
  const counts = Array.from({ length: 7 }, (_, n) => (n < rank ? dim[n + 1]! : 1));
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 1)) {
    throw new AppException({
      code: 'import/unreadable',
      path,
      detail: `voxel counts ${counts.slice(0, rank).join(' × ')}`,
    });
  }
  const channels = counts.slice(3).filter((count) => count > 1);
  if (channels.length > 1) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: `${3 + channels.length}-dimensional image ${counts.slice(0, rank).join(' × ')}`,
    });
  }
  return { dimsIjk: [counts[0]!, counts[1]!, counts[2]!], channelCount: channels[0] ?? 1 };
}
