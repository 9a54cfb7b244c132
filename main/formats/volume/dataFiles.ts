/** Voxels that lie in other files than their header, as NRRD and MetaImage name them, and voxels written as text. */
import { AppException } from '../../contract/errors.ts';
import { bytesPerStored, type StoredType } from './storedVoxels.ts';
import type { VolumeHost } from './volumeHost.ts';

/** More would be a damaged header; a file holds a slice. */
const MOST_FILES = 65_536;

/** `slice%03d.raw 1 20 1`: the names from the first number to the last. `null` for anything that is no such pattern. */
export function namesOfPattern(words: readonly string[]): string[] | null {
  const [pattern, ...numbers] = words;
  const [first, last, step] = numbers.map(Number);
  const parts = /^([^%]*)%(0?)(\d?\d?)d([^%]*)$/.exec(pattern ?? '');
  if (!parts || !Number.isInteger(first) || !Number.isInteger(last) || !Number.isInteger(step) || step === 0) return null;
  const count = Math.floor((last! - first!) / step!) + 1;
  if (count < 1 || count > MOST_FILES) return null;
  const [, before, zero, width, after] = parts;
  return Array.from({ length: count }, (_, n) => {
    const digits = String(first! + n * step!).padStart(Number(width), zero ? '0' : ' ');
    return `${before}${digits}${after}`;
  });
}

/** Decodes `count` numbers of one file; `path` names it in errors. */
export type DecodeNumbers = (source: Uint8Array, count: number, path: string) => Promise<Uint8Array>;

interface StoredIn {
  /** `null`: behind the header, from `endByte` on. */
  readonly dataFiles: readonly string[] | null;
  readonly endByte: number;
}

/**
 * The `count` numbers of a volume, from behind its header or from the files it names, which share them evenly. Throws
 * `import/unreadable` when they cannot, and what `decode` and `readPart` throw.
 */
export async function storedNumbers(
  bytes: Uint8Array,
  { dataFiles, endByte }: StoredIn,
  count: number,
  path: string,
  host: VolumeHost,
  decode: DecodeNumbers,
): Promise<Uint8Array> {
  if (!dataFiles) return decode(bytes.subarray(endByte), count, path);
  if (count % dataFiles.length !== 0) {
    const detail = `${dataFiles.length} data files cannot share ${count} numbers`;
    throw new AppException({ code: 'import/unreadable', path, detail });
  }
  return joinParts(dataFiles, async (name) => decode(await host.readPart(name), count / dataFiles.length, name));
}

/** The `neededBytes` behind `skipBytes`. Throws `import/truncated`. */
export function bytesBehind(source: Uint8Array, skipBytes: number, neededBytes: number, path: string): Uint8Array {
  const expectedBytes = skipBytes + neededBytes;
  if (source.length < expectedBytes) throw new AppException({ code: 'import/truncated', path, expectedBytes, actualBytes: source.length });
  return source.subarray(skipBytes, expectedBytes);
}

/** How many bytes lie in front of the voxels; -1 in a header means that the voxels are the end of the file. */
export const skippedBytes = (source: Uint8Array, inHeader: number, neededBytes: number): number =>
  inHeader < 0 ? Math.max(0, source.length - neededBytes) : inHeader;

/** The voxels of all files, one behind the other. */
async function joinParts(names: readonly string[], readVoxels: (name: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  if (names.length === 1) return readVoxels(names[0]!);
  const parts: Uint8Array[] = [];
  for (const name of names) parts.push(await readVoxels(name));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Numbers as text between blanks, as the bytes that `type` has on a little-endian machine. Throws `import/truncated` for less
 * than `count` numbers and `import/unreadable` for a word that is none, or none of that type.
 */
export function bytesOfText(text: Uint8Array, type: StoredType, count: number, path: string): Uint8Array {
  // a number takes one digit and one blank at least
  if (text.length < 2 * count - 1) throw new AppException({ code: 'import/truncated', path, expectedBytes: 2 * count - 1, actualBytes: text.length });
  const words = new TextDecoder('latin1').decode(text).match(/\S+/g) ?? [];
  if (words.length < count) throw new AppException({ code: 'import/unreadable', path, detail: `${words.length} numbers where ${count} belong` });
  const width = bytesPerStored(type);
  const bytes = new Uint8Array(count * width);
  const view = new DataView(bytes.buffer);
  const isFloat = type === 'float32' || type === 'float64';
  for (let n = 0; n < count; n++) {
    const value = Number(words[n]);
    if (isFloat ? Number.isNaN(value) && !/^[-+]?nan$/i.test(words[n]!) : !Number.isInteger(value))
      throw new AppException({ code: 'import/unreadable', path, detail: `'${words[n]!.slice(0, 20)}' where a number of type ${type} belongs` });
    writeNumber(view, n * width, type, value);
  }
  return bytes;
}

function writeNumber(view: DataView, at: number, type: StoredType, value: number): void {
  switch (type) {
    case 'int8':
    case 'uint8':
      return view.setInt8(at, value);
    case 'int16':
    case 'uint16':
      return view.setInt16(at, value, true);
    case 'int32':
    case 'uint32':
      return view.setInt32(at, value, true);
    case 'int64':
    case 'uint64':
      return view.setBigInt64(at, BigInt(value), true);
    case 'float32':
      return view.setFloat32(at, value, true);
    case 'float64':
      return view.setFloat64(at, value, true);
  }
}
