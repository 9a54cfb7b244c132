import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, runCommand, tryCommand } from './command.mjs';
import { cacheFolder } from './paths.mjs';
import { SetupError, step } from './progress.mjs';
import { acceptFile, sha256OfFile } from './verifiedFile.mjs';

const DOWNLOAD_FOLDER = join(cacheFolder, 'downloads');

/**
 * Fetches one wheel with pip into the cache, verified by pip and by us. A wheel left by an interrupted setup is used again.
 *
 * @param {{ requirement: string, sha256: string, platformTags: string[], megabytes?: number }} wheel
 * @returns {Promise<string>} path of the wheel; `removeDownload` takes it away once it is unpacked
 */
export async function pipDownload(wheel) {
  const file = join(DOWNLOAD_FOLDER, `${wheel.sha256}.whl`);
  if (existsSync(file) && (await sha256OfFile(file)) === wheel.sha256) return file;
  const temporary = join(DOWNLOAD_FOLDER, `${wheel.sha256}.partial`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const size = wheel.megabytes === undefined ? '' : ` (${wheel.megabytes} MB)`;
  await step(`download ${wheel.requirement}${size}`, () => runPip(wheel, temporary));
  const [name] = (await readdir(temporary)).filter((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new SetupError(`pip fetched no wheel for ${wheel.requirement}.`);
  await acceptFile(join(temporary, name), file, wheel.sha256);
  await rm(temporary, { recursive: true, force: true });
  return file;
}

/** @param {string} file what pipDownload returned */
export async function removeDownload(file) {
  await rm(file, { force: true });
}

/**
 * @returns {Promise<string>} the python3 that has pip; rejects with SetupError and the apt command when there is none
 */
export async function findPython() {
  const python = findProgram('python3');
  const hasPip = python !== null && (await tryCommand(python, ['-m', 'pip', '--version'])).exitCode === 0;
  if (hasPip) return python;
  throw new SetupError('Python 3 with pip is needed to fetch wheels (nothing of Python runs in the product): sudo apt-get install -y python3-pip');
}

async function runPip(wheel, folder) {
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const target = ['--python-version', '311', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'abi3', '--abi', 'none'];
  const platforms = wheel.platformTags.flatMap((tag) => ['--platform', tag]);
  const args = ['-m', 'pip', 'download', '--quiet', '--no-input', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  // pip's own HTTP cache would keep a second copy of every wheel.
  args.push('--no-cache-dir', ...target, ...platforms, '--dest', folder, '--requirement', requirements);
  await runCommand(await findPython(), args, { failure: `pip could not fetch ${wheel.requirement}; check the network and run this again.` });
}
