import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { cacheFolder } from './paths.mjs';
import { findPython } from './pipDownload.mjs';
import { step } from './progress.mjs';
import { makeFolderAtomically } from './verifiedFile.mjs';

/** Reads what we exported with somebody else's code. */
export const TEST_PACKAGES = ['nibabel==5.4.2', 'numpy'];
/** Read our DICOM, NRRD and MetaImage files, and decode what we decode. pylibjpeg's plug-ins are for pydicom. */
export const DICOM_PACKAGES = [
  'pydicom==3.0.2',
  'highdicom==0.28.2',
  'SimpleITK==2.5.7',
  'nibabel==5.4.2',
  'pylibjpeg==2.1.0',
  'pylibjpeg-openjpeg==2.6.0',
  'pylibjpeg-libjpeg==2.5.0',
  'pylibjpeg-rle==2.2.0',
  'numpy<2.5',
];
/** A cluster to send trainings to; 360 MB unpacked and minutes to install, so only where it is asked for (`MASKLOOP_TEST_RAY=1`). */
export const RAY_PACKAGES = ['ray[default]==2.60.0'];
/** Serves a model we exported; 1.3 GB unpacked. */
export const SERVING_PACKAGES = ['tensorflow-cpu==2.21.0'];

/**
 * Reference programs for tests and benchmarks, in a folder of the cache; nothing of them runs in the product. Fetched on
 * first use.
 *
 * @param {string} name of the folder, for people
 * @param {string[]} requirements as pip reads them
 * @returns {Promise<{ python: string, env: { PYTHONPATH: string } }>} how to start a Python that sees them
 */
export async function pythonWith(name, requirements) {
  const python = await findPython();
  const key = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 8);
  const folder = join(cacheFolder, 'python', `${name}-${key}`);
  if (!existsSync(folder)) {
    await step(`install for tests and benchmarks: ${requirements.join(' ')}`, () =>
      makeFolderAtomically(folder, async (target) => {
        await mkdir(target, { recursive: true });
        const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-cache-dir', '--target', target];
        await runCommand(python, [...args, ...requirements], { failure: `pip could not install ${requirements.join(' ')}.` });
      }),
    );
  }
  return { python, env: { PYTHONPATH: folder } };
}
