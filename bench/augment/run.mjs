/**
 * Milliseconds of a whole batch on one core, by preset and patch, and the pictures of docs/augmentation.
 * npm run bench -- augment [--batches 60] [--pictures]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values } = parseArgs({ options: { batches: { type: 'string', default: '60' }, pictures: { type: 'boolean', default: false } } });

function bundle(name) {
  const outfile = join(root, 'node_modules/.cache/maskloop', `bench-augment-${name}.mjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  buildSync({ entryPoints: [join(here, `${name}.ts`)], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  return outfile;
}

function run(script, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

if (values.pictures) {
  run(bundle('pictures'), [join(root, 'docs/augmentation')]);
} else {
  const script = bundle('batches');
  console.log(`${new Date().toISOString().slice(0, 10)}, one core of ${cpus()[0].model}\n`);
  console.log('| preset | batch × patch | median ms | 95 % | mean |\n|---|---|---|---|---|');
  for (const [preset, patch, batch] of [['v2', '40,56,40', '9'], ['seed', '40,56,40', '9'], ['v2', '56,40', '366'], ['seed', '56,40', '64'], ['v2', '128,128,128', '2']]) {
    const { p50, p95, mean } = JSON.parse(run(script, [preset, values.batches, patch, batch]));
    console.log(`| ${preset} | ${batch} × ${patch.replaceAll(',', '×')} | ${p50} | ${p95} | ${mean} |`);
  }
}
