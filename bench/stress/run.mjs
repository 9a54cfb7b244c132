/**
 * Thousands of optimiser steps of a tiny network: memory must stay flat, losses and weights finite. Fails otherwise.
 * npm run bench -- stress [--steps 5000] [--precision float32|bfloat16|float16]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values } = parseArgs({ options: { steps: { type: 'string', default: '5000' }, precision: { type: 'string', default: 'float32' } } });
const MOST_GROWTH_MB = 40;

// inside node_modules, so that the bundle finds TensorFlow's binding
const ours = join(root, 'node_modules/.cache/maskloop/bench-stress.cjs');
mkdirSync(dirname(ours), { recursive: true });
buildSync({
  entryPoints: [join(here, 'ours.ts')],
  outfile: ours,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  external: ['@tensorflow/tfjs-node'],
  logLevel: 'warning',
});
const { status, stdout } = spawnSync(process.execPath, [ours, values.steps, '10', values.precision], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.stdout.write(stdout);
if (status !== 0) throw new Error(`the process ended with exit code ${status}`);
const verdict = JSON.parse(stdout.trim().split('\n').at(-1));
const wrong = [
  verdict.notFinite > 0 && `${verdict.notFinite} losses were not finite`,
  !verdict.weightsFinite && 'a weight is not finite',
  values.precision === 'float32' && verdict.skipped > 0 && `${verdict.skipped} updates were skipped`,
  verdict.growthMb > MOST_GROWTH_MB && `memory grew by ${verdict.growthMb} MB`,
  verdict.finalLoss > 0 && `it did not learn: the last loss is ${verdict.finalLoss}`,
].filter(Boolean);
if (wrong.length > 0) throw new Error(wrong.join('; '));
console.log(`clean: ${verdict.steps} steps, memory ${verdict.growthMb >= 0 ? '+' : ''}${verdict.growthMb} MB, last mean loss ${verdict.finalLoss.toFixed(3)}`);
