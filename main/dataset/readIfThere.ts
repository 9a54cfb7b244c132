import { readdir } from 'node:fs/promises';
import { readFile } from '../vault/readSealed.ts';

/** What the file system says of a file or folder that is not there. */
export const isMissingFile = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';

/** The bytes of a file, `null` where there is none. Rejects with any other errno error. */
export async function readIfThere(path: string): Promise<Buffer<ArrayBuffer> | null> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

/** What lies in a folder; nothing where there is none. Rejects with any other errno error. */
export async function namesIfThere(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (thrown) {
    if (isMissingFile(thrown)) return [];
    throw thrown;
  }
}
