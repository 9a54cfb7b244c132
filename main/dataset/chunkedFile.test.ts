import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import { shuffleBytes, unshuffleBytes } from './byteShuffle.ts';
import { ChunkedFile, fileSource, writeChunkedFile, type ByteSource, type ChunkCache } from './chunkedFile.ts';
import { chunkCount, chunksIn, chunkShapeFor } from './chunkGrid.ts';
import { crc32 } from './crc32.ts';
import { LruCache } from './lruCache.ts';

const About = z.object({ who: z.string() });
const SHAPE: ShapeDhw = [23, 40, 31];
const VOXELS = 23 * 40 * 31;
const CHUNK: ShapeDhw = [8, 16, 10];
/** Two channels, every voxel another value. */
const image = Float32Array.from({ length: 2 * VOXELS }, (_, n) => Math.fround(Math.sin(n * 0.01) + n * 1e-5));
const classes = Uint16Array.from({ length: VOXELS }, (_, n) => (n % 97 === 0 ? 300 + (n % 7) : 0));

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskloop-chunks-'));
  path = join(folder, 'case.chunks');
  await writeChunkedFile(path, { who: 'me' }, [
    { name: 'image', channels: 2, shape: SHAPE, chunkShape: CHUNK, values: image },
    { name: 'classes', channels: 1, shape: SHAPE, chunkShape: CHUNK, values: classes },
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

const newCache = (bytes = 1e9): ChunkCache => new LruCache(bytes);

/** Counts what is asked of a file. */
function counting(source: ByteSource): ByteSource & { bytes: number; reads: number } {
  const counted = {
    path: source.path,
    bytes: 0,
    reads: 0,
    byteCount: () => source.byteCount(),
    read(parts: Parameters<ByteSource['read']>[0]) {
      counted.bytes += parts.reduce((sum, { byteCount }) => sum + byteCount, 0);
      counted.reads += parts.length;
      return source.read(parts);
    },
  };
  return counted;
}

function expectedBox(origin: ShapeDhw, shape: ShapeDhw, channel: number): number[] {
  const values: number[] = [];
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++)
      for (let w = 0; w < shape[2]; w++) {
        const at = [origin[0] + d, origin[1] + h, origin[2] + w] as const;
        const isInside = at.every((n, axis) => n >= 0 && n < SHAPE[axis]!);
        values.push(isInside ? image[channel * VOXELS + (at[0] * SHAPE[1] + at[1]) * SHAPE[2] + at[2]]! : 0);
      }
  return values;
}

describe('a file of chunks', () => {
  it('gives back every window, over all borders', async () => {
    const file = await ChunkedFile.open(fileSource(path), About, newCache());
    expect(file.about).toEqual({ who: 'me' });
    for (const [origin, shape] of [
      [[0, 0, 0], SHAPE],
      [
        [3, 5, 7],
        [9, 20, 11],
      ],
      [
        [-4, -3, -2],
        [10, 9, 8],
      ],
      [
        [20, 38, 28],
        [6, 6, 6],
      ],
      [
        [-5, -5, -5],
        [40, 60, 50],
      ],
      [
        [30, 0, 0],
        [4, 4, 4],
      ],
    ] as const) {
      const box = await file.readBox('image', 'float32', origin, shape);
      expect([...box]).toEqual([...expectedBox(origin, shape, 0), ...expectedBox(origin, shape, 1)]);
    }
    expect([...(await file.readBox('classes', 'uint16', [0, 0, 0], SHAPE))]).toEqual([...classes]);
  });

  it('reads the chunks that a window touches and no others', async () => {
    const source = counting(fileSource(path));
    const cache = newCache();
    const file = await ChunkedFile.open(source, About, cache);
    const [afterOpening, total] = [source.bytes, (await readFile(path)).length];
    await file.readBox('image', 'float32', [9, 17, 11], [6, 14, 8]); // inside one chunk
    expect(source.reads).toBe(3 + 1);
    const oneChunk = source.bytes - afterOpening;
    expect(oneChunk).toBeLessThan(2 * 8 * 16 * 10 * 4);
    await file.readBox('image', 'float32', [7, 15, 9], [2, 2, 2]); // the corner of eight, one of them known
    expect(source.reads).toBe(3 + 8);
    expect(source.bytes - afterOpening).toBeLessThan(total * 0.4); // eight of 60 chunks, none of the smaller ones at the borders
    const before = source.bytes;
    await file.readBox('image', 'float32', [7, 15, 9], [2, 2, 2]);
    await file.readBox('image', 'float32', [-9, 0, 0], [4, 4, 4]);
    expect(source.bytes).toBe(before);
  });

  it('asks once for a chunk that two windows want at the same time', async () => {
    const source = counting(fileSource(path));
    const file = await ChunkedFile.open(source, About, newCache());
    await Promise.all([0, 1, 2].map((w) => file.readBox('image', 'float32', [0, 0, w], [2, 2, 2])));
    expect(source.reads).toBe(3 + 1);
  });

  it('keeps no more in memory than allowed, and nothing of a passing reader', async () => {
    const cache = newCache(3 * 2 * 8 * 16 * 10 * 4);
    const file = await ChunkedFile.open(fileSource(path), About, cache);
    await file.readBox('image', 'float32', [0, 0, 0], SHAPE);
    expect(cache.heldBytes).toBeGreaterThan(0);
    expect(cache.heldBytes).toBeLessThanOrEqual(3 * 2 * 8 * 16 * 10 * 4);
    const empty = newCache();
    await (await ChunkedFile.open(fileSource(path), About, empty)).readBox('image', 'float32', [0, 0, 0], SHAPE, 'passing');
    expect(empty.heldBytes).toBe(0);
  });

  it('notices damage, cuts and strangers', async () => {
    const bytes = await readFile(path);
    const other = join(folder, 'other.chunks');
    const openOther = async (changed: Uint8Array) => {
      await writeFile(other, changed);
      return ChunkedFile.open(fileSource(other), About, newCache());
    };
    const flipped = Buffer.from(bytes);
    flipped[20]! ^= 1;
    const corrupt = { error: { code: 'disk/corrupt', path: other } };
    const file = await openOther(flipped);
    await expect(file.readBox('image', 'float32', [0, 0, 0], [1, 1, 1])).rejects.toMatchObject(corrupt);
    await expect(file.readBox('image', 'float32', [20, 0, 0], [1, 1, 1])).resolves.toHaveLength(2);
    await expect(openOther(bytes.subarray(0, bytes.length - 1))).rejects.toMatchObject(corrupt);
    await expect(openOther(bytes.subarray(0, bytes.length / 2))).rejects.toMatchObject(corrupt);
    await expect(openOther(new Uint8Array(5))).rejects.toMatchObject(corrupt);
    const directory = Buffer.from(bytes);
    directory[bytes.length - 30]! ^= 1;
    await expect(openOther(directory)).rejects.toMatchObject(corrupt);
    await expect(ChunkedFile.open(fileSource(path), z.object({ other: z.string() }), newCache())).rejects.toBeInstanceOf(AppException);
  });
});

describe('chunks', () => {
  it('are half a patch, of 1 MiB at most', () => {
    expect(chunkShapeFor([40, 56, 40], [36, 50, 35], 4)).toEqual([20, 28, 20]);
    expect(chunkShapeFor([128, 128, 128], [300, 512, 512], 4)).toEqual([64, 64, 64]);
    expect(chunkShapeFor([128, 128, 128], [300, 512, 512], 8)).toEqual([32, 64, 64]);
    expect(chunkShapeFor([1, 512, 512], [300, 512, 512], 4)).toEqual([1, 256, 256]);
    expect(chunkShapeFor([8, 8, 8], [3, 3, 3], 4)).toEqual([3, 3, 3]);
  });

  it('cover the volume once', () => {
    const boxes = chunksIn([5, 7, 3], [2, 3, 3], [0, 0, 0], [5, 7, 3]);
    expect(boxes.map(({ index }) => index)).toEqual(Array.from({ length: chunkCount([5, 7, 3], [2, 3, 3]) }, (_, n) => n));
    expect(boxes.reduce((sum, { shapeDhw: [d, h, w] }) => sum + d * h * w, 0)).toBe(105);
  });
});

it('shuffles bytes by significance and back; checks as zip does', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect([...shuffleBytes(bytes, 4)]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
  expect([...unshuffleBytes(shuffleBytes(bytes, 4), 4)]).toEqual([...bytes]);
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});
