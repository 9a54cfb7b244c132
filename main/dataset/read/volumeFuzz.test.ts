/** Damaged volume files, seeded: each is read or refused with an import error, in bounded time and memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, gzip, gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import { writeMetaImage } from '../../formats/metaImage/writeMetaImage.ts';
import { niftiChunks } from '../../formats/nifti/writeNifti.ts';
import { writeNrrd } from '../../formats/nrrd/writeNrrd.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { seededRandom } from '../../imaging/phantom.ts';
import { defaultSegment } from '../defaultColors.ts';
import { readVolumeFile } from './volumeFile.ts';

const ROUNDS = 400;
const MOST_MS = 5000;
const MOST_BYTES = 2 ** 31;

const folder = mkdtempSync(join(tmpdir(), 'maskloop-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));
const grid = gridFromAffine([6, 5, 4], [2, 0, 0, -10, 0, 2, 0, 20, 0, 0, 3, 30, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: 120 }, (_, n) => n % 5);
const bytesOf = (array: Int16Array) => new Uint8Array(array.buffer);
const headed = (lines: string[], data: Uint8Array | string = '') => Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from(data)]);

async function seeds(): Promise<Record<string, Uint8Array>> {
  const nifti = Buffer.concat(niftiChunks(grid, voxels));
  const pair = Buffer.from(nifti.subarray(0, 348));
  pair[345] = 0x69;
  pair.writeFloatLE(0, 108);
  const text = [...voxels].join(' ');
  const nrrd = [
    'NRRD0004',
    'type: short',
    'dimension: 3',
    'space: LPS',
    'sizes: 6 5 4',
    'space directions: (2,0,0) (0,2,0) (0,0,3)',
    'endian: little',
    'space origin: (1,2,3)',
  ];
  const meta = ['ObjectType = Image', 'NDims = 3', 'DimSize = 6 5 4', 'ElementType = MET_SHORT', 'Offset = 1 2 3', 'ElementSpacing = 1 1 2'];
  writeFileSync(join(folder, 'pair.img'), bytesOf(voxels));
  writeFileSync(join(folder, 'voxels.raw'), bytesOf(voxels));
  return {
    'plain.nii': nifti,
    'zipped.nii.gz': gzipSync(nifti),
    'pair.hdr': pair,
    'seg.nrrd': await writeNrrd({ grid, voxels, segments: [1, 2, 4].map((n) => defaultSegment(n)) }, promisify(gzip)),
    'text.nrrd': headed([...nrrd, 'encoding: text', ''], text),
    'raw.nrrd': headed([...nrrd, 'encoding: raw', 'byte skip: -1', ''], bytesOf(voxels)),
    'apart.nhdr': headed([...nrrd, 'encoding: raw', 'data file: LIST', 'voxels.raw']),
    'pattern.nhdr': headed([...nrrd, 'encoding: raw', 'data file: voxels%01d.raw 0 3 1']),
    'packed.mha': await writeMetaImage({ grid, voxels }, promisify(deflate)),
    'text.mha': headed([...meta, 'BinaryData = False', 'ElementDataFile = LOCAL'], text),
    'apart.mhd': headed([...meta, 'HeaderSize = -1', 'ElementDataFile = voxels.raw']),
  };
}

/** One to four small damages, or the loss of an end. */
function damaged(seed: Uint8Array, random: () => number): Uint8Array {
  const below = (count: number) => Math.floor(random() * count);
  let bytes = Buffer.from(seed);
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(random() < 0.7 ? Math.min(bytes.length, 400) : bytes.length);
    const kind = below(7);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at]! ^= 1 << below(8);
    else if (kind === 2) bytes.fill([0, 0xff, 0x7f, 0x39][below(4)]!, at, Math.min(bytes.length, at + 1 + below(8)));
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(20))]);
    else if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(at + 1), at), bytes.subarray(at)]);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(['9', '99999999', '-1', ' ', '\n', '1e300', '%d', '../x', '\0', 'NaN'][below(10)]!),
        bytes.subarray(at),
      ]);
    if (bytes.length === 0) break;
  }
  return bytes;
}

it(`${ROUNDS} damaged files of each kind: read or refused`, async () => {
  const random = seededRandom(2026);
  let readCount = 0;
  let slowestMs = 0;
  let largestBytes = 0;
  for (const [name, seed] of Object.entries(await seeds())) {
    const path = join(folder, name);
    writeFileSync(path, seed);
    await readVolumeFile(path).catch((thrown: unknown) => {
      if (name !== 'pattern.nhdr') throw thrown;
    });
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(path, damaged(seed, random));
      const startMs = performance.now();
      try {
        const { channels } = await readVolumeFile(path);
        readCount++;
        largestBytes = Math.max(
          largestBytes,
          channels.reduce((sum, { byteLength }) => sum + byteLength, 0),
        );
      } catch (thrown) {
        if (!(thrown instanceof AppException)) throw new Error(`${name}, round ${round}`, { cause: thrown });
        expect(thrown.error.code, `${name}, round ${round}`).toMatch(/^import\//);
      }
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
  }
  expect(readCount).toBeGreaterThan(100);
  expect(slowestMs).toBeLessThan(MOST_MS);
  expect(largestBytes).toBeLessThan(100_000);
  expect(process.memoryUsage().rss).toBeLessThan(MOST_BYTES);
});
