/** Stored NIfTI numbers to the four voxel types of the project. */
import { AppException } from '../../contract/errors.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import type { NiftiHeader } from './niftiHeader.ts';

interface Datatype {
  readonly name: string;
  readonly bytes: number;
  /** Absent where one voxel is not one real number. */
  readonly read?: (view: DataView, at: number, le: boolean) => number;
}

const DATATYPES: Readonly<Record<number, Datatype>> = {
  1: { name: 'binary', bytes: 1 },
  2: { name: 'uint8', bytes: 1, read: (view, at) => view.getUint8(at) },
  4: { name: 'int16', bytes: 2, read: (view, at, le) => view.getInt16(at, le) },
  8: { name: 'int32', bytes: 4, read: (view, at, le) => view.getInt32(at, le) },
  16: { name: 'float32', bytes: 4, read: (view, at, le) => view.getFloat32(at, le) },
  32: { name: 'complex64', bytes: 8 },
  64: { name: 'float64', bytes: 8, read: (view, at, le) => view.getFloat64(at, le) },
  128: { name: 'RGB colour', bytes: 3 },
  256: { name: 'int8', bytes: 1, read: (view, at) => view.getInt8(at) },
  512: { name: 'uint16', bytes: 2, read: (view, at, le) => view.getUint16(at, le) },
  768: { name: 'uint32', bytes: 4, read: (view, at, le) => view.getUint32(at, le) },
  1024: { name: 'int64', bytes: 8, read: (view, at, le) => Number(view.getBigInt64(at, le)) },
  1280: { name: 'uint64', bytes: 8, read: (view, at, le) => Number(view.getBigUint64(at, le)) },
  1536: { name: 'float128', bytes: 16 },
  1792: { name: 'complex128', bytes: 16 },
  2048: { name: 'complex256', bytes: 32 },
  2304: { name: 'RGBA colour', bytes: 4 },
};

export interface NiftiVoxels {
  /** One array per channel, all of one type. */
  readonly channels: readonly VoxelArray[];
  /** NaN and infinite voxels, which were read as 0. */
  readonly nonFiniteCount: number;
}

/**
 * Reads `channelCount` blocks of `voxelCount` numbers and applies scl_slope and scl_inter. Unscaled uint8, uint16 and
 * int16 keep their type; anything else becomes int16 when all values are whole and fit, else float32.
 * Throws `import/truncated` before allocating, `import/unsupported` for complex, colour and other types.
 */
export function readNiftiVoxels(
  bytes: Uint8Array,
  header: NiftiHeader,
  voxelCount: number,
  channelCount: number,
  path: string,
): NiftiVoxels {
  const datatype = DATATYPES[header.datatype];
  if (!datatype)
    throw new AppException({ code: 'import/unreadable', path, detail: `unknown NIfTI data type ${header.datatype}` });
  if (!datatype.read) throw new AppException({ code: 'import/unsupported', path, detail: `${datatype.name} voxels` });
  const headerBytes = header.version === 1 ? 348 : 540;
  if (!Number.isFinite(header.voxOffsetBytes) || header.voxOffsetBytes < 0) {
    throw new AppException({ code: 'import/unreadable', path, detail: `voxel offset ${header.voxOffsetBytes}` });
  }
  // vox_offset below the header's end is a known slip of some writers and means "right after the header"
  const start = Math.floor(Math.max(header.voxOffsetBytes, headerBytes + 4));
  const expectedBytes = start + voxelCount * channelCount * datatype.bytes;
  if (bytes.length < expectedBytes)
    throw new AppException({ code: 'import/truncated', path, expectedBytes, actualBytes: bytes.length });
  const slope = Number.isFinite(header.sclSlope) && header.sclSlope !== 0 ? header.sclSlope : 1;
  const inter = slope === 1 && header.sclSlope !== 1 ? 0 : Number.isFinite(header.sclInter) ? header.sclInter : 0;
  const source = bytes.subarray(start, expectedBytes);
  const kept = slope === 1 && inter === 0 ? keepType(source, header) : null;
  if (kept) return { channels: split(kept, voxelCount, channelCount), nonFiniteCount: 0 };
  const { values, nonFiniteCount } = scaled(
    source,
    datatype as Required<Datatype>,
    header.isLittleEndian,
    slope,
    inter,
  );
  return { channels: split(values, voxelCount, channelCount), nonFiniteCount };
}

function split(values: VoxelArray, voxelCount: number, channelCount: number): VoxelArray[] {
  return Array.from({ length: channelCount }, (_, channel) =>
    values.subarray(channel * voxelCount, (channel + 1) * voxelCount),
  );
}

/** Types that need no conversion; big endian is swapped, odd alignment copied. */
function keepType(source: Uint8Array, header: NiftiHeader): VoxelArray | null {
  // a plain view: the caller's array may be a Buffer, whose constructor and methods differ
  if (header.datatype === 2) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (header.datatype !== 4 && header.datatype !== 512) return null;
  const mustCopy = !header.isLittleEndian || source.byteOffset % 2 !== 0;
  const bytes = mustCopy ? Uint8Array.from(source) : source;
  if (!header.isLittleEndian) {
    for (let at = 0; at < bytes.length; at += 2) {
      const first = bytes[at]!;
      bytes[at] = bytes[at + 1]!;
      bytes[at + 1] = first;
    }
  }
  if (header.datatype === 4) return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

function scaled(source: Uint8Array, datatype: Required<Datatype>, le: boolean, slope: number, inter: number) {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const count = source.length / datatype.bytes;
  const { read, bytes } = datatype;
  // Two passes over the stored bytes: the first decides the type, so that only one array is allocated.
  let isInt16 = true;
  let nonFiniteCount = 0;
  for (let n = 0; n < count; n++) {
    const value = read(view, n * bytes, le) * slope + inter;
    if (!Number.isFinite(value)) nonFiniteCount++;
    else if (isInt16 && (value < -32768 || value > 32767 || !Number.isInteger(value))) isInt16 = false;
  }
  const values = isInt16 ? new Int16Array(count) : new Float32Array(count);
  for (let n = 0; n < count; n++) {
    const value = read(view, n * bytes, le) * slope + inter;
    values[n] = Number.isFinite(value) ? value : 0;
  }
  return { values, nonFiniteCount };
}
