// `npm run guide`: takes the pictures of docs/guide anew, by walking through the built program with mouse and keyboard.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure } from './setup/progress.mjs';

async function guide() {
  await build();
  const args = [join(rootFolder, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'test/guide/vitest.config.ts', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: rootFolder, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}

await guide().catch(reportFailure);
