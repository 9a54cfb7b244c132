/** Who may sign in to a shared workstation: a file that only its owner may read, with scrypt hashes instead of passwords. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Role } from '../contract/roles.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

export const MIN_PASSWORD_LENGTH = 10;
/** RFC 7914 for interactive sign-in: 32 MB and about 100 ms for each guess. */
const COST = { N: 32768, r: 8, p: 1 } as const;
const KEY_BYTES = 32;

export const UserName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u, 'a name has letters, digits and . _ @ - and no spaces');
const Cost = z.object({
  N: z
    .int()
    .min(1024)
    .max(2 ** 20),
  r: z.int().min(1).max(32),
  p: z.int().min(1).max(16),
});
const StoredUser = z.object({ name: UserName, role: Role, salt: z.string(), hash: z.string(), cost: Cost });
type StoredUser = z.infer<typeof StoredUser>;
const UsersFile = z.object({ version: z.literal(1), users: z.array(StoredUser) });

export interface KnownUser {
  readonly name: string;
  readonly role: Role;
  /** Another after a change of role or password. */
  readonly stamp: string;
}

export class UserBook {
  readonly #file: string;
  #read: { readonly state: string; readonly users: readonly StoredUser[] } | null = null;

  constructor(private readonly stateFolder: string) {
    this.#file = join(stateFolder, 'users.json');
  }

  async list(): Promise<{ name: string; role: Role }[]> {
    return (await this.#users()).map(({ name, role }) => ({ name, role }));
  }

  async find(name: string): Promise<KnownUser | null> {
    const user = (await this.#users()).find((one) => one.name === name);
    return user ? known(user) : null;
  }

  /** `null` for a wrong name or password, after the same time. */
  async signIn(name: string, password: string): Promise<KnownUser | null> {
    const user = (await this.#users()).find((one) => one.name === name);
    const { salt, hash, cost } = user ?? NOBODY;
    const given = await derive(password, Buffer.from(salt, 'base64'), cost);
    const wanted = Buffer.from(hash, 'base64');
    return given.length === wanted.length && timingSafeEqual(given, wanted) && user ? known(user) : null;
  }

  /** Adds the user, or replaces role and password of the one of this name. */
  async save(name: string, role: Role, password: string): Promise<void> {
    const salt = randomBytes(16);
    const user: StoredUser = {
      name: UserName.parse(name),
      role,
      salt: salt.toString('base64'),
      hash: (await derive(password, salt, COST)).toString('base64'),
      cost: COST,
    };
    await this.#write([...(await this.#users()).filter((one) => one.name !== name), user]);
  }

  /** Answers whether there was one. */
  async remove(name: string): Promise<boolean> {
    const users = await this.#users();
    const others = users.filter((one) => one.name !== name);
    if (others.length < users.length) await this.#write(others);
    return others.length < users.length;
  }

  /** Looks at the file each time, so that a removed user is out at once. */
  async #users(): Promise<readonly StoredUser[]> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#file);
      const state = `${mtimeMs} ${size} ${ino}`;
      if (this.#read?.state !== state) this.#read = { state, users: UsersFile.parse(JSON.parse(await readFile(this.#file, 'utf8'))).users };
      return this.#read.users;
    } catch (thrown) {
      if (isMissingFile(thrown)) return [];
      throw thrown;
    }
  }

  async #write(users: readonly StoredUser[]): Promise<void> {
    await mkdir(this.stateFolder, { recursive: true });
    await writeFileAtomic(this.#file, [Buffer.from(`${JSON.stringify({ version: 1, users }, null, 2)}\n`)], 0o600);
  }
}

/** Takes the place of a user that there is not, so that names cannot be found out by the clock. */
const NOBODY = { salt: randomBytes(16).toString('base64'), hash: randomBytes(KEY_BYTES).toString('base64'), cost: COST };

const known = ({ name, role, hash }: StoredUser): KnownUser => ({ name, role, stamp: `${role} ${hash}` });

function derive(password: string, salt: Buffer, { N, r, p }: z.infer<typeof Cost>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // the same letters, however the keyboard composed them
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (problem, key) => (problem ? reject(problem) : resolve(key)));
  });
}
