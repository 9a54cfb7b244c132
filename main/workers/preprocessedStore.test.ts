import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import type { TrainCase } from '../contract/tasks.ts';
import { fileSource } from '../dataset/chunkedFile.ts';
import { fingerprintDataset } from '../nnunet/plan/fingerprint.ts';
import { smallConfiguration, smallPlan } from '../nnunet/testing/smallPlan.ts';
import { fingerprintCases, preprocessCases } from './prepareCases.ts';
import { preprocessedFile } from './preprocessCase.ts';
import { PreprocessedStore } from './preprocessedStore.ts';
import { storedCase } from './testing/storedCase.ts';

const SHAPE = [40, 36, 44] as const;
const configuration = smallConfiguration({ patch: [16, 16, 16] });
/** Spread over the volume: an ignored slab, some of class 1 in class 2. */
const labelOf = (n: number): number => (n < 8000 ? 9 : n > 40_000 ? 2 - (n % 3 === 0 ? 1 : 0) : 0);
const intensityOf = (shift: number) => (n: number) => 1 + shift + Math.fround(Math.sin(n * 0.013) * 40 + (n % 91));

let folder: string;
let cases: TrainCase[];
let threadFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskloop-prepared-'));
  cases = await Promise.all([0, 1, 2, 3].map((n) => storedCase(folder, `case${n}`, SHAPE, intensityOf(n * 1000), labelOf)));
  threadFile = join(folder, 'preprocessThread.cjs');
  await build({
    entryPoints: [resolve(import.meta.dirname, 'preprocessThread.ts')],
    outfile: threadFile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node16',
    logLevel: 'silent',
  });
});
afterAll(() => rm(folder, { recursive: true }));

const plan = smallPlan({ channel: { insideMaskOnly: true }, ignoreClass: 3, ignoreLabelValue: 9 });
const newStore = (name: string, options = {}) => new PreprocessedStore(join(folder, name), plan, configuration, options);
const silent = { tell: () => undefined, stop: { aborted: false } };
const filesIn = async (name: string) => (await readdir(join(folder, name), { recursive: true })).filter((file) => file.endsWith('.chunks'));

describe('a preprocessed case', () => {
  it('is read by windows that agree with the whole, with its lists', async () => {
    const store = newStore('windows');
    await store.prepare(cases[0]!);
    const loaded = await store.load(cases[0]!);
    expect(loaded.shapeDhw).toEqual(SHAPE);
    expect(loaded.channels).toBe(1);
    const whole = await loaded.readImage();
    const window = await loaded.readWindow([30, -3, 7], [16, 16, 16]);
    for (let d = 0, n = 0; d < 16; d++)
      for (let h = 0; h < 16; h++)
        for (let w = 0; w < 16; w++, n++) {
          const at = ((30 + d) * SHAPE[1] + h - 3) * SHAPE[2] + w + 7;
          const isInside = 30 + d < SHAPE[0] && h >= 3;
          expect(window.image[n]).toBe(isInside ? whole[at] : 0);
          expect(window.classes[n]).toBe(isInside ? labelOf(at) % 6 : 0);
          expect(window.inside![n]).toBe(isInside ? 1 : 0);
        }
    expect(loaded.locations.map(({ length }) => length)).toEqual([0, 7786, 10_000]);
    expect(loaded.annotated!.every((voxel) => voxel >= 8000)).toBe(true);
    expect(loaded.locations[1]!.every((voxel) => labelOf(voxel) === 1)).toBe(true);
  });

  it('knows what was corrected in a prediction; the prediction is part of what names the file', async () => {
    // the model painted class 2 in a row that somebody erased
    const row = [40_001, 40_002, 40_003].map((n) => n - 20_000);
    const drawn = await storedCase(folder, 'drawn', SHAPE, intensityOf(0), (n) => (row.includes(n) ? 2 : labelOf(n)));
    const corrected = { ...cases[0]!, predictedFile: drawn.labelFile };
    const store = newStore('corrected');
    await store.prepare(cases[0]!);
    await store.prepare(corrected);
    expect(await filesIn('corrected')).toHaveLength(2);
    expect([...(await store.load(corrected)).corrected]).toEqual(row);
    expect((await store.load(cases[0]!)).corrected).toHaveLength(0);
    const unchanged = { ...cases[0]!, predictedFile: cases[0]!.labelFile };
    await store.prepare(unchanged);
    expect((await store.load(unchanged)).corrected).toHaveLength(0);
  });

  it('costs a patch its own chunks, not the case', async () => {
    let bytes = 0;
    const open = (path: string) => {
      const source = fileSource(path);
      const read: typeof source.read = (parts) => {
        bytes += parts.reduce((sum, { byteCount }) => sum + byteCount, 0);
        return source.read(parts);
      };
      return { path, byteCount: source.byteCount, read };
    };
    const store = newStore('bytes', { open });
    await store.prepare(cases[0]!);
    const file = preprocessedFile(store.requestFor(cases[0]!));
    const loaded = await store.load(cases[0]!);
    const afterOpening = bytes;
    await loaded.readWindow([8, 8, 8], [16, 16, 16]);
    // 8 of the 150 chunks of 8³
    expect(bytes - afterOpening).toBeLessThan((await stat(file)).size * 0.15);
    const afterFirst = bytes;
    await loaded.readWindow([9, 9, 9], [15, 15, 15]);
    expect(bytes).toBe(afterFirst);
  });

  it('is not made twice; a damaged one is told, a half-written one never counts', async () => {
    const store = newStore('again');
    await store.prepare(cases[0]!);
    const file = preprocessedFile(store.requestFor(cases[0]!));
    const { mtimeMs } = await stat(file);
    await store.prepare(cases[0]!);
    expect((await stat(file)).mtimeMs).toBe(mtimeMs);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, 1000));
    await expect(newStore('again').load(cases[0]!)).rejects.toMatchObject({ error: { code: 'disk/corrupt', path: file } });
  });

  it('names the label that the plan lacks', async () => {
    const other = await storedCase(folder, 'stranger', [8, 8, 8], intensityOf(0), (n) => (n === 5 ? 77 : 0));
    await expect(newStore('stranger').prepare(other)).rejects.toMatchObject({ error: { code: 'labels/unknown-label', labelValue: 77 } });
  });
});

describe('several cases at once', () => {
  const options = () => ({ threadFile, threads: 2 });

  it('gives the same files from threads as from this thread, tells each, and resumes', async () => {
    const told: JobNews[] = [];
    const port = { tell: (news: JobNews) => told.push(news), stop: { aborted: false } };
    expect(await preprocessCases(newStore('threads'), cases, port, options())).toBe(true);
    expect(told.map((news) => news.type === 'progress' && news.progress.done)).toEqual([0, 1, 2, 3, 4]);
    expect(await preprocessCases(newStore('here'), cases, silent, { threadFile: null })).toBe(true);
    const [there, here] = [newStore('threads'), newStore('here')];
    for (const trainCase of cases) {
      const [a, b] = [there, here].map((store) => preprocessedFile(store.requestFor(trainCase)));
      expect((await readFile(a!)).equals(await readFile(b!))).toBe(true);
    }
    const removed = preprocessedFile(there.requestFor(cases[2]!));
    const kept = preprocessedFile(there.requestFor(cases[1]!));
    const { mtimeMs } = await stat(kept);
    await rm(removed);
    expect(await preprocessCases(there, cases, silent, options())).toBe(true);
    expect((await stat(kept)).mtimeMs).toBe(mtimeMs);
    expect((await stat(removed)).size).toBeGreaterThan(1000);
  });

  it('measures the same fingerprint', async () => {
    const threaded = await fingerprintCases(cases, 5000, 9, silent, options());
    const here = await fingerprintCases(cases, 5000, 9, silent, { threadFile: null });
    expect(fingerprintDataset(threaded!)).toEqual(fingerprintDataset(here!));
    expect(threaded!.map(({ intensities }) => Math.floor(intensities[0]!.mean / 1000))).toEqual([0, 1, 2, 3]);
  });

  it('stops when told to, and goes on later', async () => {
    const stop = { aborted: false };
    const port = {
      stop,
      tell: (news: JobNews) => {
        if (news.type === 'progress' && news.progress.done === 1) stop.aborted = true;
      },
    };
    expect(await preprocessCases(newStore('stopped'), cases, port, options())).toBe(false);
    const left = (await filesIn('stopped')).length;
    expect(left).toBeGreaterThanOrEqual(1);
    expect(left).toBeLessThan(cases.length);
    expect(await preprocessCases(newStore('stopped'), cases, silent, options())).toBe(true);
    expect(await filesIn('stopped')).toHaveLength(cases.length);
  });

  it('passes on what went wrong in a thread', async () => {
    const broken = { ...cases[1]!, labelFile: join(folder, 'none.nii.gz') };
    await expect(preprocessCases(newStore('broken'), [cases[0]!, broken, cases[2]!], silent, options())).rejects.toThrow();
    const stranger = await storedCase(folder, 'stranger2', [8, 8, 8], intensityOf(0), () => 77);
    await expect(preprocessCases(newStore('broken'), [cases[0]!, stranger], silent, options())).rejects.toMatchObject({
      error: { code: 'labels/unknown-label' },
    });
  });
});
