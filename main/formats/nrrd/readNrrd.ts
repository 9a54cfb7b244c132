/** NRRD files, attached (`.nrrd`) and detached (`.nhdr`); those of 3D Slicer also as a segmentation. */
import { AppException } from '../../contract/errors.ts';
import { bytesBehind, bytesOfText, skippedBytes, storedNumbers } from '../volume/dataFiles.ts';
import { bytesPerStored, readStoredVoxels } from '../volume/storedVoxels.ts';
import type { VolumeHost } from '../volume/volumeHost.ts';
import type { VolumeImage } from '../volume/volumeImage.ts';
import { readNrrdAxes } from './nrrdGeometry.ts';
import { readNrrdHeader, type NrrdHeader } from './nrrdHeader.ts';
import { segmentationOf } from './slicerSegmentation.ts';

/**
 * `path` names the file in errors. An axis that does not lie in space becomes channels.
 * Throws `import/unreadable`, `import/unsupported`, `import/truncated` or `import/bad-geometry`, and what `host` throws.
 */
export async function readNrrd(bytes: Uint8Array, path: string, host: VolumeHost): Promise<VolumeImage> {
  const header = readNrrdHeader(bytes, path);
  const { grid, channelCount, runCount, warnings } = readNrrdAxes(header, path);
  const { type, isLittleEndian } = header;
  const voxelCount = grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2];
  const stored = await storedBytes(bytes, header, path, host);
  const layout = { type, isLittleEndian, voxelCount, channelCount, runCount, slope: 1, intercept: 0 };
  const voxels = readStoredVoxels(stored, layout, path);
  const read = segmentationOf(header.keyValues, grid, voxels.channels, path);
  return {
    ...voxels,
    grid,
    warnings: [...warnings, ...voxels.warnings, ...read.warnings],
    ...(read.segments ? { segments: read.segments } : {}),
    ...(read.segmentation ? { segmentation: read.segmentation } : {}),
  };
}

/** Names of the files with the voxels, as the header says them; empty when they follow it. */
export function nrrdPartNames(bytes: Uint8Array, path: string): readonly string[] {
  return readNrrdHeader(bytes, path).dataFiles ?? [];
}

/** The numbers of all files, decoded. */
function storedBytes(bytes: Uint8Array, header: NrrdHeader, path: string, host: VolumeHost): Promise<Uint8Array> {
  const count = header.sizes.reduce((product, size) => product * size, 1);
  return storedNumbers(bytes, header, count, path, host, (source, part, name) => decoded(source, header, part, name, host));
}

/** `count` numbers of one file. Lines are skipped before anything is unpacked, bytes after. */
async function decoded(
  source: Uint8Array,
  { type, encoding, lineSkip, byteSkip }: NrrdHeader,
  count: number,
  path: string,
  host: VolumeHost,
): Promise<Uint8Array> {
  let at = 0;
  for (let line = 0; line < lineSkip; line++) {
    at = source.indexOf(10, at) + 1;
    if (at === 0) throw new AppException({ code: 'import/unreadable', path, detail: `no ${lineSkip} lines to skip` });
  }
  const behindLines = source.subarray(at);
  if (encoding === 'text') return bytesOfText(behindLines, type, count, path);
  const neededBytes = count * bytesPerStored(type);
  const skip = skippedBytes(behindLines, byteSkip, neededBytes);
  if (encoding === 'gzip' && byteSkip < 0) throw new AppException({ code: 'import/unreadable', path, detail: 'a byte skip of -1 in front of gzip data' });
  const unpacked = encoding === 'gzip' ? await host.inflate(behindLines, skip + neededBytes, path) : behindLines;
  return bytesBehind(unpacked, skip, neededBytes, path);
}
