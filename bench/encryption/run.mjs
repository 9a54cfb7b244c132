/** npm run bench -- encryption   prints tables; each figure is the best of five rounds */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const measure = join(root, 'node_modules/.cache/maskloop/bench-encryption.mjs');
mkdirSync(join(measure, '..'), { recursive: true });
buildSync({
  entryPoints: [join(import.meta.dirname, 'measure.ts')],
  outfile: measure,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['libsql'],
  logLevel: 'warning',
});
process.exitCode = spawnSync(process.execPath, [measure], { stdio: 'inherit' }).status ?? 1;
