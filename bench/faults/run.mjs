/**
 * Kills a program at work at 200 moments drawn from a seed (import, saving masks, export, migration, training) and looks for
 * what it had promised. --encrypted: in encrypted projects, where opening one takes a second (scale 0.2: 40 moments).
 * Fails when anything is lost; with --record it writes figures.json and the table of docs/reliability.md.
 * npm run bench -- faults [--encrypted] [--scale 1] [--seed 20261130] [--only import] [--record]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const NAMES = { import: 'an import', save: 'saving and accepting masks', export: 'an export', migrate: 'a migration', train: 'a training' };
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '20261130' },
    only: { type: 'string' },
    encrypted: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

// inside node_modules, so that the bundles find the native libraries
const cache = join(root, 'node_modules/.cache/maskloop');
mkdirSync(cache, { recursive: true });
const bundle = (entry, name) => {
  const outfile = join(cache, `bench-faults-${name}.cjs`);
  buildSync({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node16',
    external: ['electron', 'libsql', '@tensorflow/tfjs-node'],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return outfile;
};
const harness = bundle('bench/faults/measure.ts', 'measure');
const victim = bundle('test/faults/victim.ts', 'victim');
const compute = bundle('main/workers/compute.ts', 'compute');

const folder = mkdtempSync(join(tmpdir(), 'maskloop-faults-'));
const { status, stdout } = spawnSync(
  process.execPath,
  [
    harness,
    JSON.stringify({
      root: folder,
      victimScript: victim,
      computeScript: compute,
      scale: Number(values.scale),
      seed: Number(values.seed),
      only: values.only,
      isEncrypted: values.encrypted,
    }),
  ],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
);
rmSync(folder, { recursive: true, force: true });
if (status !== 0) throw new Error(`the harness ended with exit code ${status}`);
const figures = JSON.parse(stdout.trim().split('\n').at(-1));
console.table(figures.scenarios);
if (values.record) record(figures);
const lost = figures.scenarios.filter(({ lossCount }) => lossCount > 0);
if (lost.length > 0) throw new Error(`something was lost in: ${lost.map(({ scenario }) => scenario).join(', ')}`);

/** What was measured before under other names stays as it was measured. */
function record({ seed, measuredAt, scenarios: fresh }) {
  const file = join(here, 'figures.json');
  const keyOf = ({ scenario, isEncrypted }) => `${scenario}${isEncrypted ? ', encrypted' : ''}`;
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { scenarios: [] };
  const measured = new Map([...before.scenarios, ...fresh.map((one) => ({ ...one, measuredAt }))].map((one) => [keyOf(one), one]));
  const scenarios = [...measured.values()];
  writeFileSync(file, `${JSON.stringify({ seed, scenarios }, null, 2)}\n`);
  const page = join(root, 'docs/reliability.md');
  const rows = scenarios.map(
    (one) =>
      `| ${NAMES[one.scenario]}${one.isEncrypted ? ', encrypted' : ''} | ${one.kills} | ${one.killsAtWork} | ${one.promises} | ${one.lossCount} | ${one.measuredAt} |`,
  );
  const text = readFileSync(page, 'utf8').replace(
    /(\| lost \|[^\n]*\n\|[-|]+\|\n)[^]*?(<!-- end of kills -->)/,
    (_all, head, end) => `${head}${rows.join('\n')}\n${end}`,
  );
  writeFileSync(page, text);
}
