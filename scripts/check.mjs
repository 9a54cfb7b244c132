// `npm run check`: what the compiler, the linters and the quick tests say, in under 90 seconds on two cores of a checkout
// that was checked before. In `npm test` each check counts as one test, and nothing is taken from a cache.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tryCommand } from './setup/command.mjs';
import { rootFolder, stateFolder } from './setup/paths.mjs';
import { reportFailure } from './setup/progress.mjs';

const UNIT_TITLE = 'quick unit tests';

const cached = (name) => join(stateFolder, 'check', name);

/**
 * Longest first: two run at a time. `warm` are arguments that reuse what the last check found out; ESLint's goes by the
 * text of each file, so that a rule about types may miss what another file's change did to one: `npm test` does without.
 */
const CHECKS = [
  {
    title: 'lint',
    config: 'eslint.config.js',
    command: ['eslint', '.', '--no-color'],
    warm: ['--cache', '--cache-strategy', 'content', '--cache-location', cached('eslint.json')],
  },
  { title: UNIT_TITLE, config: 'vitest.config.ts', command: ['vitest', 'run', '--config', 'scripts/quickTests.config.ts', '--reporter', 'dot'] },
  { title: 'types of Svelte', config: 'renderer', command: ['svelte-check', '--tsconfig', './renderer/tsconfig.json', '--output', 'human'] },
  {
    title: 'types of TypeScript',
    config: 'tsconfig.json',
    command: ['tsc', '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false'],
    warm: ['--incremental', '--tsBuildInfoFile', cached('tsc.json')],
  },
  {
    title: 'format',
    config: '.prettierrc.json',
    command: ['prettier', '--check', '.', '--log-level', 'warn', '--no-color'],
    warm: ['--cache', '--cache-strategy', 'content', '--cache-location', cached('prettier.json')],
  },
  {
    title: 'borders between folders',
    config: '.dependency-cruiser.cjs',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'main', 'models', 'electron', 'renderer'],
    refuse: (output) => (sawModules(output) ? null : 'dependency-cruiser saw no modules: its resolver is broken'),
  },
  { title: 'dead code', config: 'knip.json', command: ['knip', '--no-progress'] },
];

/**
 * Runs the checks, two at a time, and prints what they found.
 *
 * @param {{ fresh?: boolean, unit?: boolean }} [options] fresh: from nothing; unit: the quick tests too
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} skipped: titles of those not configured
 */
export async function check({ fresh = false, unit = false } = {}) {
  const waiting = CHECKS.filter(({ title }) => unit || title !== UNIT_TITLE);
  const results = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(tell(await runCheck(next, fresh)));
  };
  await Promise.all(Array.from({ length: Math.max(2, Math.min(waiting.length, availableParallelism())) }, work));
  const count = (verdict) => results.filter((result) => result.verdict === verdict).length;
  const skipped = results.filter((result) => result.verdict === 'skipped').map((result) => `check: ${result.title} (not configured)`);
  return { passed: count('passed'), failed: count('FAILED'), skipped };
}

function tell(result) {
  console.log(`  ${result.verdict.padEnd(7)} ${result.title} (${result.seconds} s)`);
  if (result.verdict === 'FAILED') console.log(result.output.trimEnd());
  return result;
}

async function runCheck({ title, config, command, warm = [], refuse }, fresh) {
  const startedMs = Date.now();
  const finish = (verdict, output) => ({ title, verdict, output, seconds: ((Date.now() - startedMs) / 1000).toFixed(1) });
  if (!existsSync(join(rootFolder, config))) return finish('skipped', '');
  const [program, ...args] = command;
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const { exitCode, output } = await tryCommand(join(rootFolder, 'node_modules', '.bin', program), [...args, ...(fresh ? [] : warm)], { cwd: rootFolder, env });
  const refusal = refuse?.(output) ?? null;
  if (refusal !== null) return finish('FAILED', `${output}\n${refusal}`);
  return finish(exitCode === 0 ? 'passed' : 'FAILED', output);
}

function sawModules(output) {
  const count = /(\d+) modules/.exec(output);
  return count !== null && Number(count[1]) > 0;
}

async function runFromCommandLine() {
  const startedMs = Date.now();
  const { failed } = await check({ unit: true });
  console.log(`  ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
  if (failed > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runFromCommandLine().catch(reportFailure);
