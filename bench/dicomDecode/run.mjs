/**
 * Milliseconds to decode one slice of 512 × 512 in each codec, and a series of JPEG 2000 in this thread and in threads.
 * npm run bench -- dicomDecode [--slices 100]   prints a table; a slice by formula; one core, then all
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { slices: { type: 'string', default: '100' } } });
const folder = join(root, 'node_modules/.cache/maskloop');
const [measure, thread] = [join(folder, 'bench-dicom-decode.mjs'), join(folder, 'bench-dicom-decode-thread.cjs')];
mkdirSync(folder, { recursive: true });
const shared = { bundle: true, platform: 'node', logLevel: 'warning', logOverride: { 'empty-import-meta': 'silent' } };
buildSync({ ...shared, entryPoints: [join(import.meta.dirname, 'measure.ts')], outfile: measure, format: 'esm', external: ['dicom-parser'] });
buildSync({ ...shared, entryPoints: [join(root, 'main/dataset/read/decodeThread.ts')], outfile: thread, format: 'cjs' });
process.exitCode = spawnSync(process.execPath, [measure, values.slices, thread], { stdio: 'inherit' }).status ?? 1;
