/** A project may come from somebody else: what its database calls its own must lie in its folder. */
import { realpath } from 'node:fs/promises';
import { relative, resolve, sep, isAbsolute } from 'node:path';
import { AppException } from '../contract/errors.ts';

/** `file`, relative to `folder`, as an absolute path. Throws `disk/corrupt` where it names a place outside. */
export function resolveInside(folder: string, file: string): string {
  const path = resolve(folder, file);
  if (!isBelow(folder, path)) throw outside(path);
  return path;
}

/** Throws `disk/corrupt` where a symbolic link leads out of `folder`; rejects as `realpath` does where `file` is missing. */
export async function requireNoWayOut(folder: string, file: string): Promise<void> {
  const [root, real] = await Promise.all([realpath(folder), realpath(file)]);
  if (!isBelow(root, real)) throw outside(file);
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const outside = (path: string) => new AppException({ code: 'disk/corrupt', path, detail: 'it lies outside the project' });
