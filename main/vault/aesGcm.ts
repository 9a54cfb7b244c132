/** AES-256-GCM (NIST SP 800-38D) of content that is whole in memory; the tag follows the bytes. */
import { createCipheriv, createDecipheriv } from 'node:crypto';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** `about` is authenticated and not hidden. A nonce must never come twice with a key. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, about: Uint8Array, content: readonly Uint8Array[]): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(about);
  return Buffer.concat([...content.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()]);
}

/** `null`: these are not the bytes that were encrypted with this key, nonce and `about`. */
export function decrypt(key: Uint8Array, nonce: Uint8Array, about: Uint8Array, encrypted: Uint8Array): Buffer | null {
  if (encrypted.length < TAG_BYTES) return null;
  const end = encrypted.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(about);
  decipher.setAuthTag(encrypted.subarray(end));
  const content = decipher.update(encrypted.subarray(0, end));
  try {
    decipher.final();
    return content;
  } catch {
    return null;
  }
}
