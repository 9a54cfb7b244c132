// `npm run dist`: packs the workstation for this system into dist/packages, as a folder, an archive and installers.
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { formatSizes, measureParts, overBudget } from './packaging/sizes.mjs';
import { stage } from './packaging/stage.mjs';
import { setup } from './setup.mjs';
import { findProgram, runCommand } from './setup/command.mjs';
import { readElectronState } from './setup/electron.mjs';
import { hashSources } from './setup/hashSources.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure, SetupError, step } from './setup/progress.mjs';

const PACKAGES_FOLDER = join(rootFolder, 'dist', 'packages');
const PACKED_FROM_FILE = join(PACKAGES_FOLDER, 'packed-from.txt');
const SOURCES = [
  'dist/electron',
  'dist/main',
  'dist/renderer',
  'electron-builder.yml',
  'package.json',
  'package-lock.json',
  'LICENSE',
  'scripts/packaging',
  'scripts/dist.mjs',
  'scripts/setup/pins.mjs',
];
/** What electron-builder makes of an unpacked package. A package holds native code, so each is built on its own system. */
const INSTALLERS = { linux: ['AppImage', 'deb'], win32: ['nsis'], darwin: ['dmg'] };
const INSTALLER_ENDINGS = { AppImage: '.AppImage', deb: '.deb', nsis: '.exe', dmg: '.dmg' };
const PLATFORM_FLAGS = { linux: '--linux', win32: '--win', darwin: '--mac' };
/** Where electron-builder fetches the tools of installers; it would try for 44 s a tool. */
const TOOLS_SITE = 'https://github.com';
const TOOLS_WITHIN_MS = 8000;
/** Fuses that Electron 22 does not have yet; electron-builder refuses to set what is not there. */
const FUSES_TEST_RUNTIME_LACKS = ['grantFileProtocolExtraPrivileges'];
const HELP = `npm run dist [-- OPTIONS]

Packs the workstation for this system into dist/packages: a folder, a tar.gz, and its installers (Linux: AppImage and
deb; Windows: nsis; macOS: dmg). An installer whose tools cannot be fetched is left out with a notice.

  --no-installers    only the folder and the tar.gz; at once done when nothing has changed
  --help             this text`;

/**
 * @param {{ withInstallers: boolean }} options
 * @returns {Promise<string[]>} paths of what is there: the folder, the archive, and the installers that were asked for
 */
async function dist({ withInstallers }) {
  await setup({ quiet: true });
  await build({ quiet: true });
  const electron = readElectronState();
  if (electron.isTestRuntime) {
    console.log(`NOTICE: Electron ${electron.version} is a test runtime: this package is for tests on this machine, never for users`);
  }
  const packedFrom = `${electron.version} ${await hashSources(rootFolder, SOURCES)}`;
  if (!(await isPackedFrom(packedFrom))) {
    await rm(PACKAGES_FOLDER, { recursive: true, force: true });
    await stage();
    await packFolder(electron);
    await packArchive(electron);
    await writeFile(PACKED_FROM_FILE, packedFrom);
  } else if (!withInstallers) console.log('dist: up to date');
  const folder = await unpackedFolder();
  checkSizes(folder);
  const installers = withInstallers ? await packInstallers(folder, electron) : [];
  return [folder, await archiveFile(electron), ...installers];
}

async function isPackedFrom(sources) {
  return existsSync(PACKED_FROM_FILE) && (await readFile(PACKED_FROM_FILE, 'utf8')) === sources;
}

async function packFolder(electron) {
  await step('dist: folder', () => runBuilder(['--dir'], electron));
  // It stands in for Electron's own default program while we develop.
  await rm(join(await unpackedFolder(), 'resources', 'default_app.asar'), { force: true });
}

/** electron-builder's name for it differs from system to system. */
async function unpackedFolder() {
  const name = (await readdir(PACKAGES_FOLDER)).find((entry) => entry.endsWith('unpacked') || entry.startsWith('mac'));
  if (name === undefined) throw new SetupError('electron-builder made no folder.');
  return join(PACKAGES_FOLDER, name);
}

function checkSizes(folder) {
  const sizes = measureParts(folder);
  console.log(`dist: size of ${folder}\n${formatSizes(sizes)}`);
  const excess = overBudget(sizes);
  if (excess.length > 0) throw new SetupError(`The package is not as it should be: ${excess.join('; ')} (limits: scripts/packaging/sizes.mjs).`);
}

async function archiveFile({ isTestRuntime }) {
  const { version } = JSON.parse(await readFile(join(rootFolder, 'package.json'), 'utf8'));
  return join(PACKAGES_FOLDER, `Maskloop-${version}-${process.platform}-${process.arch}${isTestRuntime ? '-test-runtime' : ''}.tar.gz`);
}

/** With this system's tar, which every system of ours has; electron-builder would fetch a packer for it. */
async function packArchive(electron) {
  const archive = await archiveFile(electron);
  const folder = await unpackedFolder();
  const named = archive.slice(0, -'.tar.gz'.length);
  await step('dist: tar.gz', async () => {
    await rename(folder, named);
    try {
      const args = ['-C', PACKAGES_FOLDER, '--use-compress-program', 'gzip -1', '-cf', archive, named.slice(PACKAGES_FOLDER.length + 1)];
      await runCommand(findProgram('tar') ?? 'tar', args, { failure: 'The archive was not written.' });
    } finally {
      await rename(named, folder);
    }
  });
}

async function packInstallers(folder, electron) {
  const targets = INSTALLERS[process.platform] ?? [];
  if (!(await canFetchTools())) {
    console.log(`NOTICE: left out: ${targets.join(', ')}. Their tools come from ${TOOLS_SITE}, which does not answer here.`);
    return [];
  }
  const made = [];
  for (const target of targets) {
    try {
      await step(`dist: ${target}`, () => runBuilder([target, '--prepackaged', folder], electron));
      const files = (await readdir(PACKAGES_FOLDER)).filter((name) => name.endsWith(INSTALLER_ENDINGS[target]));
      made.push(...files.map((name) => join(PACKAGES_FOLDER, name)));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      console.log(`NOTICE: left out: ${target}. ${error.message}`);
    }
  }
  return made;
}

async function canFetchTools() {
  try {
    return (await fetch(TOOLS_SITE, { method: 'HEAD', signal: AbortSignal.timeout(TOOLS_WITHIN_MS) })).ok;
  } catch {
    return false; // no network, a proxy that refuses, silence: all the same here
  }
}

async function runBuilder(args, electron) {
  const builder = join(rootFolder, 'node_modules', 'electron-builder', 'cli.js');
  const settings = ['--config', await builderConfig(electron), `-c.electronDist=${electron.distFolder}`, `-c.electronVersion=${electron.version}`];
  const command = [builder, PLATFORM_FLAGS[process.platform], ...args, '--publish', 'never', ...settings];
  await runCommand(process.execPath, command, { cwd: rootFolder, failure: 'electron-builder failed:' });
}

/** @returns {Promise<string>} path of electron-builder's settings, without what this Electron cannot do */
async function builderConfig({ isTestRuntime }) {
  const config = join(rootFolder, 'electron-builder.yml');
  if (!isTestRuntime) return config;
  const lines = (await readFile(config, 'utf8')).split('\n');
  const reduced = join(rootFolder, 'dist', 'stage', 'electron-builder.yml');
  await writeFile(reduced, lines.filter((line) => !FUSES_TEST_RUNTIME_LACKS.some((fuse) => line.includes(`${fuse}:`))).join('\n'));
  return reduced;
}

async function runFromCommandLine() {
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({ options: { 'no-installers': flag, help: flag } });
  if (values.help) return console.log(HELP);
  const made = await dist({ withInstallers: !values['no-installers'] });
  console.log(`dist: made\n${made.map((path) => `  ${path}`).join('\n')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runFromCommandLine().catch(reportFailure);
