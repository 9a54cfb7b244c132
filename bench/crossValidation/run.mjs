/**
 * Fold 0 of a subject-wise five-fold split of MSD hippocampus: Maskloop trains for a time, predicts the held-out volumes, and
 * nibabel measures them.
 * npm run bench -- crossValidation [--config 3d_fullres|2d] [--minutes 100 | --epochs N] [--fold 0] [--mirror] [--keep FOLDER]
 *   [--name NAME] [-- train options, e.g. --amp bf16 --ema 0.999]
 * `--epochs` compares recipes at equal steps, whatever else the machine does.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepCurves } from './curve.mjs';
import { hippocampusFolder, keepMemory, root, subjectFolds } from './folds.mjs';
import { heldOutDice } from './heldOutDice.mjs';
import { copyVolumes, folderIn } from './nnunetFolders.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '100' },
    epochs: { type: 'string' },
    config: { type: 'string', default: '3d_fullres' },
    fold: { type: 'string', default: '0' },
    mirror: { type: 'boolean', default: false },
    keep: { type: 'string' },
    name: { type: 'string' },
  },
});
const data = hippocampusFolder();
const { caseIds, splits } = subjectFolds(data);
const fold = splits[Number(values.fold)];
const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'maskloop-fold-'));
const project = join(work, 'project');
for (const kind of ['images', 'labels']) {
  copyVolumes(data, kind, caseIds, folderIn(work, 'all', kind));
  copyVolumes(data, kind, fold.val, folderIn(work, 'heldout', kind));
}

const seconds = {};
function maskloop(label, ...args) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/maskloop.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...keepMemory, ...process.env },
  });
  if (status !== 0) throw new Error(`maskloop ${args.join(' ')} failed with exit code ${status}`);
  seconds[label] = Math.round((performance.now() - start) / 100) / 10;
}
maskloop('import', 'import', '--project', project, join(work, 'all'));
writeFileSync(join(project, 'splits_final.json'), JSON.stringify(splits));
const length = values.epochs ? ['--epochs', values.epochs] : ['--minutes', values.minutes];
maskloop('train', 'train', '--project', project, '--config', values.config, '--fold', values.fold, ...length, ...positionals);
const mirror = values.mirror ? ['--mirror'] : [];
maskloop('predict', 'predict', '--project', project, '--input', join(work, 'heldout/images'), '--output', folderIn(work, 'predictions'), ...mirror);
const held = await heldOutDice(join(work, 'heldout/labels'), join(work, 'predictions'));

const run = readdirSync(join(project, 'runs')).sort().at(-1);
const [{ run: header, atMs: begin }, ...metrics] = readFileSync(join(project, 'runs', run, 'metrics.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const pointsOf = (name) =>
  metrics.filter((one) => one.name === name && one.label === undefined).map(({ atMs, value }) => ({ x: (atMs - begin) / 60_000, y: value }));
const meanOf = (name) => {
  const points = pointsOf(name);
  return points.length ? points.reduce((sum, { y }) => sum + y, 0) / points.length : null;
};
const about = {
  date: new Date().toISOString().slice(0, 10),
  program: 'maskloop',
  config: values.config,
  fold: Number(values.fold),
  ...(values.epochs ? { epochs: Number(values.epochs) } : { minutes: Number(values.minutes) }),
  mirror: values.mirror,
  options: positionals,
  trainCases: fold.train.length,
  heldOutCases: fold.val.length,
  patch: header.patch,
  batchSize: header.batchSize,
  precision: header.precision,
  steps: metrics.at(-1)?.step ?? 0,
  secondsPerStep: meanOf('secondsPerStep'),
  waitingShare: meanOf('waitingShare'),
  skippedSteps: metrics.findLast((one) => one.name === 'skippedSteps')?.value ?? 0,
  seconds,
  ...held,
};
const lines = [
  { name: 'training loss', points: pointsOf('trainLoss') },
  { name: 'validation Dice', points: pointsOf('valDice') },
];
keepCurves(values.name ?? `hippocampus-${values.config}-fold${values.fold}-maskloop`, about, lines);
console.log(JSON.stringify(about, null, 2));
if (!values.keep) rmSync(work, { recursive: true, force: true });
