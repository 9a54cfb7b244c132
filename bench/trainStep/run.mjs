/**
 * Train step of the planned hippocampus network: ours against PyTorch eager, alternating processes on one machine.
 * npm run bench -- trainStep [--rounds 5] [--steps 3]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, steps: { type: 'string', default: '3' } } });
// inside node_modules, so that the bundle finds TensorFlow's binding
const ours = join(root, 'node_modules/.cache/maskloop/bench-train-step.cjs');
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
const { python, env: torchEnv } = await pythonWith('torch', ['torch==2.15.0', 'numpy']);

const keepMemory = { MALLOC_TRIM_THRESHOLD_: '17179869184', MALLOC_MMAP_THRESHOLD_: '17179869184', MALLOC_TOP_PAD_: '268435456' };
const threads = { TF_NUM_INTRAOP_THREADS: '2', OMP_NUM_THREADS: '2', BENCH_THREADS: '2' };
const torch = join(here, 'torch_step.py');
const contestants = {
  'ours fp32': { command: process.execPath, args: [ours, values.steps, 'float32'], env: {} },
  'ours fp32, the batch in 3 parts': { command: process.execPath, args: [ours, values.steps, 'float32', '3'], env: {} },
  'ours fp32, the batch in 9 parts': { command: process.execPath, args: [ours, values.steps, 'float32', '9'], env: {} },
  'PyTorch eager, glibc malloc as it comes': { command: python, args: [torch, values.steps], env: torchEnv },
  'PyTorch eager, malloc keeps memory': { command: python, args: [torch, values.steps], env: { ...torchEnv, ...keepMemory } },
  'PyTorch eager channels_last_3d, malloc keeps memory': { command: python, args: [torch, values.steps, 'channels_last'], env: { ...torchEnv, ...keepMemory } },
};

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const results = Object.fromEntries(Object.keys(contestants).map((name) => [name, { milliseconds: [], peakMb: 0 }]));
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const [name, { command, args, env }] of Object.entries(contestants)) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...threads, ...env } });
    if (status !== 0) throw new Error(`${name} failed:\n${stderr}`);
    const { milliseconds, peakMb, losses } = JSON.parse(stdout.trim().split('\n').at(-1));
    results[name].milliseconds.push(...milliseconds);
    results[name].peakMb = Math.max(results[name].peakMb, peakMb);
    console.error(`round ${round}: ${name}: ${milliseconds.map(Math.round).join(' ')} ms, loss ${losses.at(-1).toFixed(3)}`);
  }
}
const base = median(results['ours fp32'].milliseconds);
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}, 2 threads each, ${values.rounds} alternating rounds of ${values.steps} steps\n`,
);
console.log('| train step, 9×40×56×40, 3 classes | median ms | min–max ms | ours / this | peak RSS MB |\n|---|---|---|---|---|');
for (const [name, { milliseconds, peakMb }] of Object.entries(results)) {
  const row = [
    median(milliseconds).toFixed(0),
    `${Math.min(...milliseconds).toFixed(0)}–${Math.max(...milliseconds).toFixed(0)}`,
    (base / median(milliseconds)).toFixed(2),
    peakMb,
  ];
  console.log(`| ${name} | ${row.join(' | ')} |`);
}
