/**
 * Plays the user on MSD hippocampus or on phantoms: starts from a few cases with masks, then rounds of predict, correct to the
 * truth, retrain. `rounds`: incremental (with replay and without) against full retraining; `forgetting`: a second site with other
 * intensities and spacing; `poisoned`: a round with displaced masks before the gate.
 * npm run bench -- retrain [--what rounds,forgetting,poisoned] [--data hippocampus|phantoms] [--config 2d|3d_fullres]
 *   [--first 8] [--per-round 8] [--rounds 6] [--validation 8] [--held-out 52] [--full-minutes 8] [--incremental-minutes 2]
 *   [--seeds 1,2,3,4,5] [--keep FOLDER: go on there after an interruption] [--name NAME]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { keepCurves } from '../crossValidation/curve.mjs';
import { hippocampusFolder, keepMemory, root, subjectFolds } from '../crossValidation/folds.mjs';

const text = (fallback) => ({ type: 'string', default: fallback });
const { values } = parseArgs({
  options: {
    what: text('rounds,forgetting,poisoned'), data: text('hippocampus'), config: text('3d_fullres'), first: text('8'), 'per-round': text('8'),
    rounds: text('6'), validation: text('8'), 'held-out': text('52'), 'full-minutes': text('8'), 'incremental-minutes': text('2'),
    seeds: text('1'), keep: { type: 'string' }, name: { type: 'string' },
  },
});
const isReal = values.data === 'hippocampus';
const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'maskloop-retrain-'));
mkdirSync(work, { recursive: true });

/** Fold 0 of the subjects is held out; the others are dealt in the same order on every machine. */
function dealt() {
  const data = hippocampusFolder();
  const { val } = subjectFolds(data).splits[0];
  const others = [1, 2, 3, 4].flatMap((fold) => subjectFolds(data).splits[fold].val);
  return { dataFolder: data, heldOut: val.slice(0, Number(values['held-out'])), pool: others };
}
const plan = {
  work, computeScript: join(root, 'dist/main/compute.cjs'), experiments: values.what.split(','), configuration: values.config,
  ...(isReal ? dealt() : { dataFolder: null, heldOut: [], pool: [] }),
  heldOutCount: Number(values['held-out']), validationCount: Number(values.validation), firstCount: Number(values.first),
  perRound: Number(values['per-round']), rounds: Number(values.rounds), fullMinutes: Number(values['full-minutes']),
  incrementalMinutes: Number(values['incremental-minutes']), seeds: values.seeds.split(',').map(Number),
};
const planFile = join(work, 'plan.json');
writeFileSync(planFile, JSON.stringify(plan));

const outfile = join(root, 'node_modules/.cache/maskloop/bench-retrain.mjs');
buildSync({
  entryPoints: [join(import.meta.dirname, 'simulate.ts')], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning',
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
  return [line('incremental', 'dice', 'seconds'), line('without replay', 'diceWithoutReplay', 'seconds'), line('in full', 'diceInFull', 'secondsInFull')];
}
