import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { SetupError } from './progress.mjs';

/**
 * @param {string} file
 * @returns {Promise<string>} sha256 of its bytes, hexadecimal
 */
export async function sha256OfFile(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Moves a freshly made file to its final name if it has the expected hash; removes it otherwise.
 *
 * @param {string} temporaryFile in the same file system as the target
 * @param {string} file final name
 * @param {string} sha256 expected, hexadecimal
 * @returns {Promise<void>} rejects with SetupError on a wrong hash; then neither file exists
 */
export async function acceptFile(temporaryFile, file, sha256) {
  const found = await sha256OfFile(temporaryFile);
  if (found !== sha256) {
    await rm(temporaryFile, { force: true });
    throw new SetupError(`The hash of ${file} is wrong, so it was thrown away.\n    expected ${sha256}\n    found    ${found}`);
  }
  await rename(temporaryFile, file);
}

/**
 * Builds a folder under a temporary name beside its final one, then renames it: a half-written folder is never seen.
 *
 * @param {string} folder final path; replaced if it exists
 * @param {(temporaryFolder: string) => Promise<void>} fill
 * @returns {Promise<void>}
 */
export async function makeFolderAtomically(folder, fill) {
  const temporary = `${folder}.partial`;
  await rm(temporary, { recursive: true, force: true });
  await fill(temporary);
  if (existsSync(folder)) await rm(folder, { recursive: true });
  await rename(temporary, folder);
}
