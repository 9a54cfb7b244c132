/**
 * Our own part of editing a 512 × 512 × 300 mask: milliseconds of the processor for brush moves, undo and whole-mask
 * operations, without drawing; what a stroke costs to put into the journal, and how many bytes it has there.
 * npm run bench -- editing   prints a line each
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const measure = join(root, 'node_modules/.cache/maskloop/bench-editing.mjs');
mkdirSync(join(measure, '..'), { recursive: true });
buildSync({ entryPoints: [join(import.meta.dirname, 'measure.ts')], outfile: measure, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
process.exitCode = spawnSync(process.execPath, [measure], { stdio: 'inherit' }).status ?? 1;
