/**
 * What a training needs: measured peak RSS of small and middling networks against the formula that asks before a training starts.
 * npm run bench -- memory [--only NAME]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
// inside node_modules, so that the bundle finds TensorFlow's binding
const bundle = join(resolve(here, '../..'), 'node_modules/.cache/maskloop/bench-memory-train.cjs');
const { values } = parseArgs({ options: { only: { type: 'string' } } });
mkdirSync(dirname(bundle), { recursive: true });
buildSync({
  entryPoints: [join(here, 'train.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  external: ['@tensorflow/tfjs-node'],
  logLevel: 'warning',
});

/** A training as the planner would make it, with `features` of the finest stage doubling up to a bound. */
const training = ({ patch, features, levels, batchSize, classes = 3, inputChannels = 1, architecture = 'plain', ...rest }) => ({
  network: {
    dims: patch.length,
    architecture,
    norm: 'instance',
    inputChannels,
    classes,
    decoderConvs: architecture === 'plain' ? 2 : 1,
    negativeSlope: 0.01,
    stages: Array.from({ length: levels }, (_, level) => ({
      features: Math.min(features * 2 ** level, patch.length === 2 ? 512 : 320),
      convs: architecture === 'plain' || level === 0 ? 2 : 3,
      kernel: patch.map(() => 3),
      stride: patch.map(() => (level === 0 ? 1 : 2)),
    })),
  },
  patch,
  batchSize,
  deepSupervisionWeights: [2 / 3, 1 / 3, 0],
  batchDice: true,
  diceIncludesBackground: false,
  diceSmooth: 1e-5,
  supervision: 'subsampledLabels',
  regions: null,
  ignoreClass: null,
  optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 12 },
  emaDecay: 0,
  precision: 'float32',
  xla: false,
  ...rest,
});
const hippocampus = { patch: [40, 56, 40], features: 32, levels: 4, batchSize: 9 };
const TRAININGS = {
  'hippocampus, batch 9': hippocampus,
  'in 3 parts': { ...hippocampus, accumulation: 3 },
  'in 9 parts': { ...hippocampus, accumulation: 9 },
  'batch 4, averaged weights': { ...hippocampus, batchSize: 4, emaDecay: 0.999 },
  'batch 4, sgd': { ...hippocampus, batchSize: 4, optimizer: { kind: 'sgd', momentum: 0.99, nesterov: true, weightDecay: 3e-5, clipNorm: 12 } },
  'batch 4, bfloat16': { ...hippocampus, batchSize: 4, precision: 'bfloat16' },
  'batch 4, 9 classes, 4 channels': { ...hippocampus, batchSize: 4, classes: 9, inputChannels: 4 },
  '8 features, batch 9': { ...hippocampus, features: 8 },
  'residual, batch 2': { ...hippocampus, architecture: 'residual', batchSize: 2 },
  '64×64×64, 5 levels, batch 2': { patch: [64, 64, 64], features: 32, levels: 5, batchSize: 2 },
  '96×96×96, 5 levels, batch 2': { patch: [96, 96, 96], features: 32, levels: 5, batchSize: 2 },
  '96×96×96, in 2 parts': { patch: [96, 96, 96], features: 32, levels: 5, batchSize: 2, accumulation: 2 },
  '2D 256×256, 7 levels, batch 12': { patch: [256, 256], features: 32, levels: 7, batchSize: 12 },
  '2D 256×256, in 4 parts': { patch: [256, 256], features: 32, levels: 7, batchSize: 12, accumulation: 4 },
};

const rows = [];
for (const [name, spec] of Object.entries(TRAININGS)) {
  if (values.only !== undefined && name !== values.only) continue;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [bundle, JSON.stringify(training(spec))], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? status}:\n${stderr}`);
  const { measuredMb, predictedMb } = JSON.parse(stdout.trim().split('\n').at(-1));
  const row = { name, measuredMb, predictedMb, errorPercent: Math.round((predictedMb / measuredMb - 1) * 100) };
  rows.push(row);
  console.error(JSON.stringify(row));
}
console.log('\n| training | measured peak RSS MB | predicted MB | error |\n|---|---|---|---|');
for (const { name, measuredMb, predictedMb, errorPercent } of rows)
  console.log(`| ${name} | ${measuredMb} | ${predictedMb} | ${errorPercent > 0 ? '+' : ''}${errorPercent} % |`);
