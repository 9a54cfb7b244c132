/**
 * Plays the user on MSD hippocampus or on phantoms: starts from a few cases with masks, then rounds of predict, correct to the
 * truth, retrain. `rounds`: incremental retraining against a full one; `ordering`: which cases next; `poisoned`: a round with
 * displaced masks before the gate; `sparse`: some slices painted against whole masks; `forgetting`: a second site with other
 * intensities and spacing.
 * npm run bench -- retrain [--what rounds,ordering,poisoned,sparse,forgetting] [--data hippocampus|phantoms] [--config 2d|3d_fullres]
 *   [--first 8] [--per-round 8] [--rounds 6] [--ordering-rounds 3] [--validation 20] [--held-out 26] [--full-steps 1200]
 *   [--incremental-steps 300] [--batch-size 1] [--base-features 8] [--learning-rate 0.002] [--orders classBalanced,entropy,random] [--sparse-part 0.1]
 *   [--without-replay] [--seeds 1,2,3,4,5] [--keep FOLDER: go on there after an interruption] [--name NAME: keeps curves]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { keepCurves } from '../crossValidation/curve.mjs';
import { hippocampusFolder, keepMemory, root, subjectFolds, subjectOf } from '../crossValidation/folds.mjs';

const text = (fallback) => ({ type: 'string', default: fallback });
const { values } = parseArgs({
  options: {
    what: text('rounds,ordering,poisoned,sparse,forgetting'),
    data: text('hippocampus'),
    config: text('3d_fullres'),
    first: text('8'),
    'per-round': text('8'),
    rounds: text('6'),
    'ordering-rounds': text('3'),
    validation: text('20'),
    'held-out': text('26'),
    'full-steps': text('1200'),
    'incremental-steps': text('300'),
    'batch-size': text('1'),
    'base-features': text('8'),
    'learning-rate': text('0.002'),
    orders: text('classBalanced,entropy,random'),
    'sparse-part': text('0.1'),
    'without-replay': { type: 'boolean', default: false },
    seeds: text('1'),
    keep: { type: 'string' },
    name: { type: 'string' },
  },
});
const isReal = values.data === 'hippocampus';
const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'maskloop-retrain-'));
mkdirSync(work, { recursive: true });

/** Fold 0 of the subjects is held out; the others are dealt by the seed. */
function dealt() {
  const data = hippocampusFolder();
  const { val, train } = subjectFolds(data).splits[0];
  const bySubject = new Map();
  for (const id of train) bySubject.set(subjectOf(id), [...(bySubject.get(subjectOf(id)) ?? []), id]);
  return { dataFolder: data, heldOut: val.slice(0, Number(values['held-out'])), poolBySubject: [...bySubject.values()] };
}
const number = (name) => Number(values[name]);
const plan = {
  work,
  computeScript: join(root, 'dist/main/compute.cjs'),
  experiments: values.what.split(','),
  configuration: values.config,
  ...(isReal ? dealt() : { dataFolder: null, heldOut: [], poolBySubject: [] }),
  heldOutCount: number('held-out'),
  validationCount: number('validation'),
  firstCount: number('first'),
  perRound: number('per-round'),
  rounds: number('rounds'),
  orderingRounds: number('ordering-rounds'),
  fullSteps: number('full-steps'),
  incrementalSteps: number('incremental-steps'),
  batchSize: number('batch-size') || null,
  baseFeatures: number('base-features') || null,
  learningRate: number('learning-rate'),
  withoutReplay: values['without-replay'],
  orders: values.orders.split(','),
  sparsePart: number('sparse-part'),
  seeds: values.seeds.split(',').map(Number),
};
const planFile = join(work, 'plan.json');
writeFileSync(planFile, JSON.stringify(plan));

const outfile = join(root, 'node_modules/.cache/maskloop/bench-retrain.mjs');
buildSync({
  entryPoints: [join(import.meta.dirname, 'simulate.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
  external: ['@tensorflow/tfjs-node', 'libsql'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
const child = spawn(process.execPath, [outfile, planFile], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...keepMemory, ...process.env } });
let output = '';
child.stdout.on('data', (chunk) => (output += chunk));
const code = await new Promise((end) => child.on('close', end));
if (code !== 0) {
  console.error(`Interrupted. Go on with --keep ${work}`);
  process.exit(code ?? 1);
}

const rounded = (value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value);
const tables = JSON.parse(output);
for (const [name, rows] of Object.entries(tables)) {
  console.log(`\n${name}`);
  console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)]))));
}
const about = { date: new Date().toISOString().slice(0, 10), cpu: cpus()[0]?.model, cores: cpus().length, options: values, tables };
writeFileSync(join(work, 'tables.json'), `${JSON.stringify(about, null, 1)}\n`);
if (values.name && tables.rounds) keepCurves(values.name, about, roundLines(tables.rounds));
console.log(`\nTables: ${join(work, 'tables.json')}`);
if (!values.keep) console.log(`Kept in ${work}; delete it when it is of no more use.`);

/** Held-out Dice over the training time spent until then, the mean over the seeds. */
function roundLines(rows) {
  const last = Math.max(...rows.map(({ round }) => round));
  const line = (name, dice, seconds) => {
    let minutes = 0;
    const points = Array.from({ length: last }, (_, n) => rows.filter(({ round }) => round === n + 1)).map((ofRound) => {
      const mean = (key) => ofRound.reduce((sum, row) => sum + row[key], 0) / ofRound.length;
      minutes += mean(seconds) / 60;
      return { x: minutes, y: mean(dice) };
    });
    return { name, points };
  };
  return [line('incremental', 'dice', 'seconds'), line('in full', 'diceInFull', 'secondsInFull')];
}
