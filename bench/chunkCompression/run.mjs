/**
 * How to pack chunks of preprocessed cases: bytes and CPU seconds of coders with and without byte shuffling, on a CT-like
 * 256³ volume by formula.
 * npm run bench -- chunkCompression [--rounds 2]   prints a table; times are the least of the rounds, on one core
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '2' } } });
const measure = join(root, 'node_modules/.cache/maskloop/bench-chunk-compression.mjs');
mkdirSync(join(measure, '..'), { recursive: true });
buildSync({ entryPoints: [join(import.meta.dirname, 'measure.ts')], outfile: measure, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
process.exitCode = spawnSync(process.execPath, [measure, values.rounds], { stdio: 'inherit' }).status ?? 1;
