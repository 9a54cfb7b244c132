// `npm run demo`: sets up and builds what is missing, then walks the loop once without a window (`maskloop demo`).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure } from './setup/progress.mjs';

async function demo() {
  await setup({ quiet: true });
  await build({ quiet: true });
  const bundle = join(rootFolder, 'dist', 'main', 'maskloop.cjs');
  const child = spawn(process.execPath, [bundle, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
  // In a terminal the child gets Ctrl+C itself; we only wait until it has saved.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      process.exitCode = exitCode ?? 128;
      resolve();
    });
  });
}

await demo().catch(reportFailure);
