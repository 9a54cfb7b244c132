import type { Random } from './random.ts';

/** v2 keeps at most this many voxels per class (and 1 % of very large classes; a fixed bound keeps files small). */
const LARGEST_COUNT_PER_CLASS = 10_000;

/** Flat voxel indices per class 1 … classCount − 1, ascending, drawn without replacement; entry 0 is empty. */
export function classLocations(classes: Uint8Array, classCount: number, random: Random): Uint32Array[] {
  const total = new Uint32Array(classCount);
  for (let n = 0; n < classes.length; n++) total[classes[n]!]!++;
  const lists = Array.from(total, (count, c) => new Uint32Array(c === 0 ? 0 : Math.min(count, LARGEST_COUNT_PER_CLASS)));
  const seen = new Uint32Array(classCount);
  const taken = new Uint32Array(classCount);
  for (let n = 0; n < classes.length; n++) {
    const c = classes[n]!;
    if (c === 0) continue;
    // selection sampling (Knuth, algorithm S): each remaining voxel is as likely as the others
    const left = total[c]! - seen[c]!++;
    const wanted = lists[c]!.length - taken[c]!;
    if (wanted === left || (wanted > 0 && random.next() * left < wanted)) lists[c]![taken[c]!++] = n;
  }
  return lists;
}
