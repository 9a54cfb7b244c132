/** 10,000 mutated DICOM, NIfTI, NRRD and MetaImage files: each is read or refused, within 5 s, and the process stays below 2 GB. */
import { fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FuzzReport } from './fuzzReport.ts';
import { writeSeeds, type FuzzSeed } from './writeSeeds.ts';

const INPUTS = Number(process.env.MASKLOOP_FUZZ_INPUTS ?? 10_000);
const FIRST = Number(process.env.MASKLOOP_FUZZ_FIRST ?? 0);
const LONGEST_MS = 5000;
const MOST_RSS_MB = 2048;

interface FuzzResult {
  readonly failures: readonly string[];
  readonly peakRssMb: number;
  readonly readCount: number;
  readonly refusedCount: number;
  readonly reasons: ReadonlySet<string>;
  readonly slowestMs: number;
}

let root = '';
let program = '';
let seeds: FuzzSeed[] = [];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-fuzz-'));
  seeds = await writeSeeds(root);
  program = join(root, 'program', 'fuzzProcess.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('fuzzProcess.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node16',
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
    external: ['libsql', '@tensorflow/*'],
  });
  copyFileSync(createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm'), join(dirname(program), 'dcmjs-native-codecs.wasm'));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs inputs `first` to `end`; after a crash or a hang goes on behind the input that caused it. */
async function fuzz(first: number, end: number): Promise<FuzzResult> {
  const failures: string[] = [];
  const reasons = new Set<string>();
  let [peakRssMb, readCount, refusedCount, slowestMs] = [0, 0, 0, 0];
  for (let next = first; next < end;) {
    next = await new Promise<number>((resolve, reject) => {
      const child = fork(program, [JSON.stringify(seeds), String(next), String(end - next)], { execArgv: ['--max-old-space-size=1024'] });
      let [current, seed, begunMs] = [next, '', performance.now()];
      let isDone = false;
      let isKilled = false;
      const watch = setInterval(() => {
        if (performance.now() - begunMs < LONGEST_MS || isDone) return;
        failures.push(`input ${current} (${seed}): no answer for ${LONGEST_MS} ms`);
        isKilled = true;
        child.kill('SIGKILL');
      }, 100);
      child.on('error', reject);
      child.on('message', (report: FuzzReport) => {
        if (report.kind === 'done') {
          isDone = true;
          peakRssMb = Math.max(peakRssMb, report.peakRssMb);
          return;
        }
        if (report.kind === 'begin') seed = report.seed;
        else slowestMs = Math.max(slowestMs, performance.now() - begunMs);
        [current, begunMs] = [report.input, performance.now()];
        if (report.kind === 'thrown') failures.push(`input ${report.input} (${report.seed}): ${report.text}`);
        if (report.kind !== 'end') return;
        if (report.isRead) readCount++;
        else refusedCount++;
        for (const reason of report.reasons) reasons.add(reason);
      });
      child.on('exit', (code, signal) => {
        clearInterval(watch);
        if (!isDone && !isKilled) failures.push(`input ${current} (${seed}): the process ended with ${signal ?? code}`);
        resolve(isDone ? end : current + 1);
      });
    });
  }
  return { failures, peakRssMb, readCount, refusedCount, reasons, slowestMs };
}

describe('hostile files', () => {
  it(`${INPUTS} mutated files are read or refused, in time and in memory`, async () => {
    const { failures, peakRssMb, readCount, refusedCount, reasons, slowestMs } = await fuzz(FIRST, FIRST + INPUTS);
    console.log(
      `fuzz: ${INPUTS} inputs of ${seeds.length} kinds: ${readCount} read, ${refusedCount} refused; slowest ${Math.round(slowestMs)} ms; peak ${peakRssMb} MB`,
    );
    expect(failures).toEqual([]);
    expect(peakRssMb).toBeGreaterThan(0);
    expect(peakRssMb).toBeLessThan(MOST_RSS_MB);
    // a fuzzer whose inputs all look alike finds nothing
    expect(readCount).toBeGreaterThan(INPUTS / 20);
    expect(refusedCount).toBeGreaterThan(INPUTS / 20);
    expect(reasons).toContain('import/unreadable');
    expect(reasons).toContain('import/bad-geometry');
  }, 600_000);

  it('each seed is healthy: unchanged, it is read', async () => {
    const { readEverything } = await import('../../main/dataset/testing/readEverything.ts');
    for (const { name, folder } of seeds) {
      const { outcomes, problems } = await readEverything([folder]);
      expect([...problems, ...outcomes.flatMap(({ error, labelErrors }) => [error, ...labelErrors].filter(Boolean))], name).toEqual([]);
      if (/^(seg|rtstruct|nrrd-segments)/.test(name)) expect(outcomes[0]!.labels, name).toHaveLength(1);
    }
  });
});
