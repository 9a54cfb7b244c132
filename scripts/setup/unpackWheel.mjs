import { writeFile } from 'node:fs/promises';
import { runCommand } from './command.mjs';
import { findPython } from './pipDownload.mjs';

/** Node has no zip reader and pip already requires Python, so its standard library unpacks. argv: archive, list file. */
const EXTRACT = `
import json, os, shutil, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
for entry in json.load(open(sys.argv[2])):
    os.makedirs(os.path.dirname(entry['to']), exist_ok=True)
    with archive.open(entry['from']) as source, open(entry['to'], 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 22)
`;
const LIST = `
import json, sys, zipfile
print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))
`;

/**
 * @param {string} wheel path
 * @returns {Promise<string[]>} names of its entries
 */
export async function listWheel(wheel) {
  const output = await runCommand(await findPython(), ['-c', LIST, wheel], { failure: `${wheel} is not a readable wheel.` });
  return JSON.parse(output);
}

/**
 * Copies entries out of a wheel; the zip's own checksums are verified on the way.
 *
 * @param {string} wheel path
 * @param {{ from: string, to: string }[]} entries from: name inside; to: absolute target file
 * @param {string} listFile where to put the list for the reader, removed with its folder by the caller
 */
export async function unpackWheel(wheel, entries, listFile) {
  await writeFile(listFile, JSON.stringify(entries));
  await runCommand(await findPython(), ['-c', EXTRACT, wheel, listFile], { failure: `Unpacking ${wheel} failed.` });
}
