/** NRRD (teem.sourceforge.net/nrrd/format.html), one gzipped file; with segments as 3D Slicer's `.seg.nrrd`. */
import type { Segment, VoxelType } from '../../contract/vocabulary.ts';
import { voxelTypeOf } from '../nifti/writeNifti.ts';
import { joinBytes, keyValuePairs, voxelBytesOf, type WrittenVolume } from '../volume/writtenVolume.ts';
import { keyValuesOfSegments } from './slicerSegments.ts';

const TYPE_NAME: Readonly<Record<VoxelType, string>> = { uint8: 'unsigned char', int16: 'short', uint16: 'unsigned short', float32: 'float' };

export interface WrittenNrrd extends WrittenVolume {
  /** Makes the file a segmentation of 3D Slicer: what the label values mean. */
  readonly segments?: readonly Segment[];
}

/** `gzip` compresses the voxels. Throws for voxels that do not fill the grid. */
export async function writeNrrd(volume: WrittenNrrd, gzip: (bytes: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  const { grid, voxels, segments } = volume;
  const bytes = voxelBytesOf(volume);
  const point = (numbers: readonly number[]) => `(${numbers.map((mm) => String(mm + 0)).join(',')})`;
  const axes = [0, 1, 2].map((axis) => point([0, 1, 2].map((row) => grid.direction[3 * axis + row]! * grid.spacingMm[axis]!)));
  const pairs = [...(segments ? keyValuesOfSegments(segments, voxels, grid.dimsIjk) : []), ...keyValuePairs(volume)];
  const lines = [
    'NRRD0004',
    '# Complete NRRD file format specification at:',
    '# http://teem.sourceforge.net/nrrd/format.html',
    `type: ${TYPE_NAME[voxelTypeOf(voxels)]}`,
    'dimension: 3',
    'space: left-posterior-superior',
    `sizes: ${grid.dimsIjk.join(' ')}`,
    `space directions: ${axes.join(' ')}`,
    'kinds: domain domain domain',
    'endian: little',
    'encoding: gzip',
    `space origin: ${point(grid.originLpsMm)}`,
    ...pairs.map(([key, value]) => `${key}:=${escaped(value)}`),
  ];
  return joinBytes([new TextEncoder().encode(`${lines.join('\n')}\n\n`), await gzip(bytes)]);
}

/** Line ends and backslashes in a value. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll(/\r?\n/g, '\\n');
}
