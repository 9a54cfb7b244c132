/**
 * Our plans against those of nnunetv2 (PyPI), field by field, on the shared hippocampus and PET data.
 * npm run bench -- planParity            prints a table; exit code 1 when a field differs
 * npm run bench -- planParity --record   rewrites test/parity/plans.json (data sets by formula) instead
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';

const root = resolve(import.meta.dirname, '../..');
const parity = join(root, 'test/parity');
const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
const { python, env } = await pythonWith('nnunetv2', ['nnunetv2==2.6.2']);

function output(command, args, more = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...env, ...more } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}

if (values.record) {
  writeFileSync(join(parity, 'plans.json'), output(python, [join(parity, 'plans.py')]));
  console.log('test/parity/plans.json is written anew; run test/parity/plans.test.ts.');
  process.exit(0);
}

const DATASETS = [
  { folder: 'msd_hippocampus', name: 'Dataset004_Hippocampus', channel: 'MRI', labels: { background: 0, anterior: 1, posterior: 2 } },
  { folder: 'sts_pet_gtv', name: 'Dataset100_Sts', channel: 'PET', labels: { background: 0, gtv: 1 } },
];
const ours = join(root, 'node_modules/.cache/maskloop/bench-plan-parity.mjs');
mkdirSync(join(ours, '..'), { recursive: true });
const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
buildSync({
  entryPoints: [join(import.meta.dirname, 'ours.ts')],
  outfile: ours,
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: { js: require },
  logLevel: 'warning',
});

const work = mkdtempSync(join(tmpdir(), 'maskloop-plan-parity-'));
for (const part of ['raw', 'preprocessed', 'results']) mkdirSync(join(work, part));

function theirs({ folder, name, channel, labels }) {
  const data = resolve(root, '../shared/data', folder);
  const raw = join(work, 'raw', name);
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(raw, part), { recursive: true });
  const names = readdirSync(join(data, 'images')).filter((file) => file.endsWith('.nii.gz'));
  for (const file of names) {
    symlinkSync(join(data, 'images', file), join(raw, 'imagesTr', file.replace('.nii.gz', '_0000.nii.gz')));
    symlinkSync(join(data, 'labels', file), join(raw, 'labelsTr', file));
  }
  const about = { channel_names: { 0: channel }, labels, numTraining: names.length, file_ending: '.nii.gz' };
  writeFileSync(join(raw, 'dataset.json'), JSON.stringify(about));
  return JSON.parse(output(python, [join(import.meta.dirname, 'nnunet_plans.py'), name], { MASKLOOP_PLANS: work, PARITY_FOLDER: parity }));
}

const pools = (strides) => strides[0].map((_, axis) => strides.filter((stride) => stride[axis] === 2).length).join(',');
const close = (a, b) => a.length === b.length && a.every((value, axis) => Math.abs(value / b[axis] - 1) < 1e-6);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
let differences = 0;
console.log('| data | preset | configuration | spacing mm | patch | pools | batch | differs from nnunetv2 in |\n|---|---|---|---|---|---|---|---|');
for (const dataset of DATASETS) {
  const data = resolve(root, '../shared/data', dataset.folder);
  if (!existsSync(data)) throw new Error(`${data} is not here: this benchmark needs the shared data`);
  const { presets, caseCount } = JSON.parse(output(process.execPath, [ours, dataset.channel, join(data, 'images'), join(data, 'labels')]));
  for (const [preset, recorded] of Object.entries(theirs(dataset))) {
    const plan = presets[preset];
    const names = new Set([...plan.configurations.map(({ name }) => name), ...Object.keys(recorded.configurations)]);
    for (const name of names) {
      const one = plan.configurations.find((configuration) => configuration.name === name);
      const other = recorded.configurations[name];
      const spacing = one?.spacingDhwMm.filter((mm) => mm !== null);
      const checks = one &&
        other && {
          spacing: close(spacing, other.spacing),
          'median shape': same(one.medianShapeDhw.slice(3 - one.patch.length), other.medianShape),
          patch: same(one.patch, other.patch),
          pooling: same(
            one.stages.map(({ stride }) => stride),
            other.strides,
          ),
          kernels: same(
            one.stages.map(({ kernel }) => kernel),
            other.kernels,
          ),
          features: same(
            one.stages.map(({ features }) => features),
            other.features,
          ),
          convolutions: same(
            one.stages.map(({ convs }) => convs),
            other.encoder,
          ),
          batch: one.batchSize === other.batch,
          'batch Dice': one.batchDice === other.batchDice,
          'order of axes': same(plan.transposeForward, recorded.transposeForward),
        };
      const wrong = checks ? Object.keys(checks).filter((field) => !checks[field]) : ['not planned by both'];
      differences += wrong.length;
      const shown = one
        ? [spacing.map((mm) => mm.toFixed(4)).join(', '), one.patch.join('×'), pools(one.stages.map(({ stride }) => stride)), one.batchSize]
        : ['', '', '', ''];
      console.log(`| ${dataset.folder} (${caseCount}) | ${preset} | ${name} | ${shown.join(' | ')} | ${wrong.join(', ') || 'nothing'} |`);
    }
  }
}
rmSync(work, { recursive: true, force: true });
process.exitCode = differences === 0 ? 0 : 1;
