import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encapsulate } from '../../../test/phantoms/encapsulate.ts';
import { encodeFrame } from '../../../test/phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../../../test/phantoms/writeDicomSeries.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { readDicomFiles } from './readDicomFiles.ts';

const COLUMNS = 40;
const ROWS = 48;
const SLICES = 20;
const grid = gridFromAffine([COLUMNS, ROWS, SLICES], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: COLUMNS * ROWS * SLICES }, (_, n) => Math.round(900 * Math.sin(n / 13) + n / 50));
let folder: string;
let threadFile: string;
let paths: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-decode-'));
  threadFile = join(folder, 'decodeThread.cjs');
  await build({
    entryPoints: [resolve(import.meta.dirname, 'decodeThread.ts')],
    outfile: threadFile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node16',
    logLevel: 'silent',
  });
  const native = writeDicomSeries(grid, voxels, { declaredSyntax: '1.2.840.10008.1.2.4.90' });
  paths = native.map((file, slice) => {
    const pixels = voxels.slice(slice * ROWS * COLUMNS, (slice + 1) * ROWS * COLUMNS);
    const codestream = encodeFrame('jpeg2000', pixels, { rows: ROWS, columns: COLUMNS, bits: 16, isSigned: true });
    const path = join(folder, `${slice}.dcm`);
    writeFileSync(path, encapsulate(file, [new Uint8Array(0), codestream]));
    return path;
  });
}, 30_000);
afterAll(() => rmSync(folder, { recursive: true }));

const joined = (slices: readonly { stored: ArrayLike<number> }[]) => Int16Array.from(slices.flatMap(({ stored }) => [...Int16Array.from(stored)]));

describe('reading the files of a series', () => {
  it.each([
    ['in this thread', false],
    ['in two threads', true],
  ])('decodes %s, in the order of the files', async (_, inThreads) => {
    const told: number[] = [];
    const seen: number[] = [];
    const slices = await readDicomFiles(paths, {
      threadFile: inThreads ? threadFile : null,
      threads: 2,
      tell: ({ done }) => told.push(done),
      seeBytes: (bytes) => seen.push(bytes.length),
    });
    expect(slices.map(({ path }) => path)).toEqual(paths);
    expect(joined(slices)).toEqual(voxels);
    expect(told).toEqual(paths.map((_, n) => n + 1));
    expect(seen).toHaveLength(paths.length);
  });

  it('passes on what is wrong with a file from a thread, and ends', async () => {
    const broken = join(folder, 'broken.dcm');
    const [native] = writeDicomSeries(grid, voxels, { declaredSyntax: '1.2.840.10008.1.2.4.90' });
    writeFileSync(broken, encapsulate(native!, [new Uint8Array(0), new Uint8Array(200)]));
    for (const file of [threadFile, null]) {
      const reading = readDicomFiles([...paths.slice(0, 9), broken, ...paths.slice(9)], { threadFile: file, threads: 2 });
      await expect(reading).rejects.toMatchObject({ error: { code: 'import/unreadable', path: broken, detail: 'damaged pixels (codestream: no codestream)' } });
    }
  });

  it.each([
    ['in this thread', false],
    ['in two threads', true],
  ])('stops %s between two files', async (_, inThreads) => {
    const stop = { aborted: false };
    const slices = await readDicomFiles(paths, {
      threadFile: inThreads ? threadFile : null,
      threads: 2,
      stop,
      tell: ({ done }) => (stop.aborted = done === 3),
    });
    expect(joined(slices)).toEqual(voxels.slice(0, 3 * ROWS * COLUMNS));
  });

  it('says what is missing when a thread cannot start', async () => {
    await expect(readDicomFiles(paths, { threadFile: join(folder, 'none.cjs'), threads: 2 })).rejects.toThrow('none.cjs');
  });
});
