/**
 * Exports phantoms as a data set for nnU-Net and lets nnunetv2 (PyPI) check it: npm run bench -- nnunetDataset
 * Only the check is fetched, without torch. Exit code 1 when nnU-Net finds something.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';

const root = resolve(import.meta.dirname, '../..');
const readers = ['nibabel==5.4.2', 'SimpleITK==2.5.7', 'tifffile', 'scikit-image', 'pandas', 'batchgenerators==0.25.1', 'numpy<2.5'];
const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const theirs = await pythonWith('nnunetv2-readers', readers);
const { python, env } = await pythonWith('nnunetv2-alone', ['--no-deps', 'nnunetv2==2.6.2']);
const work = mkdtempSync(join(tmpdir(), 'maskloop-nnunet-dataset-'));

function run(command, args, more = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...more } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

try {
  const maskloop = (...args) => run(process.execPath, [join(root, 'dist/main/maskloop.cjs'), ...args]);
  const project = join(work, 'project');
  const phantoms = join(root, 'node_modules/.cache/maskloop/bench-nnunet-dataset.mjs');
  mkdirSync(join(phantoms, '..'), { recursive: true });
  buildSync({
    entryPoints: [join(import.meta.dirname, 'phantoms.ts')],
    outfile: phantoms,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: require },
    logLevel: 'warning',
  });
  run(process.execPath, [phantoms, join(work, 'study')]);
  maskloop('import', '--project', project, join(work, 'study'));
  maskloop('export', '--project', project, '--format', 'nnunet-raw', '--output', join(work, 'raw'));
  const [name] = readdirSync(join(work, 'raw'));
  const paths = { PYTHONPATH: `${env.PYTHONPATH}:${theirs.env.PYTHONPATH}`, nnUNet_raw: join(work, 'raw'), nnUNet_preprocessed: work, nnUNet_results: work };
  run(python, [join(import.meta.dirname, 'verify.py'), join(work, 'raw', name)], paths);
} finally {
  rmSync(work, { recursive: true, force: true });
}
