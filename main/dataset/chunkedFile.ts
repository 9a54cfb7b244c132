/**
 * A file of arrays cut into chunks, so that a window reads the chunks it touches and nothing else. Version 1:
 *
 *     'MLCHUNK1'                        8 bytes
 *     chunks                            one after another, array by array
 *     directory                         JSON: { about, arrays }, see `Directory`
 *     directory bytes, CRC-32 of it     two uint32, little endian
 *     'MLCHUNKE'                        8 bytes
 *
 * The directory comes last so that a file is written in one pass, chunk by chunk; a half-written file has no end mark.
 * A chunk is [channels, d, h, w] of little-endian values, its bytes shuffled by significance and then deflated (raw);
 * one that did not shrink is kept as it is, and its stored size tells. `chunks` lists stored bytes and their CRC-32.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { copyBox } from '../imaging/copyBox.ts';
import { voxelCount, type ShapeDhw } from '../imaging/tensorShape.ts';
import { contentBytes, openToRead } from '../vault/readSealed.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { shuffleBytes, unshuffleBytes } from './byteShuffle.ts';
import { chunkCount, chunksIn, type ChunkBox } from './chunkGrid.ts';
import { crc32 } from './crc32.ts';
import type { LruCache } from './lruCache.ts';

const deflateAsync = promisify(deflateRaw);
const inflateAsync = promisify(inflateRaw);

const BEGIN_MARK = 'MLCHUNK1';
const END_MARK = 'MLCHUNKE';
const TRAILER_BYTES = 8 + END_MARK.length;
/** The fastest level; what others and shuffling gain: docs/experiments.md. */
const DEFLATE_LEVEL = 1;

const ARRAY_TYPES = { float32: Float32Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array } as const;
interface ArrayTypes {
  readonly float32: Float32Array;
  readonly uint32: Uint32Array;
  readonly uint16: Uint16Array;
  readonly uint8: Uint8Array;
}
type ChunkedType = keyof ArrayTypes;
type ChunkedValues = ArrayTypes[ChunkedType];

const Triple = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).readonly();
const StoredChunk = z.tuple([z.int().nonnegative(), z.int().nonnegative()]).readonly();
const Directory = z.object({
  about: z.unknown(),
  arrays: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['float32', 'uint32', 'uint16', 'uint8']),
      channels: z.int().positive(),
      shape: Triple,
      chunkShape: Triple,
      chunks: z.array(StoredChunk),
    }),
  ),
});
type StoredArrayEntry = z.infer<typeof Directory>['arrays'][number];

/** One array to write: channel after channel, each [D, H, W]. */
export interface ChunkedArray {
  readonly name: string;
  readonly channels: number;
  readonly shape: ShapeDhw;
  readonly chunkShape: ShapeDhw;
  readonly values: ChunkedValues;
}

/** Bytes at places; the size of the whole. A file, or memory in a test. */
export interface ByteSource {
  /** For messages, and the key of the cache. */
  readonly path: string;
  byteCount(): Promise<number>;
  read(parts: readonly { readonly offset: number; readonly byteCount: number }[]): Promise<Uint8Array[]>;
}

export function fileSource(path: string): ByteSource {
  return {
    path,
    byteCount: () => contentBytes(path),
    async read(parts) {
      const file = await openToRead(path);
      try {
        const read: Uint8Array[] = [];
        for (const { offset, byteCount } of parts) {
          const bytes = new Uint8Array(byteCount);
          const { bytesRead } = await file.read(bytes, 0, byteCount, offset);
          read.push(bytesRead === byteCount ? bytes : bytes.subarray(0, bytesRead));
        }
        return read;
      } finally {
        await file.close();
      }
    },
  };
}

const typeOf = (values: ChunkedValues): ChunkedType => {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Uint32Array) return 'uint32';
  return values instanceof Uint16Array ? 'uint16' : 'uint8';
};

/** Atomic; holds one chunk more than `arrays` in memory. `about` is JSON that the reader checks with a schema of its own. */
export async function writeChunkedFile(path: string, about: unknown, arrays: readonly ChunkedArray[]): Promise<void> {
  await writeFileAtomic(path, chunkedBytes(about, arrays));
}

async function* chunkedBytes(about: unknown, arrays: readonly ChunkedArray[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(BEGIN_MARK, 'latin1');
  const described: StoredArrayEntry[] = [];
  for (const array of arrays) {
    const { name, channels, shape, chunkShape, values } = array;
    const chunks: (readonly [number, number])[] = [];
    for (const box of chunksIn(shape, chunkShape, [0, 0, 0], shape)) {
      const stored = await packed(cutChunk(array, box), values.BYTES_PER_ELEMENT);
      chunks.push([stored.length, crc32(stored)]);
      yield stored;
    }
    described.push({ name, type: typeOf(values), channels, shape, chunkShape, chunks });
  }
  const directory = Buffer.from(JSON.stringify({ about, arrays: described }));
  yield directory;
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(directory.length, 0);
  trailer.writeUInt32LE(crc32(directory), 4);
  trailer.write(END_MARK, 8, 'latin1');
  yield trailer;
}

function cutChunk({ values, channels, shape }: ChunkedArray, box: ChunkBox): Uint8Array {
  const [volume, count] = [voxelCount(shape), voxelCount(box.shapeDhw)];
  const chunk = emptyLike(values, channels * count);
  for (let c = 0; c < channels; c++) {
    const whole = { values: values.subarray(c * volume, (c + 1) * volume), originDhw: [0, 0, 0] as const, shapeDhw: shape };
    copyBox<ChunkedValues>(whole, { ...box, values: chunk.subarray(c * count, (c + 1) * count) });
  }
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

const emptyLike = (values: ChunkedValues, count: number): ChunkedValues => new ARRAY_TYPES[typeOf(values)](count);

async function packed(raw: Uint8Array, valueBytes: number): Promise<Uint8Array> {
  const deflated = await deflateAsync(shuffleBytes(raw, valueBytes), { level: DEFLATE_LEVEL });
  return deflated.length < raw.length ? deflated : raw;
}

async function unpacked(stored: Uint8Array, rawBytes: number, valueBytes: number): Promise<Uint8Array> {
  if (stored.length === rawBytes) return stored;
  return unshuffleBytes(await inflateAsync(stored, { maxOutputLength: rawBytes }), valueBytes);
}

/** Chunks of any file, unpacked. */
export type ChunkCache = LruCache<Promise<ChunkedValues>>;

interface OpenArray extends StoredArrayEntry {
  /** First byte of every chunk in the file. */
  readonly offsets: readonly number[];
}

/** Reads boxes of the arrays of one file. */
export class ChunkedFile<T> {
  readonly about: T;
  readonly #source: ByteSource;
  readonly #arrays: ReadonlyMap<string, OpenArray>;
  readonly #cache: ChunkCache;

  private constructor(source: ByteSource, about: T, arrays: ReadonlyMap<string, OpenArray>, cache: ChunkCache) {
    this.#source = source;
    this.about = about;
    this.#arrays = arrays;
    this.#cache = cache;
  }

  /** Reads the directory. Throws `disk/corrupt` for a file that is cut, damaged or of another kind. */
  static async open<T>(source: ByteSource, about: z.ZodType<T>, cache: ChunkCache): Promise<ChunkedFile<T>> {
    const directory = await readDirectory(source);
    const known = about.safeParse(directory.about);
    if (!known.success) throw corrupt(source, known.error.message);
    let offset = BEGIN_MARK.length;
    const arrays = new Map<string, OpenArray>();
    for (const array of directory.arrays) {
      if (array.chunks.length !== chunkCount(array.shape, array.chunkShape)) throw corrupt(source, `'${array.name}' has other chunks`);
      const offsets = array.chunks.map(([byteCount]) => (offset += byteCount) - byteCount);
      arrays.set(array.name, { ...array, offsets });
    }
    return new ChunkedFile(source, known.data, arrays, cache);
  }

  has(name: string): boolean {
    return this.#arrays.has(name);
  }

  channelsOf(name: string): number {
    return this.#find(name).channels;
  }

  typeOf(name: string): ChunkedType {
    return this.#find(name).type;
  }

  /**
   * A box of all channels, channel after channel; zeros outside the volume. `passing`: chunks that are not in the cache
   * do not come in, because nobody will ask again soon. Throws `disk/corrupt` for a damaged chunk.
   */
  async readBox<K extends ChunkedType>(
    name: string,
    type: K,
    originDhw: ShapeDhw,
    shapeDhw: ShapeDhw,
    use: 'keep' | 'passing' = 'keep',
  ): Promise<ArrayTypes[K]> {
    const array = this.#find(name);
    if (array.type !== type) throw corrupt(this.#source, `'${name}' is ${array.type}, not ${type}`);
    const boxes = chunksIn(array.shape, array.chunkShape, originDhw, shapeDhw);
    const chunks = await Promise.all(this.#chunks(array, boxes, use === 'keep'));
    const count = voxelCount(shapeDhw);
    const out = new ARRAY_TYPES[array.type](array.channels * count);
    boxes.forEach((box, n) => {
      const chunkVoxels = voxelCount(box.shapeDhw);
      for (let c = 0; c < array.channels; c++) {
        const values = chunks[n]!.subarray(c * chunkVoxels, (c + 1) * chunkVoxels);
        copyBox<ChunkedValues>({ ...box, values }, { values: out.subarray(c * count, (c + 1) * count), originDhw, shapeDhw });
      }
    });
    return out as ArrayTypes[K];
  }

  #find(name: string): OpenArray {
    const array = this.#arrays.get(name);
    if (!array) throw corrupt(this.#source, `there is no array '${name}'`);
    return array;
  }

  /** From the cache, or read in one go: two windows that want a chunk at the same time wait for one reading. */
  #chunks(array: OpenArray, boxes: readonly ChunkBox[], isKept: boolean): Promise<ChunkedValues>[] {
    const keyOf = ({ index }: ChunkBox): string => `${this.#source.path}|${array.name}|${index}`;
    const missing: { readonly box: ChunkBox; readonly key: string }[] = [];
    const found = boxes.map((box) => {
      const known = this.#cache.get(keyOf(box));
      if (!known) missing.push({ box, key: keyOf(box) });
      return known;
    });
    const reading =
      missing.length === 0
        ? null
        : this.#source.read(missing.map(({ box }) => ({ offset: array.offsets[box.index]!, byteCount: array.chunks[box.index]![0] })));
    const read = missing.map(async ({ box }, n) => this.#unpack(array, box, (await reading!)[n]!));
    if (isKept)
      missing.forEach(({ box, key }, n) => {
        const valueBytes = ARRAY_TYPES[array.type].BYTES_PER_ELEMENT;
        this.#cache.set(key, read[n]!, array.channels * voxelCount(box.shapeDhw) * valueBytes);
        // a chunk that could not be read is asked for again next time
        read[n]!.catch(() => this.#cache.delete(key));
      });
    let next = 0;
    return found.map((known) => known ?? read[next++]!);
  }

  async #unpack(array: OpenArray, box: ChunkBox, stored: Uint8Array): Promise<ChunkedValues> {
    const make = ARRAY_TYPES[array.type];
    const rawBytes = array.channels * voxelCount(box.shapeDhw) * make.BYTES_PER_ELEMENT;
    const damaged = (): AppException => corrupt(this.#source, `chunk ${box.index} of '${array.name}' is damaged`);
    if (crc32(stored) !== array.chunks[box.index]![1]) throw damaged();
    const raw = await unpacked(stored, rawBytes, make.BYTES_PER_ELEMENT);
    if (raw.length !== rawBytes) throw damaged();
    // a copy where the bytes do not begin at a multiple of the value's size
    const buffer = raw.byteOffset % make.BYTES_PER_ELEMENT === 0 ? raw : raw.slice();
    return new make(buffer.buffer as ArrayBuffer, buffer.byteOffset, rawBytes / make.BYTES_PER_ELEMENT);
  }
}

function corrupt({ path }: ByteSource, detail: string): AppException {
  return new AppException({ code: 'disk/corrupt', path, detail });
}

async function readDirectory(source: ByteSource): Promise<z.infer<typeof Directory>> {
  const size = await source.byteCount();
  if (size < BEGIN_MARK.length + TRAILER_BYTES) throw corrupt(source, 'the file is cut');
  const [mark, tail] = await source.read([
    { offset: 0, byteCount: BEGIN_MARK.length },
    { offset: size - TRAILER_BYTES, byteCount: TRAILER_BYTES },
  ]);
  const trailer = Buffer.from(tail!);
  if (Buffer.from(mark!).toString('latin1') !== BEGIN_MARK) throw corrupt(source, 'not a file of chunks');
  if (trailer.toString('latin1', 8) !== END_MARK) throw corrupt(source, 'the file is cut');
  const byteCount = trailer.readUInt32LE(0);
  const offset = size - TRAILER_BYTES - byteCount;
  if (offset < BEGIN_MARK.length) throw corrupt(source, 'the directory is damaged');
  const [bytes] = await source.read([{ offset, byteCount }]);
  if (crc32(bytes!) !== trailer.readUInt32LE(4)) throw corrupt(source, 'the directory is damaged');
  const parsed = Directory.safeParse(JSON.parse(Buffer.from(bytes!).toString('utf8')));
  if (!parsed.success) throw corrupt(source, parsed.error.message);
  return parsed.data;
}
