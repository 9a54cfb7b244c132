/**
 * Seconds and memory of writing a label map of 512 × 512 × 300 voxels with four balls as DICOM SEG, and of reading it.
 * npm run bench -- dicomSeg [--rounds 3]   prints a table; times are the least of the rounds, on one core
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const measure = join(root, 'node_modules/.cache/maskloop/bench-dicom-seg.cjs');
mkdirSync(join(measure, '..'), { recursive: true });
buildSync({ entryPoints: [join(import.meta.dirname, 'measure.ts')], outfile: measure, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning' });
for (const type of ['BINARY', 'LABELMAP']) {
  const { status } = spawnSync(process.execPath, [measure, type, values.rounds], { stdio: 'inherit' });
  process.exitCode ||= status ?? 1;
}
