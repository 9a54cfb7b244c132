/** NIfTI-1, NIfTI-2 and Analyze 7.5. Bytes in, grid and voxels out; gzip is undone by the caller. */
import { AppException } from '../../contract/errors.ts';
import { bytesPerStored, readStoredVoxels, type StoredType } from '../volume/storedVoxels.ts';
import type { VolumeImage } from '../volume/volumeImage.ts';
import { gridFromHeader } from './niftiGeometry.ts';
import { readNiftiHeader, type NiftiHeader } from './niftiHeader.ts';

/** nifti1.h, DT_…; a string is what is refused. */
const DATATYPES: Readonly<Record<number, StoredType | { refused: string }>> = {
  1: { refused: 'binary' },
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  32: { refused: 'complex64' },
  64: 'float64',
  128: { refused: 'RGB colour' },
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
  1536: { refused: 'float128' },
  1792: { refused: 'complex128' },
  2048: { refused: 'complex256' },
  2304: { refused: 'RGBA colour' },
};

/** Where the numbers of a file lie and what they are. */
interface VoxelPlace {
  readonly dimsIjk: readonly [number, number, number];
  readonly channelCount: number;
  readonly type: StoredType;
  /** In the file itself, or in its `.img` file. */
  readonly startByte: number;
  readonly endByte: number;
}

/**
 * `bytes`: of the `.nii` or `.hdr` file; `imageBytes`: of the `.img` file where the header needs one. `path` only names the
 * file in errors. The fourth or fifth dimension becomes channels.
 * Throws `import/unreadable`, `import/unsupported`, `import/truncated` or `import/bad-geometry`; never allocates more than
 * the file justifies.
 */
export function readNifti(bytes: Uint8Array, path: string, imageBytes?: Uint8Array): VolumeImage {
  const header = readNiftiHeader(bytes, path);
  const place = voxelPlace(header, path);
  const source = header.kind === 'single' ? bytes : imageBytes;
  if (!source) throw new AppException({ code: 'import/unreadable', path, detail: 'a header alone: the .img file with its voxels is missing' });
  const { dimsIjk, channelCount, type, startByte, endByte } = place;
  if (source.length < endByte) throw new AppException({ code: 'import/truncated', path, expectedBytes: endByte, actualBytes: source.length });
  const voxelCount = dimsIjk[0] * dimsIjk[1] * dimsIjk[2];
  const { isLittleEndian } = header;
  const layout = { type, isLittleEndian, voxelCount, channelCount, runCount: voxelCount, ...scaling(header) };
  const { grid, warnings } = gridFromHeader(header, dimsIjk, path);
  const voxels = readStoredVoxels(source.subarray(startByte), layout, path);
  return { ...voxels, grid, warnings: [...warnings, ...voxels.warnings] };
}

/**
 * How many bytes of the file and of its `.img` file are read, from the first `LONGEST_NIFTI_HEADER` bytes of the file;
 * `imageBytes` is absent when there is no such file. Throws what `readNifti` throws for such a header.
 */
export function niftiByteCounts(head: Uint8Array, path: string): { bytes: number; imageBytes?: number } {
  const header = readNiftiHeader(head, path);
  const { endByte } = voxelPlace(header, path);
  return header.kind === 'single' ? { bytes: endByte } : { bytes: header.headerBytes, imageBytes: endByte };
}

function voxelPlace(header: NiftiHeader, path: string): VoxelPlace {
  const { dimsIjk, channelCount } = readDims(header.dim, path);
  const type = DATATYPES[header.datatype];
  if (!type) throw new AppException({ code: 'import/unreadable', path, detail: `unknown NIfTI data type ${header.datatype}` });
  if (typeof type !== 'string') throw new AppException({ code: 'import/unsupported', path, detail: `${type.refused} voxels` });
  const { kind, voxOffsetBytes, headerBytes } = header;
  if (!Number.isFinite(voxOffsetBytes) || (kind !== 'analyze' && voxOffsetBytes < 0))
    throw new AppException({ code: 'import/unreadable', path, detail: `voxel offset ${voxOffsetBytes}` });
  // vox_offset below the header's end is a known slip of some writers and means "right after the header"
  const startByte = Math.floor(kind === 'single' ? Math.max(voxOffsetBytes, headerBytes + 4) : Math.max(voxOffsetBytes, 0));
  const numberCount = dimsIjk[0] * dimsIjk[1] * dimsIjk[2] * channelCount;
  return { dimsIjk, channelCount, type, startByte, endByte: startByte + numberCount * bytesPerStored(type) };
}

/** scl_slope 0 or not a number means that nothing is scaled. */
function scaling({ sclSlope, sclInter }: NiftiHeader): { slope: number; intercept: number } {
  if (!Number.isFinite(sclSlope) || sclSlope === 0) return { slope: 1, intercept: 0 };
  return { slope: sclSlope, intercept: Number.isFinite(sclInter) ? sclInter : 0 };
}

/** dim[4] or dim[5] (vector images) may hold channels, not both. */
function readDims(dim: readonly number[], path: string): { dimsIjk: [number, number, number]; channelCount: number } {
  const rank = dim[0]!;
  if (rank < 1 || rank > 7) throw new AppException({ code: 'import/unreadable', path, detail: `dim[0] is ${rank}, not 1 to 7` });
  const counts = Array.from({ length: 7 }, (_, n) => (n < rank ? dim[n + 1]! : 1));
  const shown = counts.slice(0, rank).join(' × ');
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 1))
    throw new AppException({ code: 'import/unreadable', path, detail: `voxel counts ${shown}` });
  const channels = counts.slice(3).filter((count) => count > 1);
  if (channels.length > 1) throw new AppException({ code: 'import/unsupported', path, detail: `${3 + channels.length}-dimensional image ${shown}` });
  return { dimsIjk: [counts[0]!, counts[1]!, counts[2]!], channelCount: channels[0] ?? 1 };
}
