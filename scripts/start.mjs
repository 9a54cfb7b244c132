// `npm start`: sets up what is missing, builds what changed, and opens the workstation (in a browser without a display).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { readElectronState } from './setup/electron.mjs';
import { electronSwitches, hasDisplay } from './setup/environment.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure } from './setup/progress.mjs';

const passedOn = process.argv.slice(2);

async function start() {
  const { hasWindowSystem } = await setup({ quiet: true });
  await build({ quiet: true });
  const reason = whyNoWindow(hasWindowSystem);
  if (reason === null) return openWindow();
  console.log(`maskloop: ${reason}, so the workstation is served to a browser instead`);
  return run(process.execPath, [join(rootFolder, 'dist/main/maskloop.cjs'), 'serve', ...passedOn]);
}

function whyNoWindow(hasWindowSystem) {
  if (!hasDisplay()) return 'there is no display';
  if (!hasWindowSystem) return "Electron's libraries are missing (see above)";
  return existsSync(join(rootFolder, 'dist/electron/app.cjs')) ? null : 'the window application is not built';
}

function openWindow() {
  const { executable, version, isTestRuntime } = readElectronState();
  const { switches, notices } = electronSwitches();
  if (isTestRuntime) notices.unshift(`Electron ${version} is a test runtime; see npm run setup -- --help`);
  for (const notice of notices) console.log(`maskloop: ${notice}`);
  return run(executable, [rootFolder, ...switches, ...passedOn]);
}

/** Runs to the end with this terminal; its exit code becomes ours. */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('close', (exitCode) => {
      process.exitCode = exitCode ?? 128;
      resolve();
    });
  });
}

await start().catch(reportFailure);
