import { createHash } from 'node:crypto';

export const FRAMES_OF_A_JOURNAL = 40;

/** Bytes that nothing but a whole frame can have: of a few hundred bytes, as strokes are, and now and then of many. */
export function strokePayload(journal: number, sequence: number): Buffer {
  const hash = createHash('sha256').update(`${journal} ${sequence}`).digest();
  const length = sequence % 7 === 0 ? 40_000 + hash[0]! * 1000 : 100 + hash[0]! * 4;
  return Buffer.alloc(length, hash);
}
