import { randomBytes } from 'node:crypto';
import { AppException } from '../contract/errors.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readIfThere } from '../dataset/readIfThere.ts';

const KEY = /^[0-9a-f]{64}$/;

/** The project's key, made on first use. Throws AppException disk/corrupt or project/read-only: another key would give other pseudonyms. */
export async function deidentifyKeyOf(store: ProjectStore): Promise<string> {
  const { deidentifyKey: path } = store.folder;
  const known = (await readIfThere(path))?.toString('utf8').trim();
  if (known !== undefined) {
    if (!KEY.test(known)) throw new AppException({ code: 'disk/corrupt', path, detail: 'it holds no key of 64 hexadecimal digits' });
    return known;
  }
  store.requireWritable();
  const key = randomBytes(32).toString('hex');
  await writeFileAtomic(path, Buffer.from(`${key}\n`), 0o600);
  return key;
}
