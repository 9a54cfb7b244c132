/** The desktop program under Playwright: from this checkout, or packaged. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';

const root = resolve(import.meta.dirname, '../..');
const found = join(root, 'node_modules/.cache/maskloop/electron.json');
const executable = existsSync(found) ? (JSON.parse(readFileSync(found, 'utf8')) as { executable: string }).executable : null;
const SOFTWARE_GL = ['--use-gl=angle', '--use-angle=swiftshader', '--ignore-gpu-blocklist'];
/** Holds the program back until Playwright listens; else a window that loads at once is missed on a busy machine. Playwright leaves it out where a program is named. */
const LOADER = join(root, 'node_modules/playwright-core/lib/server/electron/loader.js');

/** Titles of tests that need it say: needs npm run setup -- --test and a display. */
export const hasElectron = executable !== null && (process.env.DISPLAY !== undefined || process.platform !== 'linux');

/** Program and arguments as a shell would give them. */
export const electronCommand = (args: readonly string[] = []): [string, string[]] => [executable!, ['--no-sandbox', root, ...SOFTWARE_GL, ...args]];

export function launchElectron(stateFolder: string, args: readonly string[] = []): Promise<ElectronApplication> {
  return _electron.launch({
    executablePath: executable!,
    args: ['-r', LOADER, root, ...SOFTWARE_GL, ...args],
    env: { ...process.env, MASKLOOP_STATE: stateFolder },
  });
}

const ATTEMPTS = 3;

/** A packaged program takes no loader, so a window that was missed is asked for again. */
export async function launchPackaged(program: string, stateFolder: string): Promise<ElectronApplication> {
  for (let attempt = 1; ; attempt++) {
    const app = await _electron.launch({ executablePath: program, args: SOFTWARE_GL, env: { ...process.env, MASKLOOP_STATE: stateFolder } });
    try {
      await app.firstWindow({ timeout: 20_000 });
      return app;
    } catch (thrown) {
      app.process().kill('SIGKILL');
      if (attempt === ATTEMPTS) throw thrown;
    }
  }
}
