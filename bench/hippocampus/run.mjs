/**
 * Held-out Dice of MSD hippocampus after a short training on this machine, measured outside Maskloop.
 * npm run bench -- hippocampus [--minutes 15] [--config 3d_fullres] [--keep FOLDER] [-- extra train options]
 *
 * Subjects (two volumes each: ids 2k-1 and 2k) are split 80/20: every fifth subject in id order is held out.
 * The project never sees a held-out case; its own validation fold is taken from the other 80 %.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pythonWith, TEST_PACKAGES } from '../../scripts/setup/pythonPackages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '15' }, config: { type: 'string', default: '3d_fullres' }, keep: { type: 'string' } },
});
const data = resolve(root, '../shared/data/msd_hippocampus');
if (!existsSync(data)) throw new Error(`${data} is not here: this benchmark needs the shared data`);

const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'maskloop-hippocampus-'));
const folders = Object.fromEntries(['train/images', 'train/labels', 'heldout/images', 'heldout/labels', 'predictions'].map((name) => [name, join(work, name)]));
for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });

const subjectOf = (name) => Math.floor((Number(name.match(/(\d+)/)[1]) + 1) / 2);
const names = readdirSync(join(data, 'images'))
  .filter((name) => name.endsWith('.nii.gz'))
  .sort();
const subjects = [...new Set(names.map(subjectOf))].sort((a, b) => a - b);
const heldOut = new Set(subjects.filter((_, index) => index % 5 === 0));
for (const name of names) {
  const side = heldOut.has(subjectOf(name)) ? 'heldout' : 'train';
  cpSync(join(data, 'images', name), join(folders[`${side}/images`], name));
  cpSync(join(data, 'labels', name), join(folders[`${side}/labels`], name));
}

const seconds = {};
function timed(label, command, args) {
  const start = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${status}`);
  seconds[label] = Math.round((performance.now() - start) / 100) / 10;
}
const maskloop = join(root, 'scripts/maskloop.mjs');
const project = join(work, 'project');
timed('import', process.execPath, [maskloop, 'import', '--project', project, join(work, 'train')]);
timed('train', process.execPath, [
  maskloop,
  'train',
  '--project',
  project,
  '--config',
  values.config,
  '--fold',
  '0',
  '--minutes',
  values.minutes,
  ...positionals,
]);
timed('predict', process.execPath, [maskloop, 'predict', '--project', project, '--input', folders['heldout/images'], '--output', folders.predictions]);
const { python, env } = await pythonWith('nibabel', TEST_PACKAGES);
const dice = spawnSync(python, [join(here, 'dice.py'), folders['heldout/labels'], folders.predictions, '1', '2'], {
  encoding: 'utf8',
  env: { ...process.env, ...env },
});
if (dice.status !== 0) throw new Error(dice.stderr);
const result = JSON.parse(dice.stdout);
console.log(
  JSON.stringify(
    { subjects: subjects.length, heldOutSubjects: heldOut.size, minutes: Number(values.minutes), config: values.config, seconds, ...result },
    null,
    2,
  ),
);
if (!values.keep) rmSync(work, { recursive: true, force: true });
