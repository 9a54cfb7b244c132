import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of this checkout. */
export const rootFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Downloads and built libraries, shared by every checkout of one user. */
export const cacheFolder = process.env.MASKLOOP_CACHE || join(homedir(), '.cache', 'maskloop');

/** What setup found out about this checkout; goes away with node_modules, as it must. */
export const stateFolder = join(rootFolder, 'node_modules', '.cache', 'maskloop');
