import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Where the built program lies; the layout that scripts/build.mjs makes. */
export interface ProgramPaths {
  readonly version: string;
  readonly computeScript: string;
  readonly rendererFolder: string;
}

/** `bundleFolder` is the folder of the running bundle: `dist/main` or `dist/electron`. */
export function locateProgram(bundleFolder: string): ProgramPaths {
  const root = resolve(bundleFolder, '..', '..');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  return {
    version,
    // In a package it lies beside the archive: a compute process looks for TensorFlow with ordinary file calls.
    computeScript: join(root.replace(/app\.asar$/, 'app.asar.unpacked'), 'dist', 'main', 'compute.cjs'),
    rendererFolder: join(root, 'dist', 'renderer'),
  };
}

/** Where recent projects and settings are kept; the same folder that Electron calls `userData`. */
export function defaultStateFolder(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (environment.MASKLOOP_STATE) return resolve(environment.MASKLOOP_STATE);
  if (platform === 'win32') return join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'maskloop');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'maskloop');
  return join(environment.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'maskloop');
}
