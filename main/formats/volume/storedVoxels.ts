/** Numbers as files store them, in all eleven types and both byte orders, to the four voxel types of the project. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { VoxelArray } from '../../imaging/volume.ts';

export type StoredType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64';
type StoredArray =
  | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array
  | BigInt64Array | BigUint64Array | Float32Array | Float64Array; // prettier-ignore

const ARRAY_OF = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, float32: Float32Array, float64: Float64Array,
} as const; // prettier-ignore

/** What lies beyond counts as infinite. */
const LARGEST_FLOAT32 = 3.4028234663852886e38;

export const bytesPerStored = (type: StoredType): number => ARRAY_OF[type].BYTES_PER_ELEMENT;

export interface StoredLayout {
  readonly type: StoredType;
  readonly isLittleEndian: boolean;
  readonly voxelCount: number;
  readonly channelCount: number;
  /**
   * How many numbers of one channel lie together before those of the next: `voxelCount` when channels follow each other,
   * 1 when the channels of a voxel do.
   */
  readonly runCount: number;
  /** Value = stored × slope + intercept. */
  readonly slope: number;
  readonly intercept: number;
}

export interface ReadVoxels {
  /** One array for each channel, all of one type. */
  readonly channels: readonly VoxelArray[];
  readonly nonFiniteCount: number;
  readonly warnings: readonly AppError[];
}

/**
 * `bytes` begin with the first number; more may follow the last. Unscaled uint8, int16 and uint16 keep their type. All else
 * takes the first of uint8, int16, uint16 that holds every value exactly, else float32, with a warning where float32
 * rounds. NaN and infinite values become 0. `path` names the file in errors. May return views of `bytes`.
 * Throws `import/truncated` before it allocates anything.
 */
export function readStoredVoxels(bytes: Uint8Array, layout: StoredLayout, path: string): ReadVoxels {
  const count = layout.voxelCount * layout.channelCount;
  const expectedBytes = count * bytesPerStored(layout.type);
  if (bytes.length < expectedBytes) throw new AppException({ code: 'import/truncated', path, expectedBytes, actualBytes: bytes.length });
  const stored = storedArray(bytes.subarray(0, expectedBytes), layout);
  const isScaled = layout.slope !== 1 || layout.intercept !== 0;
  if (!isScaled && (stored instanceof Uint8Array || stored instanceof Int16Array || stored instanceof Uint16Array))
    return { channels: split(stored, layout), nonFiniteCount: 0, warnings: [] };
  const range = rangeOf(stored, layout.slope, layout.intercept);
  const values = new (smallestType(range))(count);
  for (let n = 0; n < count; n++) {
    const value = Number(stored[n]) * layout.slope + layout.intercept;
    values[n] = Math.abs(value) <= LARGEST_FLOAT32 ? value : 0;
  }
  const warnings = values instanceof Float32Array ? roundingWarnings(stored, values, layout, path) : [];
  return { channels: split(values, layout), nonFiniteCount: range.nonFiniteCount, warnings };
}

/** A view where order and alignment allow, else a copy. Assumes a little-endian machine, as everything here does. */
function storedArray(source: Uint8Array, { type, isLittleEndian }: StoredLayout): StoredArray {
  const width = bytesPerStored(type);
  const isSwapped = !isLittleEndian && width > 1;
  const bytes = isSwapped || source.byteOffset % width !== 0 ? new Uint8Array(source) : source;
  if (isSwapped) {
    for (let at = 0; at < bytes.length; at += width) {
      for (let low = at, high = at + width - 1; low < high; low++, high--) {
        const byte = bytes[low]!;
        bytes[low] = bytes[high]!;
        bytes[high] = byte;
      }
    }
  }
  // a plain array: the caller's may be a Buffer, whose methods differ
  return new ARRAY_OF[type](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / width);
}

interface ValueRange {
  readonly low: number;
  readonly high: number;
  readonly isWhole: boolean;
  readonly nonFiniteCount: number;
}

function rangeOf(stored: StoredArray, slope: number, intercept: number): ValueRange {
  // non-finite values are read as 0; a volume of nothing else has the range of a zero
  let [low, high] = [Infinity, -Infinity];
  let isWhole = true;
  let nonFiniteCount = 0;
  for (let n = 0; n < stored.length; n++) {
    const value = Number(stored[n]) * slope + intercept;
    if (!(Math.abs(value) <= LARGEST_FLOAT32)) {
      nonFiniteCount++;
      continue;
    }
    if (value < low) low = value;
    if (value > high) high = value;
    if (isWhole && !Number.isInteger(value)) isWhole = false;
  }
  return nonFiniteCount > 0 ? { low: Math.min(low, 0), high: Math.max(high, 0), isWhole, nonFiniteCount } : { low, high, isWhole, nonFiniteCount };
}

function smallestType({ low, high, isWhole }: ValueRange) {
  if (!isWhole) return Float32Array;
  if (low >= 0 && high <= 255) return Uint8Array;
  if (low >= -32768 && high <= 32767) return Int16Array;
  return low >= 0 && high <= 65535 ? Uint16Array : Float32Array;
}

/**
 * Numbers of at most 16 bits stay apart in the 24 bits of a float32 whatever their scale, so that their last digits are
 * not worth a word; wider ones may fall together.
 */
function roundingWarnings(stored: StoredArray, values: Float32Array, layout: StoredLayout, path: string): AppError[] {
  if (stored.BYTES_PER_ELEMENT < 4 || (stored instanceof Float32Array && layout.slope === 1 && layout.intercept === 0)) return [];
  let count = 0;
  let largest = 0;
  for (let n = 0; n < values.length; n++) {
    const value = Number(stored[n]) * layout.slope + layout.intercept;
    const change = Math.abs(value - values[n]!);
    if (!(change > 0 && Math.abs(value) <= LARGEST_FLOAT32)) continue;
    count++;
    if (change > largest) largest = change;
  }
  if (count === 0) return [];
  const detail = `${count} ${layout.type} values were rounded to float32, by at most ${largest.toPrecision(2)}`;
  return [{ code: 'import/values', path, detail }];
}

function split(values: VoxelArray, { voxelCount, channelCount, runCount }: StoredLayout): VoxelArray[] {
  if (channelCount === 1) return [values];
  return Array.from({ length: channelCount }, (_, channel) => {
    if (runCount === voxelCount) return values.subarray(channel * voxelCount, (channel + 1) * voxelCount);
    const own = new (values.constructor as new (count: number) => VoxelArray)(voxelCount);
    for (let at = 0, from = channel * runCount; at < voxelCount; at += runCount, from += runCount * channelCount) {
      for (let n = 0; n < runCount; n++) own[at + n] = values[from + n]!;
    }
    return own;
  });
}
