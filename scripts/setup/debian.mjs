import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram, runCommand, tryCommand } from './command.mjs';
import { SetupError, step } from './progress.mjs';

/** Shared libraries of Electron → the packages that bring them, newest release's name first (64-bit time_t renamed some). */
const ELECTRON_LIBRARIES = [
  ['libgtk-3.so.0', ['libgtk-3-0t64', 'libgtk-3-0']],
  ['libnss3.so', ['libnss3']],
  ['libasound.so.2', ['libasound2t64', 'libasound2']],
  ['libgbm.so.1', ['libgbm1']],
  ['libXss.so.1', ['libxss1']],
  ['libXtst.so.6', ['libxtst6']],
  ['libatk-bridge-2.0.so.0', ['libatk-bridge2.0-0t64', 'libatk-bridge2.0-0']],
  ['libdrm.so.2', ['libdrm2']],
  ['libxkbcommon.so.0', ['libxkbcommon0']],
  ['libnotify.so.4', ['libnotify4']],
  ['libsecret-1.so.0', ['libsecret-1-0']],
].map(([library, packages]) => ({ library, packages }));

/** Programs, and files at fixed places, that only tests need → packages. */
const TEST_PROGRAMS = [
  { programs: ['Xvfb'], packages: ['xvfb'] },
  { programs: ['xauth'], packages: ['xauth'] },
  // other people's DICOM: an IOD checker, tools, a server
  { programs: ['dciodvfy'], packages: ['dicom3tools'] },
  { programs: ['dcmdump'], packages: ['dcmtk'] },
  { programs: ['Orthanc'], packages: ['orthanc'] },
  { files: ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so'], packages: ['orthanc-dicomweb'] },
  // a cluster of one node
  { programs: ['slurmctld'], packages: ['slurm-wlm'] },
  { programs: ['munged'], packages: ['munge'] },
  { programs: ['chromium', 'chromium-browser', 'google-chrome'], packages: ['chromium'] },
];
const TEXT_FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';

/**
 * @returns {string[][]} for each library of Electron that this Linux lacks: alternative package names. Empty elsewhere.
 */
export function missingForElectron() {
  if (process.platform !== 'linux') return [];
  const known = librariesKnownToLinker();
  if (known === null) return []; // not a glibc system: nothing we could name
  return ELECTRON_LIBRARIES.filter(({ library }) => !known.has(library)).map(({ packages }) => packages);
}

/** @returns {string[][]} the same for what the tests need besides */
export function missingForTests() {
  if (process.platform !== 'linux') return [];
  const missing = TEST_PROGRAMS.filter(
    ({ programs = [], files = [] }) => programs.every((program) => findProgram(program) === null) && !files.some((file) => existsSync(file)),
  );
  const fonts = existsSync(TEXT_FONT) || existsSync('/usr/share/fonts/opentype') ? [] : [['fonts-dejavu-core']];
  return [...missing.map(({ packages }) => packages), ...fonts];
}

/**
 * Installs packages as root; otherwise says the command.
 *
 * @param {string[]} packages
 * @param {string} purpose completes "… is needed for"
 * @returns {Promise<void>} rejects with SetupError when it may not or cannot
 */
export async function installDebianPackages(packages, purpose) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (findProgram('apt-get') === null) throw new SetupError(`Missing for ${purpose}: ${packages.join(' ')} (Debian's names).`);
  if (process.getuid?.() !== 0) throw new SetupError(`Missing for ${purpose}. Please run: sudo ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`install for ${purpose}: ${packages.join(' ')}`, async () => {
    await tryCommand('apt-get', ['update', '-qq'], { env }); // stale lists may still do; the installation tells
    const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
    await runCommand('apt-get', args, { env, failure: `This failed: sudo ${command}` });
  });
}

/**
 * @param {string[][]} alternatives per need, package names in order of preference
 * @returns {Promise<string[]>} the first name of each that this release has, else the last
 */
export async function resolvePackages(alternatives) {
  return Promise.all(alternatives.map(async (names) => (await firstKnown(names)) ?? names.at(-1)));
}

async function firstKnown(names) {
  for (const name of names) {
    const isOnly = names.length === 1;
    if (isOnly || (await tryCommand('apt-cache', ['show', name])).exitCode === 0) return name;
  }
  return null;
}

function librariesKnownToLinker() {
  const ldconfig = findProgram('ldconfig');
  if (ldconfig === null) return null;
  const output = execFileSync(ldconfig, ['-p'], { encoding: 'utf8' });
  return new Set(output.split('\n').map((line) => line.trim().split(' ')[0]));
}
