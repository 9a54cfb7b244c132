/**
 * Time to scan and import thousands of small DICOM files, and to import the same folder again.
 * npm run bench -- importScan [FILES [PER_SERIES [EDGE]]]
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const script = join(root, 'dist', 'importScan.mjs');
try {
  buildSync({
    entryPoints: [join(import.meta.dirname, 'ours.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  const { status } = spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(script, { force: true });
}
