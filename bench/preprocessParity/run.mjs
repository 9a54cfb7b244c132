/**
 * Preprocessed arrays against nnunetv2's DefaultPreprocessor under the same plan, on three hippocampus cases and two PET.
 * npm run bench -- preprocessParity            prints a table; exit code 1 above 1e-3, with other shapes or other classes
 * npm run bench -- preprocessParity --record   rewrites test/parity/preprocess.json (phantoms by formula) instead
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';

const root = resolve(import.meta.dirname, '../..');
const script = join(root, 'test/parity/preprocess.py');
const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
const { python, env } = await pythonWith('nnunetv2', ['nnunetv2==2.6.2']);

function output(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}

if (values.record) {
  writeFileSync(join(root, 'test/parity/preprocess.json'), output(python, [script]));
  console.log('test/parity/preprocess.json is written anew; run main/nnunet/preprocess/preprocessParity.test.ts.');
  process.exit(0);
}

const HIPPOCAMPUS = { folder: 'msd_hippocampus', names: ['hippocampus_003.nii.gz', 'hippocampus_006.nii.gz', 'hippocampus_007.nii.gz'], channel: 'MRI' };
const PET = { folder: 'sts_pet_gtv', names: ['STS_007.nii.gz', 'STS_010.nii.gz'], channel: 'PET' };
const RUNS = [
  { ...HIPPOCAMPUS, kind: 'as planned' },
  { ...HIPPOCAMPUS, kind: 'resampled' },
  { ...PET, kind: 'as planned' },
  { ...PET, kind: 'masked' },
];
const ours = join(root, 'node_modules/.cache/maskloop/bench-preprocess-parity.mjs');
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

const GOAL = 1e-3;
const small = (value) => value.toExponential(1);
let isGood = true;
console.log(
  '| case | shape → | inside max (mean) | edge max (mean) | above 1e-3 | other classes | voxels to centre on, ours / theirs |\n|---|---|---|---|---|---|---|',
);
for (const { folder, names, channel, kind } of RUNS) {
  const data = resolve(root, '../shared/data', folder);
  if (!existsSync(data)) throw new Error(`${data} is not here: this benchmark needs the shared data`);
  const work = mkdtempSync(join(tmpdir(), 'maskloop-preprocess-parity-'));
  output(process.execPath, [ours, work, data, names.join(','), channel, kind]);
  for (const row of JSON.parse(output(python, [script, work]))) {
    if (row.ourShape) {
      isGood = false;
      console.log(`| ${row.name} | theirs ${row.shape.join('×')}, ours ${row.ourShape.join('×')} |`);
      continue;
    }
    isGood &&= row.insideMax <= GOAL && row.wrongClasses === 0;
    const cells = [
      `${row.from_.join('×')} → ${row.shape.join('×')}`,
      `${small(row.insideMax)} (${small(row.insideMean)})`,
      `${small(row.edgeMax)} (${small(row.edgeMean)})`,
      `${row.above} of ${row.voxels}`,
      `${row.wrongClasses}`,
      `${row.ourLocations.join(', ')} / ${row.locations.join(', ')}`,
    ];
    console.log(`| ${row.name} | ${cells.join(' | ')} |`);
  }
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = isGood ? 0 : 1;
