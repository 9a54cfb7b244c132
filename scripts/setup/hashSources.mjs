import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * One hash over the names and contents of files and folders, for "has anything changed since the last build".
 *
 * @param {string} root absolute path
 * @param {string[]} paths files and folders below root; missing ones count as empty
 * @returns {Promise<string>} sha256, hexadecimal
 */
export async function hashSources(root, paths) {
  const files = (await Promise.all(paths.map((path) => filesOf(root, path)))).flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  const hash = createHash('sha256');
  files.forEach((file, index) => hash.update(`${file}\0${contents[index].length}\0`).update(contents[index]));
  return hash.digest('hex');
}

async function filesOf(root, path) {
  const found = await stat(join(root, path)).catch((error) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return [];
  if (found.isFile()) return [path];
  const entries = await readdir(join(root, path), { withFileTypes: true });
  const nested = await Promise.all(entries.map((entry) => filesOf(root, `${path}/${entry.name}`)));
  return nested.flat();
}
