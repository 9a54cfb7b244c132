import { existsSync, readFileSync } from 'node:fs';
import { chmod, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { rootFolder } from './paths.mjs';
import { step } from './progress.mjs';

const BIN_LINK = join(rootFolder, 'node_modules', '.bin', 'maskloop');

/**
 * Compares package-lock.json with the list that npm leaves behind once an installation is complete.
 *
 * @returns {boolean} every package that the lockfile demands on this machine is installed, in that version
 */
export function areNodeModulesCurrent() {
  const hiddenLockfile = join(rootFolder, 'node_modules', '.package-lock.json');
  if (!existsSync(hiddenLockfile)) return false;
  return matchesLockfile(readPackages(join(rootFolder, 'package-lock.json')), readPackages(hiddenLockfile));
}

/**
 * @param {Record<string, { version?: string, integrity?: string, optional?: boolean, peer?: boolean, devOptional?: boolean }>} wanted
 *   `packages` of package-lock.json
 * @param {Record<string, { version?: string, integrity?: string }>} installed `packages` of node_modules/.package-lock.json
 * @returns {boolean} false when a package is missing, of another version, or no longer wanted
 */
export function matchesLockfile(wanted, installed) {
  const isRoot = (path) => path === '';
  const isSame = (path) => installed[path]?.version === wanted[path].version && installed[path]?.integrity === wanted[path].integrity;
  const mayBeAbsent = (path) => installed[path] === undefined && (wanted[path].optional || wanted[path].devOptional);
  const allThere = Object.keys(wanted).every((path) => isRoot(path) || isSame(path) || mayBeAbsent(path));
  return allThere && Object.keys(installed).every((path) => wanted[path] !== undefined);
}

/** Installs exactly what package-lock.json says. Install scripts stay off (.npmrc): nothing fetched runs on its own. */
export async function installNodeModules() {
  await step('install npm packages (npm ci)', () =>
    runCommand('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: rootFolder,
      failure: 'npm ci failed; check the network and run this again.',
    }),
  );
}

/** Makes `npx maskloop` work from the root of the checkout. @returns {boolean} */
export function isCommandLinked() {
  return existsSync(BIN_LINK);
}

/** Puts `maskloop` beside the other commands of node_modules. */
export async function linkCommand() {
  const script = join(rootFolder, 'scripts', 'maskloop.mjs');
  await chmod(script, 0o755);
  await rm(BIN_LINK, { force: true });
  await symlink('../maskloop.mjs', BIN_LINK);
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
