/** MetaImage (`.mha`): header and compressed voxels in one file, as ITK writes it. */
import type { VoxelType } from '../../contract/vocabulary.ts';
import { orientationCode } from '../../imaging/orientation.ts';
import { voxelTypeOf } from '../nifti/writeNifti.ts';
import { joinBytes, keyValuePairs, voxelBytesOf, type WrittenVolume } from '../volume/writtenVolume.ts';

const ELEMENT_TYPE: Readonly<Record<VoxelType, string>> = { uint8: 'MET_UCHAR', int16: 'MET_SHORT', uint16: 'MET_USHORT', float32: 'MET_FLOAT' };

/**
 * `deflate` makes a zlib stream (RFC 1950). Keys and values become fields of their own, which ITK reads as meta data. Throws
 * for voxels that do not fill the grid.
 */
export async function writeMetaImage(volume: WrittenVolume, deflate: (bytes: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  const { grid, voxels } = volume;
  const compressed = await deflate(voxelBytesOf(volume));
  const numbers = (list: readonly number[]) => list.map((value) => String(value + 0)).join(' ');
  const fields: [string, string][] = [
    ['ObjectType', 'Image'],
    ['NDims', '3'],
    ...keyValuePairs(volume).map(([key, value]): [string, string] => [key, value.replaceAll(/\s*\n\s*/g, ' ')]),
    ['BinaryData', 'True'],
    ['BinaryDataByteOrderMSB', 'False'],
    ['CompressedData', 'True'],
    ['CompressedDataSize', String(compressed.length)],
    ['TransformMatrix', numbers(grid.direction)],
    ['Offset', numbers(grid.originLpsMm)],
    ['CenterOfRotation', '0 0 0'],
    ['AnatomicalOrientation', whereAxesComeFrom(orientationCode(grid))],
    ['ElementSpacing', numbers(grid.spacingMm)],
    ['DimSize', numbers(grid.dimsIjk)],
    ['ElementType', ELEMENT_TYPE[voxelTypeOf(voxels)]],
    ['ElementDataFile', 'LOCAL'],
  ];
  const header = fields.map(([key, value]) => `${key} = ${value}\n`).join('');
  return joinBytes([new TextEncoder().encode(header), compressed]);
}

/** MetaIO names where axes come from, not where they run to: its RAI is what others call LPS. */
function whereAxesComeFrom(orientation: string): string {
  const opposite: Readonly<Record<string, string>> = { L: 'R', R: 'L', P: 'A', A: 'P', S: 'I', I: 'S' };
  return [...orientation].map((letter) => opposite[letter]!).join('');
}
