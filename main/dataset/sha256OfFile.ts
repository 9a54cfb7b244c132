import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { streamFile } from '../vault/readSealed.ts';

/** Hex SHA-256 of the content of a file, in bounded memory. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(streamFile(path), hash);
  return hash.digest('hex');
}
