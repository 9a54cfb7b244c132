/** Which cases a batch is drawn from: by weight, or in a retraining so many new ones and so many that are replayed. */
import type { Random } from '../random.ts';

/** Indices into the cases of a training. Plain data: it goes to another thread. No list is empty. */
export interface CaseMix {
  /** Part of the patches that come from replayed cases, 0 … 1. */
  readonly replayPart: number;
  /** Cases that the parent has not learnt from as they are now. */
  readonly fresh: readonly number[];
  /** Replayed cases, one list for each class that any of them shows; a case is in the list of each of its classes. */
  readonly replayedByClass: readonly (readonly number[])[];
}

export interface MixedCase {
  readonly isFresh: boolean;
  /** Indices of the classes (or regions) that occur in the case. */
  readonly classes: readonly number[];
}

/** Null where there is nothing to mix: no new case, or none to replay. */
export function caseMixOf(cases: readonly MixedCase[], replayPart: number): CaseMix | null {
  const indices = [...cases.keys()];
  const fresh = indices.filter((index) => cases[index]!.isFresh);
  const replayed = indices.filter((index) => !cases[index]!.isFresh);
  if (fresh.length === 0 || replayed.length === 0) return null;
  const classes = [...new Set(replayed.flatMap((index) => cases[index]!.classes))].sort((a, b) => a - b);
  const lists = classes.map((one) => replayed.filter((index) => cases[index]!.classes.includes(one)));
  const bare = replayed.filter((index) => cases[index]!.classes.length === 0);
  return { replayPart, fresh, replayedByClass: bare.length > 0 ? [...lists, bare] : lists };
}

/**
 * The case of each of `count` patches of a batch. With a mix, the number of replayed patches differs from `count · replayPart`
 * by less than one and is right on average; which places of the batch they take is drawn, because a batch forces its last
 * patches onto foreground. A replayed patch draws a class first, then a case that shows it, so a rare class is replayed as
 * often as a common one.
 */
export function drawCases(weights: readonly number[], mix: CaseMix | null, count: number, random: Random): number[] {
  if (!mix) return Array.from({ length: count }, () => drawByWeight(weights, null, random));
  return drawPlaces(count, mix.replayPart, random).map((isReplay) =>
    drawByWeight(weights, isReplay ? mix.replayedByClass[random.below(mix.replayedByClass.length)]! : mix.fresh, random),
  );
}

/** For each place of the batch, whether it is replayed. */
function drawPlaces(count: number, part: number, random: Random): boolean[] {
  const exact = count * part;
  let left = Math.floor(exact) + (random.next() < exact - Math.floor(exact) ? 1 : 0);
  // selection sampling (Knuth, algorithm S)
  return Array.from({ length: count }, (_, place) => {
    const isReplay = random.next() * (count - place) < left;
    if (isReplay) left--;
    return isReplay;
  });
}

/** One of `pool`, or of all where it is null. */
function drawByWeight(weights: readonly number[], pool: readonly number[] | null, random: Random): number {
  const size = pool ? pool.length : weights.length;
  const caseAt = (place: number): number => (pool ? pool[place]! : place);
  let sum = 0;
  for (let place = 0; place < size; place++) sum += weights[caseAt(place)]!;
  const at = random.next() * sum;
  let before = 0;
  for (let place = 0; place < size; place++) if (at < (before += weights[caseAt(place)]!)) return caseAt(place);
  return caseAt(size - 1);
}
