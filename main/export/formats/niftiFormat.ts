import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { niftiChunks } from '../../formats/nifti/writeNifti.ts';
import type { MaskFormat } from '../maskToExport.ts';

/** Label maps are long runs: higher levels cost time and save next to nothing. */
const LEVEL = 4;

/** One gzipped NIfTI-1 file; names and colours have no place in it. */
export const encodeNifti: MaskFormat = async ({ baseName, mask }) => {
  const bytes = await promisify(gzip)(Buffer.concat(niftiChunks(mask.grid, mask.voxels)), { level: LEVEL });
  return { files: [{ name: `${baseName}.nii.gz`, chunks: [bytes] }], warnings: [] };
};
