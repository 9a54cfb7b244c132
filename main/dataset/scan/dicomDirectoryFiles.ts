/** What a DICOMDIR names, compared with what is there. The files themselves are trusted, the table of contents is not. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toAppError, type AppError } from '../../contract/errors.ts';
import { contentBytes, readFile } from '../../vault/readSealed.ts';
import { readDicomDirectory } from '../../formats/dicom/dicomDirectory.ts';
import { inflateDicom } from './dicomSources.ts';
import type { WalkedFile } from './sourceWalk.ts';

export interface DirectoryFiles {
  readonly present: readonly { readonly folder: string; readonly file: WalkedFile }[];
  /** One for all files that are missing, or for a DICOMDIR that cannot be read. */
  readonly problems: readonly AppError[];
}

/** Never throws for what is wrong with the DICOMDIR at `path`. Names are found in any case, and with the `;1` of old discs. */
export async function dicomDirectoryFiles(path: string): Promise<DirectoryFiles> {
  let named: string[][];
  try {
    named = readDicomDirectory(await readFile(path), path, inflateDicom);
  } catch (thrown) {
    return { present: [], problems: [toAppError(thrown, path)] };
  }
  const listings = new Map<string, Promise<readonly string[]>>();
  const listed = (folder: string): Promise<readonly string[]> => {
    const known = listings.get(folder) ?? readdir(folder).catch(() => []);
    listings.set(folder, known);
    return known;
  };
  const present = new Map<string, { folder: string; file: WalkedFile }>();
  const missing: string[] = [];
  for (const parts of named) {
    const found = await findBelow(dirname(path), parts, listed);
    const facts = found === null ? null : await stat(found).catch(() => null);
    if (found === null || !facts?.isFile()) missing.push(join(dirname(path), ...parts));
    else
      present.set(found, { folder: dirname(found), file: { name: basename(found), bytes: await contentBytes(found, facts.size), modifiedMs: facts.mtimeMs } });
  }
  const [first] = missing;
  return { present: [...present.values()], problems: first === undefined ? [] : [{ code: 'import/files-missing', path, count: missing.length, first }] };
}

async function findBelow(root: string, parts: readonly string[], listed: (folder: string) => Promise<readonly string[]>): Promise<string | null> {
  let folder = root;
  for (const part of parts) {
    const plain = (name: string) => name.replace(/;\d+$/, '').replace(/\.$/, '').toLowerCase();
    const names = await listed(folder);
    const name = names.includes(part) ? part : names.find((one) => plain(one) === plain(part));
    if (name === undefined) return null;
    folder = join(folder, name);
  }
  return folder;
}
