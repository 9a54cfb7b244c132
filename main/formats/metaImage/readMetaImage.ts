/** MetaImage files: header and voxels in one (`.mha`) or apart (`.mhd`). The world is LPS millimetres, as ITK has it. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { bytesBehind, bytesOfText, skippedBytes, storedNumbers } from '../volume/dataFiles.ts';
import { bytesPerStored, readStoredVoxels } from '../volume/storedVoxels.ts';
import { numbersOf } from '../volume/textHeader.ts';
import type { VolumeHost } from '../volume/volumeHost.ts';
import type { VolumeImage } from '../volume/volumeImage.ts';
import { readMetaImageHeader, type MetaImageHeader } from './metaImageHeader.ts';

const MM_PER_UNIT: Readonly<Record<string, number>> = { mm: 1, um: 0.001, cm: 10, '?': 1 };

/**
 * `path` names the file in errors. The fourth dimension, or the channels of a voxel, become channels.
 * Throws `import/unreadable`, `import/unsupported`, `import/truncated` or `import/bad-geometry`, and what `host` throws.
 */
export async function readMetaImage(bytes: Uint8Array, path: string, host: VolumeHost): Promise<VolumeImage> {
  const header = readMetaImageHeader(bytes, path);
  const { type, isLittleEndian, dimSize, channelsPerVoxel } = header;
  const fourth = dimSize[3] ?? 1;
  if (fourth > 1 && channelsPerVoxel > 1) {
    const detail = `${dimSize.join(' × ')} voxels of ${channelsPerVoxel} channels`;
    throw new AppException({ code: 'import/unsupported', path, detail });
  }
  const { grid, warnings } = gridOf(header, path);
  const voxelCount = grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2];
  const layout = {
    type,
    isLittleEndian: isLittleEndian || header.isText,
    voxelCount,
    channelCount: fourth * channelsPerVoxel,
    runCount: channelsPerVoxel > 1 ? 1 : voxelCount,
    slope: 1,
    intercept: 0,
  };
  const voxels = readStoredVoxels(await storedBytes(bytes, header, path, host), layout, path);
  return { ...voxels, grid, warnings: [...warnings, ...scaleWarnings(header, path), ...voxels.warnings] };
}

/** MetaIO has fields for a scale that ITK does not apply; nor do we. */
function scaleWarnings({ fields }: MetaImageHeader, path: string): AppError[] {
  const slope = fields.get('elementtointensityfunctionslope') ?? '1';
  const offset = fields.get('elementtointensityfunctionoffset') ?? '0';
  if (Number(slope) === 1 && Number(offset) === 0) return [];
  const detail = `it names a scale (× ${slope.slice(0, 20)}, + ${offset.slice(0, 20)}) that was not applied, as ITK does not`;
  return [{ code: 'import/values', path, detail }];
}

/** Names of the files with the voxels, as the header says them; empty when they follow it. */
export function metaImagePartNames(bytes: Uint8Array, path: string): readonly string[] {
  return readMetaImageHeader(bytes, path).dataFiles ?? [];
}

function gridOf({ fields, dimSize }: MetaImageHeader, path: string): { grid: Grid; warnings: AppError[] } {
  const rank = dimSize.length;
  const numbers = (names: readonly string[], count: number): number[] | undefined => {
    const name = names.find((one) => fields.has(one));
    if (name === undefined) return undefined;
    const found = numbersOf(fields.get(name)!);
    if (found?.length === count) return found;
    throw new AppException({ code: 'import/bad-geometry', path, detail: `${name} is '${fields.get(name)!.slice(0, 60)}'` });
  };
  const spacing = numbers(['elementspacing', 'elementsize'], rank) ?? [];
  const origin = numbers(['offset', 'position', 'origin'], rank);
  const matrix = numbers(['transformmatrix', 'rotation', 'orientation'], rank * rank);
  const mm = MM_PER_UNIT[(fields.get('distanceunits') ?? 'mm').toLowerCase()] ?? 1;
  // row n of the matrix is the direction of axis n
  const direction = (axis: number, row: number) => (axis < rank && row < rank ? matrix?.[rank * axis + row] : undefined) ?? (axis === row ? 1 : 0);
  const affine = [0, 1, 2].flatMap((row) => [
    ...[0, 1, 2].map((axis) => direction(axis, row) * Math.abs(spacing[axis] ?? 1) * mm),
    (row < rank ? (origin?.[row] ?? 0) : 0) * mm,
  ]);
  const dims = [0, 1, 2].map((axis) => dimSize[axis] ?? 1);
  const detail = 'it says neither position nor directions; the first axis was taken to run to the left, the second to the back, the third upwards';
  const warnings: AppError[] = origin || matrix ? [] : [{ code: 'import/orientation-assumed', path, detail }];
  return { grid: gridFromAffine(dims, [...affine, 0, 0, 0, 1], path), warnings };
}

/** The numbers of all files, decoded. */
function storedBytes(bytes: Uint8Array, header: MetaImageHeader, path: string, host: VolumeHost): Promise<Uint8Array> {
  const count = header.dimSize.reduce((product, size) => product * size, header.channelsPerVoxel);
  return storedNumbers(bytes, header, count, path, host, (source, part, name) => decoded(source, header, part, name, host));
}

async function decoded(
  source: Uint8Array,
  { type, isText, isCompressed, skipBytes }: MetaImageHeader,
  count: number,
  path: string,
  host: VolumeHost,
): Promise<Uint8Array> {
  if (isText) return bytesOfText(source, type, count, path);
  const neededBytes = count * bytesPerStored(type);
  if (isCompressed) return host.inflate(source.subarray(Math.max(0, skipBytes)), neededBytes, path);
  return bytesBehind(source, skippedBytes(source, skipBytes, neededBytes), neededBytes, path);
}
