/**
 * Peak memory and time of predicting one CT of 512×512×300 voxels with 4 classes, in the process that predicts.
 * npm run bench -- inferMemory [--features 0] [--overlap 0.5] [--configuration 3d_fullres] [--probabilities] [--dims 512x512x300]
 * --features N: a thinner network with N features in its first stage (0: as planned, 32).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(resolve(here, '../..'), 'node_modules/.cache/maskloop'); // there the bundles find TensorFlow's binding
const { values } = parseArgs({
  options: {
    features: { type: 'string', default: '0' },
    overlap: { type: 'string', default: '0.5' },
    configuration: { type: 'string', default: '3d_fullres' },
    probabilities: { type: 'boolean', default: false },
    dims: { type: 'string', default: '512x512x300' },
  },
});
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'maskloop-infer-memory-'));
try {
  const about = runBundle('prepare', [folder, values.features, values.configuration, values.dims]);
  const { result, windows, phases, peakMb } = runBundle('predict', [folder, values.overlap, String(values.probabilities)]);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  console.log(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}; ${values.configuration}, patch ${about.patch.join('×')}, features ${about.features.join(' ')}, overlap ${values.overlap}, ${windows} calls of the network\n`,
  );
  console.log('| phase | s | RSS at its end MB | peak until then MB |\n|---|---|---|---|');
  for (const { phase, seconds, rssMb, peakMb: peak } of phases) console.log(`| ${phase} | ${seconds} | ${rssMb} | ${peak} |`);
  console.log(`\npeak RSS ${peakMb} MB (goal: under 4096)`);
  if (peakMb > 4096) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runBundle(name, args) {
  const outfile = join(cache, `bench-infer-memory-${name}.cjs`);
  buildSync({
    entryPoints: [join(here, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@tensorflow/tfjs-node'],
    logLevel: 'warning',
  });
  const { status, signal, stdout } = spawnSync(process.execPath, [outfile, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
