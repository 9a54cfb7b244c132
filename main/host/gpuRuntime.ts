/**
 * The runtime for graphics cards as an add-on: 2.5 GB that most people do not need. It lies in the state folder, whole or not
 * at all; a compute process finds it before the one that came with the program, by its library path. What was installed
 * and does not run on this computer is kept and passed over, with the reason beside it.
 */
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { AppException } from '../contract/errors.ts';
import { GPU_RUNTIME, type RuntimeManifest, type RuntimePart } from './gpuManifest.ts';
import { downloadWheels, hashOf, type WheelDownload } from './wheelDownload.ts';

/** What NVIDIA's driver leaves where it is loaded; the last one in the Linux of Windows. */
const DRIVER_TRACES = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'];
const UNUSABLE_FILE = 'does-not-run-here.txt';
/** In TensorFlow's wheel; they go to `lib`. NVIDIA's are found by them in `../nvidia`. */
const LIBRARIES = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];

export type RuntimeState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ready' }
  /** Passed over. */
  | { readonly kind: 'unusable'; readonly reason: string };

export const hasCudaGpu = (): boolean => DRIVER_TRACES.some((path) => existsSync(path));

export const gpuRuntimeFolder = (stateFolder: string, manifest: RuntimeManifest = GPU_RUNTIME): string => join(stateFolder, 'runtimes', manifest.id);

export function gpuRuntimeState(stateFolder: string, manifest: RuntimeManifest = GPU_RUNTIME): RuntimeState {
  const folder = gpuRuntimeFolder(stateFolder, manifest);
  if (!existsSync(join(folder, 'lib'))) return { kind: 'absent' };
  const file = join(folder, UNUSABLE_FILE);
  return existsSync(file) ? { kind: 'unusable', reason: readFileSync(file, 'utf8').trim() } : { kind: 'ready' };
}

/** Of a compute process that shall use the runtime: its folder goes before what else the linker looks through. */
export function gpuRuntimeVariables(stateFolder: string, environment: NodeJS.ProcessEnv, manifest: RuntimeManifest = GPU_RUNTIME): Record<string, string> {
  const others = environment.LD_LIBRARY_PATH ? [environment.LD_LIBRARY_PATH] : [];
  return { LD_LIBRARY_PATH: [join(gpuRuntimeFolder(stateFolder, manifest), 'lib'), ...others].join(':') };
}

/** `null`: it runs here. */
export async function rememberWhetherItRuns(stateFolder: string, problem: string | null, manifest: RuntimeManifest = GPU_RUNTIME): Promise<void> {
  const file = join(gpuRuntimeFolder(stateFolder, manifest), UNUSABLE_FILE);
  if (problem === null) await rm(file, { force: true });
  else await writeFile(file, `${problem}\n`);
}

/**
 * From a folder of wheels that somebody downloaded elsewhere. Throws AppException contract/bad-input before anything is
 * written: another platform, wheels that are missing, or whose hash is not that of the manifest.
 */
export async function installGpuRuntime(stateFolder: string, from: string, manifest: RuntimeManifest = GPU_RUNTIME): Promise<string> {
  refuseOtherPlatforms(manifest);
  const wheels = await verifiedWheels(from, manifest);
  const folder = gpuRuntimeFolder(stateFolder, manifest);
  const temporary = `${folder}.unfinished-${process.pid}`;
  try {
    for (const wheel of wheels) await unpackWheel(wheel, temporary);
    const missing = LIBRARIES.filter((name) => !existsSync(join(temporary, 'lib', basename(name))));
    if (missing.length > 0) throw refused(missing.map((name) => `no wheel holds ${name}`));
    // the program is linked to this name in some builds
    await symlink('libtensorflow_cc.so.2', join(temporary, 'lib', 'libtensorflow.so.2'));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return folder;
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    throw thrown;
  }
}

/** Fetches its wheels from a package index and installs them; they go when that has worked. What an interrupted download left is used by the next one. */
export async function downloadGpuRuntime(
  stateFolder: string,
  download: Pick<WheelDownload, 'index' | 'onProgress' | 'stop'>,
  manifest: RuntimeManifest = GPU_RUNTIME,
): Promise<string> {
  refuseOtherPlatforms(manifest);
  const wheels = `${gpuRuntimeFolder(stateFolder, manifest)}.wheels`;
  await downloadWheels({ ...download, parts: manifest.parts, folder: wheels });
  const folder = await installGpuRuntime(stateFolder, wheels, manifest);
  await rm(wheels, { recursive: true, force: true });
  return folder;
}

export const removeGpuRuntime = (stateFolder: string, manifest: RuntimeManifest = GPU_RUNTIME): Promise<void> =>
  rm(gpuRuntimeFolder(stateFolder, manifest), { recursive: true, force: true });

/** How the wheels are fetched on a computer with a network. */
export const downloadCommand = ({ parts }: RuntimeManifest, folder: string): string =>
  `pip download --no-deps --only-binary :all: --python-version 3.11 --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 --dest ${folder} ${parts.map(({ requirement }) => requirement).join(' ')}`;

const refused = (issues: readonly string[]): AppException => new AppException({ code: 'contract/bad-input', issues: [...issues] });

function refuseOtherPlatforms({ platform }: RuntimeManifest): void {
  const here = `${process.platform}-${process.arch}`;
  if (platform !== here) throw refused([`the runtime is for ${platform}, this computer is ${here}`]);
}

async function verifiedWheels(from: string, { parts }: RuntimeManifest): Promise<string[]> {
  const names = await readdir(from).catch((thrown: unknown) => {
    throw refused([`--from: ${from} cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  });
  const found = parts.map((part) => ({ part, name: names.find((name) => isWheelOf(part, name)) }));
  const missing = found.flatMap(({ part, name }) => (name === undefined ? [`--from: ${from} has no wheel of ${part.requirement}`] : []));
  if (missing.length > 0) throw refused(missing);
  const wheels: string[] = [];
  const wrong: string[] = [];
  for (const { part, name } of found) {
    const path = join(from, name!);
    const sha256 = await hashOf(path);
    if (sha256 !== part.sha256)
      wrong.push(`${path} is not the file that was published: its SHA-256 is ${sha256}, ${part.sha256} is expected. Download it again`);
    wheels.push(path);
  }
  if (wrong.length > 0) throw refused(wrong);
  return wheels;
}

/** `nvidia-cublas-cu12==12.9.3.13` is in `nvidia_cublas_cu12-12.9.3.13-py3-none-….whl`. */
function isWheelOf({ requirement }: RuntimePart, name: string): boolean {
  const [project = '', version = ''] = requirement.split('==');
  return name.endsWith('.whl') && name.toLowerCase().startsWith(`${project.replaceAll('-', '_')}-${version}-`);
}

/** The libraries of TensorFlow, and everything of NVIDIA's. yauzl refuses absolute names and `..`, and checks sizes. */
async function unpackWheel(wheel: string, folder: string): Promise<void> {
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const target = LIBRARIES.includes(name)
        ? join(folder, 'lib', basename(name))
        : name.startsWith('nvidia/') && !name.endsWith('/')
          ? join(folder, name)
          : null;
      if (target === null) continue;
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}
