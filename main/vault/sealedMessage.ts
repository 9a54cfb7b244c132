/** One piece of a file that is sealed by itself: nonce, AES-256-GCM, tag. `about` tells which piece it is, and is not hidden. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TAG_BYTES, sealCorrupt } from './sealedFormat.ts';

const NONCE_BYTES = 12;
/** Added to the bytes of the content. */
export const MESSAGE_BYTES = NONCE_BYTES + TAG_BYTES;

export function sealMessage(key: Uint8Array, about: Uint8Array, content: readonly Uint8Array[]): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(about);
  return Buffer.concat([nonce, ...content.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `disk/corrupt`, with `path` and what of it is damaged. */
export function openMessage(key: Uint8Array, about: Uint8Array, sealed: Uint8Array, path: string, what: string): Buffer<ArrayBuffer> {
  if (sealed.length < MESSAGE_BYTES) throw sealCorrupt(path, `${what} of it is cut off`);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(about);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const content = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    // of memory of its own, so that numbers can lie over it
    const whole = Buffer.alloc(content.length);
    content.copy(whole);
    return whole;
  } catch {
    throw sealCorrupt(path, `${what} of it is damaged, or not where it was written`);
  }
}
