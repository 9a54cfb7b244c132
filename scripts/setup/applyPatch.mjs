import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from './progress.mjs';

/**
 * Applies exact replacements to a text. Applying twice is the same as applying once.
 *
 * @param {string} source
 * @param {import('../patches/tfjsNode.mjs').SourcePatch} patch
 * @returns {string} the patched text
 * @throws {SetupError} when the text is neither the source that the patch was written for, nor already patched
 */
export function patchText(source, patch) {
  if (patch.edits.every((edit) => isApplied(source, edit))) return source;
  return patch.edits.reduce((text, edit) => {
    const occurrences = text.split(edit.find).length - 1;
    if (occurrences !== 1) {
      throw new SetupError(`${patch.file} is not the source our patch knows (${occurrences} matches of an edit, not 1); reinstall with npm ci.`);
    }
    return text.replace(edit.find, () => edit.replace);
  }, source);
}

function isApplied(source, edit) {
  return !source.includes(edit.find) && source.includes(edit.replace);
}

/**
 * Patches a file in place.
 *
 * @param {string} packageFolder
 * @param {import('../patches/tfjsNode.mjs').SourcePatch} patch
 */
export async function patchFile(packageFolder, patch) {
  const file = join(packageFolder, patch.file);
  const source = await readFile(file, 'utf8');
  const patched = patchText(source, patch);
  if (patched === source) return;
  await writeFile(`${file}.partial`, patched);
  await rename(`${file}.partial`, file);
}
