/**
 * How long a job takes to end once it is cancelled, with processes that are really busy: a training in a long step, a
 * prediction of a large volume, an import of a compressed series, an export. Goal: 10 s. Fails above it.
 * npm run bench -- cancel [--rounds 3]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });

// inside node_modules, so that the bundles find the native libraries
const cache = join(root, 'node_modules/.cache/maskloop');
mkdirSync(cache, { recursive: true });
const harness = join(cache, 'bench-cancel.mjs');
buildSync({
  entryPoints: [join(here, 'measure.ts')],
  outfile: harness,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['electron', 'libsql', 'dicom-parser', '@tensorflow/tfjs-node'],
  logLevel: 'error',
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
});
// with its threads beside it, as users have it
const computeScript = join(root, 'dist/main/compute.cjs');

const folder = mkdtempSync(join(tmpdir(), 'maskloop-cancel-'));
const { status, stdout } = spawnSync(process.execPath, [harness, JSON.stringify({ root: folder, computeScript, rounds: Number(values.rounds) })], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 2 ** 26,
});
rmSync(folder, { recursive: true, force: true });
if (status !== 0) throw new Error(`the harness ended with exit code ${status}`);
const figures = JSON.parse(stdout.trim().split('\n').at(-1));
console.table(figures);
const late = figures.filter(({ slowestMs }) => slowestMs >= 10_000);
if (late.length > 0) throw new Error(`not within 10 s: ${late.map(({ what }) => what).join(', ')}`);
