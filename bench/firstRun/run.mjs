/**
 * A stranger's first run, timed: from the start page to an accepted correction of a prediction, with the training that the window
 * proposes. Goal: under 10 minutes on two cores. Needs `npm run setup -- --test` and `npm run build`.
 * npm run bench -- firstRun
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const env = { ...process.env, MASKLOOP_FIRST_RUN_MINUTES: '10' };
process.exitCode =
  spawnSync(process.execPath, [vitest, 'run', 'test/e2e/firstRun.test.ts', '-t', 'corrected prediction'], { cwd: root, env, stdio: 'inherit' }).status ?? 1;
