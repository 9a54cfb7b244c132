import { Random } from '../../main/nnunet/random.ts';

/** Values that lengths, counts and offsets should never have. */
const NASTY = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const NASTY_TEXT = ['-1', '0', '4294967295', '99999999999999999999', 'NaN', '1e308', '1e-320', '', '\\', '(', '\n\n', '%s', '../../etc/passwd'];

/** One to four changes: bits, nasty numbers of one to four bytes, digits, runs cut out, doubled, moved, and the end cut off. */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const random = Random.fromSeed(seed);
  let mutated: Uint8Array = Uint8Array.from(bytes);
  const changes = 1 + random.below(4);
  for (let n = 0; n < changes && mutated.length > 0; n++) mutated = CHANGES[random.below(CHANGES.length)]!(mutated, random);
  return mutated;
}

const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Headers are where it hurts: half of all changes fall into the first kilobyte. */
function place(bytes: Uint8Array, random: Random): number {
  return random.below(random.next() < 0.5 ? Math.min(1024, bytes.length) : bytes.length);
}

const flipBit: Change = (bytes, random) => {
  bytes[place(bytes, random)]! ^= 1 << random.below(8);
  return bytes;
};
const nastyNumber: Change = (bytes, random) => {
  const value = NASTY[random.below(NASTY.length)]!;
  const at = place(bytes, random);
  const width = [1, 2, 4][random.below(3)]!;
  const isBig = random.next() < 0.3;
  for (let n = 0; n < width && at + n < bytes.length; n++) bytes[at + n] = value >>> (8 * (isBig ? width - 1 - n : n));
  return bytes;
};
const nastyText: Change = (bytes, random) => {
  const at = place(bytes, random);
  return join(bytes.subarray(0, at), new TextEncoder().encode(NASTY_TEXT[random.below(NASTY_TEXT.length)]), bytes.subarray(at + random.below(8)));
};
const otherDigit: Change = (bytes, random) => {
  const start = place(bytes, random);
  const at = bytes.findIndex((byte, index) => index >= start && byte >= 0x30 && byte <= 0x39);
  if (at >= 0) bytes[at] = 0x30 + random.below(10);
  return bytes;
};
const cutOut: Change = (bytes, random) => {
  const at = place(bytes, random);
  return join(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64)));
};
const double: Change = (bytes, random) => {
  const at = place(bytes, random);
  const end = at + 1 + random.below(256);
  return join(bytes.subarray(0, end), bytes.subarray(at));
};
const move: Change = (bytes, random) => {
  const from = place(bytes, random);
  const run = bytes.slice(from, from + 1 + random.below(32));
  bytes.set(run.subarray(0, bytes.length - from), Math.min(place(bytes, random), bytes.length - run.length));
  return bytes;
};
const cutEnd: Change = (bytes, random) => bytes.slice(0, place(bytes, random));

const CHANGES: readonly Change[] = [flipBit, flipBit, nastyNumber, nastyNumber, nastyNumber, nastyText, otherDigit, cutOut, double, move, cutEnd];
