import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './paths.mjs';
import { NVIDIA_PLATFORM_TAGS, NVIDIA_WHEELS, TENSORFLOW_HEADERS, TENSORFLOW_LIBRARIES, TENSORFLOW_VERSION, TENSORFLOW_WHEELS } from './pins.mjs';
import { pipDownload, removeDownload } from './pipDownload.mjs';
import { SetupError, step } from './progress.mjs';
import { listWheel, unpackWheel } from './unpackWheel.mjs';
import { makeFolderAtomically } from './verifiedFile.mjs';

/** Remembers `--gpu` for later runs, on this machine. */
const VARIANT_FILE = join(cacheFolder, 'tensorflow-variant');

/**
 * @param {'cpu' | 'gpu' | null} asked what the command line says, null when it says nothing
 * @returns {Promise<'cpu' | 'gpu'>} asked, or what was asked last on this machine, or cpu
 */
export async function chooseVariant(asked) {
  const remembered = existsSync(VARIANT_FILE) ? await readFile(VARIANT_FILE, 'utf8') : 'cpu';
  if (asked === null || asked === remembered) return remembered === 'gpu' ? 'gpu' : 'cpu';
  await mkdir(cacheFolder, { recursive: true });
  await writeFile(VARIANT_FILE, asked);
  return asked;
}

/**
 * @param {'cpu' | 'gpu'} variant
 * @returns {string} folder with lib/ and include/ as the binding's build expects them; may not exist yet
 */
export function tensorflowFolder(variant) {
  return join(cacheFolder, `tensorflow-${TENSORFLOW_VERSION}-${variant}`);
}

/**
 * @param {'cpu' | 'gpu'} variant
 * @returns {boolean} the folder is written whole or not at all, so its presence is enough
 */
export function isTensorflowPresent(variant) {
  return existsSync(join(tensorflowFolder(variant), 'lib', TENSORFLOW_LIBRARIES[0]));
}

/**
 * Fetches libtensorflow and its C headers into the cache.
 *
 * @param {'cpu' | 'gpu'} variant
 */
export async function installTensorflow(variant) {
  const platform = `${variant}-${process.platform}-${process.arch}`;
  const wheel = TENSORFLOW_WHEELS[platform];
  if (wheel === undefined) {
    throw new SetupError(`There is no TensorFlow runtime for ${platform} yet; supported: ${Object.keys(TENSORFLOW_WHEELS).join(', ')}.`);
  }
  await makeFolderAtomically(tensorflowFolder(variant), async (folder) => {
    const file = await pipDownload({ ...wheel, platformTags: [wheel.platformTag] });
    await step(`unpack libtensorflow ${TENSORFLOW_VERSION}`, () => unpackTensorflow(file, folder));
    if (variant === 'gpu') await installNvidia(folder);
    await removeDownload(file);
  });
}

/** Lays the wheel out as `lib/` and `include/`, with the names that the binding links against. */
async function unpackTensorflow(wheel, folder) {
  await mkdir(join(folder, 'lib'), { recursive: true });
  const libraries = TENSORFLOW_LIBRARIES.map((name) => ({ from: `tensorflow/${name}`, to: join(folder, 'lib', name) }));
  const headers = TENSORFLOW_HEADERS.map((name) => ({ from: `tensorflow/include/${name}`, to: join(folder, 'include', name) }));
  await unpackWheel(wheel, [...libraries, ...headers], join(folder, 'entries.json'));
  // The C API lives in libtensorflow_cc; the binding asks for libtensorflow.
  await symlink('libtensorflow_cc.so.2', join(folder, 'lib', 'libtensorflow.so.2'));
  await symlink('libtensorflow.so.2', join(folder, 'lib', 'libtensorflow.so'));
  await symlink('libtensorflow_framework.so.2', join(folder, 'lib', 'libtensorflow_framework.so'));
  // ctstring.h still includes its internal header by the old path.
  await writeFile(join(folder, 'include/tensorflow/core/platform/ctstring_internal.h'), '#include "tsl/platform/ctstring_internal.h"\n');
}

/** libtensorflow_cc looks for `../nvidia/<library>/lib` beside its own folder, which is how these wheels are laid out. */
async function installNvidia(folder) {
  for (const wheel of NVIDIA_WHEELS) {
    const file = await pipDownload({ ...wheel, platformTags: NVIDIA_PLATFORM_TAGS });
    const names = (await listWheel(file)).filter((name) => name.startsWith('nvidia/') && !name.endsWith('/'));
    await unpackWheel(
      file,
      names.map((name) => ({ from: name, to: join(folder, name) })),
      join(folder, 'entries.json'),
    );
    await removeDownload(file);
  }
}
