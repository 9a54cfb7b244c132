import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { Grid } from '../../contract/vocabulary.ts';
import { niftiChunks } from '../../formats/nifti/writeNifti.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import type { MaskFormat } from '../maskToExport.ts';

/** Label maps are long runs: higher levels cost time and save next to nothing. */
const LEVEL = 4;

/** One file. `level` of zlib; the default is one for masks. */
export const gzippedNifti = (grid: Grid, voxels: VoxelArray, level = LEVEL): Promise<Buffer> =>
  promisify(gzip)(Buffer.concat(niftiChunks(grid, voxels)), { level });

/** One gzipped NIfTI-1 file; names and colours have no place in it. */
export const encodeNifti: MaskFormat = async ({ baseName, mask }) => {
  return { files: [{ name: `${baseName}.nii.gz`, chunks: [await gzippedNifti(mask.grid, mask.voxels)] }], warnings: [] };
};
