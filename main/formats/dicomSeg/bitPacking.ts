/** One bit for each pixel, the first in the lowest bit; frames follow each other without padding (PS3.5 8.1.1 and annex D.2). */

/** Sets 1 in `target` from `at` on for every set bit of `count` bits from bit `firstBit` of `packed`. */
export function unpackBits(packed: Uint8Array, firstBit: number, count: number, target: Uint8Array, at: number): void {
  const lastByte = Math.ceil((firstBit + count) / 8);
  for (let byte = Math.floor(firstBit / 8); byte < lastByte; byte++) {
    const bits = packed[byte]!;
    if (bits === 0) continue;
    const start = byte * 8 - firstBit;
    for (let bit = 0; bit < 8; bit++) {
      const index = start + bit;
      if (bits & (1 << bit) && index >= 0 && index < count) target[at + index] = 1;
    }
  }
}
