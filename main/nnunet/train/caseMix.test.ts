import { describe, expect, it } from 'vitest';
import { expectProbability } from '../augment/testing/distribution.ts';
import { Random } from '../random.ts';
import { caseMixOf, drawCases } from './caseMix.ts';

/** Cases 0 and 1 are new; 2 to 5 replayed: three show class 1 only, one classes 1 and 2. */
const CASES = [
  { isFresh: true, classes: [1] },
  { isFresh: true, classes: [] },
  { isFresh: false, classes: [1] },
  { isFresh: false, classes: [1] },
  { isFresh: false, classes: [1] },
  { isFresh: false, classes: [1, 2] },
];
const EVEN = [1, 1, 1, 1, 1, 1];

function batches(replayPart: number, batchSize: number, count: number, weights: readonly number[] = EVEN): number[][] {
  const random = Random.fromSeed(3);
  const mix = caseMixOf(CASES, replayPart);
  return Array.from({ length: count }, () => drawCases(weights, mix, batchSize, random));
}
const isReplayed = (index: number): boolean => index >= 2;

describe('the cases of a retraining', () => {
  it.each([
    [0.5, 8, 4, 4],
    [0.5, 2, 1, 1],
    [0.25, 8, 2, 2],
    [0.25, 2, 0, 1],
    [0.4, 9, 3, 4],
    [1, 5, 5, 5],
  ])('replay %f of a batch of %i: between %i and %i of every batch, exact on average', (part, size, fewest, most) => {
    const counts = batches(part, size, 2000).map((batch) => batch.filter(isReplayed).length);
    expect(Math.min(...counts)).toBe(fewest);
    expect(Math.max(...counts)).toBe(most);
    const exact = size * part;
    if (fewest !== most) expectProbability(counts.filter((one) => one === most).length, counts.length, exact - fewest);
  });

  it('replayed patches take every place of the batch alike: the last ones are forced onto foreground', () => {
    const drawn = batches(0.5, 4, 4000);
    for (let place = 0; place < 4; place++) expectProbability(drawn.filter((batch) => isReplayed(batch[place]!)).length, drawn.length, 0.5);
  });

  it('a replayed patch draws its class first: the only case with the rare class comes as often as all others', () => {
    const replayed = batches(0.5, 4, 3000).flat().filter(isReplayed);
    // half of the draws want class 2, a quarter of the others finds case 5 as well
    expectProbability(replayed.filter((index) => index === 5).length, replayed.length, 1 / 2 + 1 / 2 / 4);
    expectProbability(replayed.filter((index) => index === 2).length, replayed.length, 1 / 2 / 4);
  });

  it('within its list a case is drawn by its weight', () => {
    const drawn = batches(0.5, 4, 3000, [3, 1, 3, 3, 1, 1]).flat();
    const fresh = drawn.filter((index) => !isReplayed(index));
    expectProbability(fresh.filter((index) => index === 0).length, fresh.length, 3 / 4);
    const replayed = drawn.filter(isReplayed);
    expectProbability(replayed.filter((index) => index === 2).length, replayed.length, (1 / 2) * (3 / 8));
  });

  it('cases that show nothing are replayed too', () => {
    const mix = caseMixOf(
      [
        { isFresh: true, classes: [1] },
        { isFresh: false, classes: [] },
        { isFresh: false, classes: [2] },
      ],
      0.5,
    );
    expect(mix).toEqual({ replayPart: 0.5, fresh: [0], replayedByClass: [[2], [1]] });
  });

  it('there is nothing to mix without new cases, or with nothing else', () => {
    expect(caseMixOf(CASES.slice(0, 2), 0.5)).toBeNull();
    expect(caseMixOf(CASES.slice(2), 0.5)).toBeNull();
  });

  it('the same seed draws the same', () => {
    expect(batches(0.5, 4, 20)).toEqual(batches(0.5, 4, 20));
  });
});
