// `npm run bench -- NAME [OPTIONS]`: sets up and builds what is missing, then runs one benchmark. Not part of `npm test`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure, SetupError } from './setup/progress.mjs';

const BENCHMARKS = {
  trainStep: 'one optimiser step of the planned hippocampus network, ours against PyTorch eager (about 10 minutes)',
  augment: 'milliseconds of augmented batches on one core; --pictures draws docs/augmentation (a minute)',
  cancel: 'how long busy jobs take to end once they are cancelled: training, prediction, import, export (10 minutes)',
  crossValidation: 'fold 0 of subject-wise hippocampus, Dice and curves (--minutes, about 2 hours as it stands; needs ../shared/data)',
  faults:
    'kill -9 at 200 moments of import, save, export, migration, training: nothing acknowledged may be lost (15 minutes; --record for docs/reliability.md)',
  hippocampus: 'held-out Dice of MSD hippocampus after a short training (about 20 minutes; needs ../shared/data)',
  planParity: "spacing, patch, pooling, kernels and batch against nnunetv2's planners (a few minutes; needs ../shared/data, --record does not)",
  nnunetDataset: "an exported data set under nnunetv2's own integrity check (a minute)",
  firstRun: 'the walk of a first run with a phantom, timed: under 10 minutes (needs npm run setup -- --test)',
  retrain: 'a simulated user: rounds of corrections, incremental against full retraining, forgetting, a poisoned round (hours as it stands; restartable)',
  soak: 'a long day in a short time: 1000 case switches, 100 predictions, 20 trainings; memory flat within 5 % (about half an hour; --switches …)',
  viewer:
    'a case of 512×512×300 in Chromium: opening, scrolling, brush, undo, saving, 200 changes of case; start of the program (half an hour; --parts, --draw)',
  stress: '5000 optimiser steps of a tiny network: memory flat, losses finite (about 2 minutes; --precision bfloat16|float16)',
  preprocessParity: "preprocessed arrays against nnunetv2's on three hippocampus and two PET cases (a minute; needs ../shared/data)",
  chunkCompression: 'bytes and CPU seconds of packing the chunks of a CT-like volume (a minute)',
  encryption: 'MB/s of sealed files; importing, saving and opening with and without a passphrase (a minute)',
  memory: 'peak memory of fourteen small trainings against its prediction (about 10 minutes)',
  dicomSeg: 'writing and reading a DICOM SEG of 512×512×300 voxels with 4 segments (a minute)',
  inference:
    "seconds a case of predicting hippocampus volumes end to end against nnunetv2's, with and without mirrored copies (half an hour; needs ../shared/data)",
  inferMemory: 'peak memory of predicting a 512×512×300 CT with 4 classes (minutes with --features 8 --overlap 0, an hour as planned)',
};
const HELP = `npm run bench -- NAME [OPTIONS]\n\n${Object.entries(BENCHMARKS)
  .map(([name, what]) => `  ${name.padEnd(16)} ${what}`)
  .join('\n')}\n\nThe options of each stand at the top of bench/NAME/run.mjs; numbers are kept in docs/benchmarks.md.`;

async function bench([name, ...options]) {
  if (name === undefined || name === '--help') return console.log(HELP);
  if (!Object.hasOwn(BENCHMARKS, name)) throw new SetupError(`There is no benchmark '${name}'.\n\n${HELP}`);
  await setup({ quiet: true });
  await build({ quiet: true });
  const script = join(rootFolder, 'bench', name, 'run.mjs');
  const child = spawn(process.execPath, [script, ...options], { cwd: rootFolder, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 128));
  });
}

await bench(process.argv.slice(2)).catch(reportFailure);
