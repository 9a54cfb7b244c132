/** One piece of a file that is sealed by itself: nonce, AES-256-GCM, tag. `about` tells which piece it is, and is not hidden. */
import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, NONCE_BYTES, TAG_BYTES } from './aesGcm.ts';
import { sealCorrupt } from './sealedFormat.ts';

/** Added to the bytes of the content. */
export const MESSAGE_BYTES = NONCE_BYTES + TAG_BYTES;

export function sealMessage(key: Uint8Array, about: Uint8Array, content: readonly Uint8Array[]): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([nonce, encrypt(key, nonce, about, content)]);
}

/** Throws `disk/corrupt`, with `path` and what of it is damaged. */
export function openMessage(key: Uint8Array, about: Uint8Array, sealed: Uint8Array, path: string, what: string): Buffer<ArrayBuffer> {
  if (sealed.length < MESSAGE_BYTES) throw sealCorrupt(path, `${what} of it is cut off`);
  const content = decrypt(key, sealed.subarray(0, NONCE_BYTES), about, sealed.subarray(NONCE_BYTES));
  if (!content) throw sealCorrupt(path, `${what} of it is damaged, or not where it was written`);
  // of memory of its own, so that numbers can lie over it
  const whole = Buffer.alloc(content.length);
  content.copy(whole);
  return whole;
}
