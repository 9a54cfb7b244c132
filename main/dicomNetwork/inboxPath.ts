import { createHash } from 'node:crypto';

/** A UID as it is; anything else that came over the network (`..`, slashes, colons) as a hash. */
export function pathComponent(uid: string): string {
  if (/^[0-9]+(\.[0-9]+)*$/.test(uid) && uid.length <= 64) return uid;
  return `x${createHash('sha256').update(uid).digest('hex').slice(0, 40)}`;
}
