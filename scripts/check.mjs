// `npm run check`: what the compiler and the linters say. Each check counts as one test of `npm test`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tryCommand } from './setup/command.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure } from './setup/progress.mjs';

const CHECKS = [
  { title: 'types of TypeScript', config: 'tsconfig.json', command: ['tsc', '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false'] },
  { title: 'types of Svelte', config: 'renderer', command: ['svelte-check', '--tsconfig', './tsconfig.json', '--output', 'human'] },
  { title: 'lint', config: 'eslint.config.js', command: ['eslint', '.', '--no-color'] },
  {
    title: 'borders between folders',
    config: '.dependency-cruiser.cjs',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'main', 'models', 'electron', 'renderer'],
    refuse: (output) => (sawModules(output) ? null : 'dependency-cruiser saw no modules: its resolver is broken'),
  },
  { title: 'dead code', config: 'knip.json', command: ['knip', '--no-progress'] },
];

/**
 * Runs all checks side by side and prints what they found.
 *
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} skipped: titles of those not configured
 */
export async function check() {
  const results = await Promise.all(CHECKS.map(runCheck));
  for (const { title, verdict, output, seconds } of results) {
    console.log(`  ${verdict.padEnd(7)} ${title} (${seconds} s)`);
    if (verdict === 'FAILED') console.log(output.trimEnd());
  }
  const count = (verdict) => results.filter((result) => result.verdict === verdict).length;
  const skipped = results.filter((result) => result.verdict === 'skipped').map((result) => `check: ${result.title} (not configured)`);
  return { passed: count('passed'), failed: count('FAILED'), skipped };
}

async function runCheck({ title, config, command, refuse }) {
  const startedMs = Date.now();
  const finish = (verdict, output) => ({ title, verdict, output, seconds: ((Date.now() - startedMs) / 1000).toFixed(1) });
  if (!existsSync(join(rootFolder, config))) return finish('skipped', '');
  const [program, ...args] = command;
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const { exitCode, output } = await tryCommand(join(rootFolder, 'node_modules', '.bin', program), args, { cwd: rootFolder, env });
  const refusal = refuse?.(output) ?? null;
  if (refusal !== null) return finish('FAILED', `${output}\n${refusal}`);
  return finish(exitCode === 0 ? 'passed' : 'FAILED', output);
}

function sawModules(output) {
  const count = /(\d+) modules/.exec(output);
  return count !== null && Number(count[1]) > 0;
}

async function runFromCommandLine() {
  const { failed } = await check();
  if (failed > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runFromCommandLine().catch(reportFailure);
