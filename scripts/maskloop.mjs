#!/usr/bin/env node
// The `maskloop` command: builds the command line if it is not there yet, then runs it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from './setup/paths.mjs';

const bundle = join(rootFolder, 'dist', 'main', 'maskloop.cjs');
if (!existsSync(bundle)) buildQuietly();
const result = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = result.status ?? 128;

/** stdout belongs to the command that was asked for (`--json`): the builder's lines go to stderr. */
function buildQuietly() {
  if (!existsSync(join(rootFolder, 'node_modules', 'esbuild'))) stop('not set up yet; run: npm run setup');
  const built = spawnSync(process.execPath, [join(rootFolder, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0 || !existsSync(bundle)) stop('the build failed; run: npm run build');
}

function stop(sentence) {
  console.error(`maskloop: ${sentence}`);
  process.exit(1);
}
