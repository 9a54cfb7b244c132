import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from './paths.mjs';

/** Development dependencies whose code ends up in the bundles, or that are the program's frame. */
const BUNDLED = ['svelte', 'electron'];

/**
 * What of the lockfile a user of the product runs.
 *
 * @returns {[path: string, entry: { version: string, integrity: string, license?: string, optional?: boolean }][]} path: from the root of the checkout
 */
export function shippedPackages() {
  const { packages } = JSON.parse(readFileSync(join(rootFolder, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).filter(([path, { dev }]) => path !== '' && (!dev || BUNDLED.includes(path.slice('node_modules/'.length))));
}
