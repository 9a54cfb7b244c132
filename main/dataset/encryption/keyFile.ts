/**
 * `encryption.json` of an encrypted project: a random key, wrapped by what scrypt makes of the passphrase. Changing the
 * passphrase wraps the same key anew. Who loses this file has lost the project, so a copy lies in `backups`.
 */
import { createHash, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';
import { decrypt, encrypt, NONCE_BYTES, TAG_BYTES } from '../../vault/aesGcm.ts';
import { syncFolder, writeFileAtomic } from '../atomicFile.ts';
import type { ProjectFolder } from '../projectFolder.ts';
import { readIfThere } from '../readIfThere.ts';

/** 128 MiB and about half a second for each guess. */
const SCRYPT = { name: 'scrypt', N: 2 ** 17, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Nothing is authenticated beside the key. */
const NOTHING = Buffer.alloc(0);

const bytesOf = (count: number) => z.base64().refine((text) => Buffer.from(text, 'base64').length === count, `${count} bytes in base64 are expected`);

const Content = z.strictObject({
  version: z.literal(1),
  about: z.string(),
  /** Upper bounds: a file from somebody else must not eat all memory. */
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z
      .int()
      .min(2 ** 14)
      .max(2 ** 21),
    r: z.int().min(1).max(16),
    p: z.int().min(1).max(4),
    salt: bytesOf(SALT_BYTES),
  }),
  wrappedKey: z.strictObject({ cipher: z.literal('aes-256-gcm'), nonce: bytesOf(NONCE_BYTES), key: bytesOf(KEY_BYTES), tag: bytesOf(TAG_BYTES) }),
});
type Content = z.infer<typeof Content>;
/** `sha256` of the rest tells a damaged file from a wrong passphrase. */
const KeyFile = Content.extend({ sha256: z.string() });

/** In memory only. Each is derived from the project's key. */
export interface ProjectKeys {
  readonly files: Uint8Array<ArrayBuffer>;
  /** In hex, as the database takes it. */
  readonly database: string;
  readonly databaseSeals: Uint8Array;
}

const ABOUT = 'Without this file and its passphrase nobody can read this project, you included. Keep a copy of it with your backups.';

export const newProjectKey = (): Buffer => randomBytes(KEY_BYTES);

export function keysOf(projectKey: Uint8Array): ProjectKeys {
  const derived = (purpose: string): Buffer<ArrayBuffer> => Buffer.from(hkdfSync('sha256', projectKey, Buffer.alloc(0), `maskloop ${purpose} 1`, KEY_BYTES));
  return { files: derived('files'), database: derived('database').toString('hex'), databaseSeals: derived('database seals') };
}

/** Atomic, the copy first: at every moment one of the two opens with a passphrase that somebody knows. */
export async function writeKeyFile(folder: ProjectFolder, projectKey: Uint8Array, passphrase: string): Promise<void> {
  const salt = randomBytes(SALT_BYTES);
  const kdf = { ...SCRYPT, salt: salt.toString('base64') };
  const nonce = randomBytes(NONCE_BYTES);
  const wrapped = encrypt(await stretched(passphrase, kdf), nonce, NOTHING, [projectKey]);
  const [key, tag] = [wrapped.subarray(0, KEY_BYTES), wrapped.subarray(KEY_BYTES)].map((part) => part.toString('base64')) as [string, string];
  const wrappedKey = { cipher: 'aes-256-gcm', nonce: nonce.toString('base64'), key, tag } as const;
  const content: Content = { version: 1, about: ABOUT, kdf, wrappedKey };
  const bytes = Buffer.from(`${JSON.stringify({ ...content, sha256: hashOf(content) }, null, 2)}\n`);
  for (const path of [keyFileCopy(folder), folder.keyFile]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, bytes);
  }
  await syncFolder(folder.path);
}

const keyFileCopy = (folder: ProjectFolder): string => join(folder.backups, 'encryption.json');

/** `null`: the project is not encrypted. Throws `project/passphrase-needed`, `project/wrong-passphrase`, `disk/corrupt`. */
export async function unlock(folder: ProjectFolder, passphrase: string | undefined): Promise<Buffer | null> {
  const bytes = await readIfThere(folder.keyFile);
  if (!bytes) return null;
  const { kdf, wrappedKey } = parsed(bytes, folder.keyFile);
  if (passphrase === undefined) throw new AppException({ code: 'project/passphrase-needed', path: folder.path });
  const [nonce, key, tag] = [wrappedKey.nonce, wrappedKey.key, wrappedKey.tag].map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer, Buffer];
  const projectKey = decrypt(await stretched(passphrase, kdf), nonce, NOTHING, Buffer.concat([key, tag]));
  if (!projectKey) throw new AppException({ code: 'project/wrong-passphrase', path: folder.path });
  return projectKey;
}

function parsed(bytes: Buffer, path: string): Content {
  const corrupt = (detail: string): AppException =>
    new AppException({ code: 'disk/corrupt', path, detail: `${detail}; a copy of it lies in the folder backups` });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw corrupt('it is no JSON');
  }
  const file = KeyFile.safeParse(json);
  if (!file.success) throw corrupt('it is not as it was written');
  const { sha256, ...content } = file.data;
  if (sha256 !== hashOf(content)) throw corrupt('it is not as it was written');
  return content;
}

/** Independent of how the file is laid out. */
const hashOf = ({ version, about, kdf: { name, N, r, p, salt }, wrappedKey: { cipher, nonce, key, tag } }: Content): string =>
  createHash('sha256')
    .update(JSON.stringify([version, about, name, N, r, p, salt, cipher, nonce, key, tag]))
    .digest('hex');

/** The same letters typed on another system may be other code points, so they are brought to one form. */
function stretched(passphrase: string, { N, r, p, salt }: Content['kdf']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const memory = 128 * N * r * p + 2 ** 25;
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), KEY_BYTES, { N, r, p, maxmem: memory }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
