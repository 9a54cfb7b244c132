/**
 * Milliseconds of a whole batch on one core, by preset and patch; or the share of a training that waits for batches; or
 * the pictures of docs/augmentation.
 * npm run bench -- augment [--batches 60] [--waiting [--steps 10]] [--pictures]
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
const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '60' },
    waiting: { type: 'boolean', default: false },
    steps: { type: 'string', default: '10' },
    pictures: { type: 'boolean', default: false },
  },
});

function bundle(name) {
  const outfile = join(root, 'node_modules/.cache/maskloop', `bench-augment-${name}.mjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  buildSync({
    entryPoints: [join(here, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@tensorflow/tfjs-node', 'libsql'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}

function run(script, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

if (values.pictures) {
  run(bundle('pictures'), [join(root, 'docs/augmentation')]);
} else if (values.waiting) {
  const script = bundle('waiting');
  console.log('| batches drawn | wait before a step, median ms | step, median ms | time waited |\n|---|---|---|---|');
  for (const [how, threadFile] of [
    ['between the steps', '-'],
    ['ahead, by a thread', join(root, 'dist/main/batchThread.cjs')],
  ]) {
    const { waitMs, stepMs, waitingPercent } = JSON.parse(run(script, [threadFile, values.steps]));
    console.log(`| ${how} | ${waitMs} | ${stepMs} | ${waitingPercent} % |`);
  }
} else {
  const script = bundle('batches');
  console.log(`${new Date().toISOString().slice(0, 10)}, one core of ${cpus()[0].model}\n`);
  console.log('| preset | batch × patch | median ms | 95 % | mean |\n|---|---|---|---|---|');
  for (const [preset, patch, batch] of [
    ['v2', '40,56,40', '9'],
    ['seed', '40,56,40', '9'],
    ['v2', '56,40', '366'],
    ['seed', '56,40', '64'],
    ['v2', '128,128,128', '2'],
  ]) {
    const { p50, p95, mean } = JSON.parse(run(script, [preset, values.batches, patch, batch]));
    console.log(`| ${preset} | ${batch} × ${patch.replaceAll(',', '×')} | ${p50} | ${p95} | ${mean} |`);
  }
}
