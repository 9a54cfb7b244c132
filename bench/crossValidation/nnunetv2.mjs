/**
 * nnU-Net v2 itself (PyPI) on the same fold for the same time, on the CPU, measured the same way.
 * node bench/crossValidation/nnunetv2.mjs [--config 3d_fullres|2d] [--minutes 100] [--optimizer sgd|adam] [--workers 1]
 *   [--steps-per-epoch 36] [--keep FOLDER] [--name NAME]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';
import { keepCurves } from './curve.mjs';
import { hippocampusFolder, subjectFolds } from './folds.mjs';
import { heldOutDice } from './heldOutDice.mjs';
import { copyVolumes, DATASET, FIRST_CHANNEL, folderIn, rawDataset } from './nnunetFolders.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '100' },
    config: { type: 'string', default: '3d_fullres' },
    optimizer: { type: 'string', default: 'sgd' },
    workers: { type: 'string', default: '1' },
    'steps-per-epoch': { type: 'string', default: '36' },
    keep: { type: 'string' },
    name: { type: 'string' },
  },
});
const data = hippocampusFolder();
const { caseIds, splits } = subjectFolds(data);
const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'maskloop-nnunetv2-'));
const settings = rawDataset(work, data, caseIds);
copyVolumes(data, 'images', splits[0].val, folderIn(work, 'heldout'), FIRST_CHANNEL);
copyVolumes(data, 'labels', splits[0].val, folderIn(work, 'truth'));
const truth = join(work, 'truth');
writeFileSync(join(work, 'splits_final.json'), JSON.stringify(splits));

const { python, env } = await pythonWith('nnunetv2', ['nnunetv2==2.6.2']);
const script = join(import.meta.dirname, 'nnunetv2_fold.py');
const args = [script, work, DATASET, values.config, values.minutes, values.optimizer, values['steps-per-epoch']];
const began = performance.now();
const { status, stdout } = spawnSync(python, args, {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 2 ** 28,
  env: { ...process.env, ...env, ...settings, nnUNet_n_proc_DA: values.workers },
});
if (status !== 0) throw new Error(`${args.join(' ')} failed with exit code ${status}:\n${stdout.slice(-4000)}`);
const { curve, ...trained } = JSON.parse(stdout.trim().split('\n').at(-1));
const result = {
  date: new Date().toISOString().slice(0, 10),
  program: 'nnunetv2 2.6.2',
  config: values.config,
  fold: 0,
  minutes: Number(values.minutes),
  trainCases: splits[0].train.length,
  heldOutCases: splits[0].val.length,
  ...trained,
  totalSeconds: Math.round((performance.now() - began) / 1000),
  plain: await heldOutDice(truth, join(work, 'predictions')),
  tta: await heldOutDice(truth, join(work, 'predictions_tta')),
};
const lines = [
  { name: 'training loss', points: curve.map(({ minutes, trainLoss }) => ({ x: minutes, y: trainLoss })) },
  { name: 'pseudo Dice of patches', points: curve.map(({ minutes, pseudoDice }) => ({ x: minutes, y: pseudoDice })) },
];
keepCurves(values.name ?? `hippocampus-${values.config}-fold0-nnunetv2-${values.optimizer}`, result, lines);
console.log(JSON.stringify(result, null, 2));
if (!values.keep) rmSync(work, { recursive: true, force: true });
