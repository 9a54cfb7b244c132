import { Random } from '../random.ts';

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export interface BootstrapSpec {
  readonly draws: number;
  /** Two-sided. */
  readonly confidence: number;
  /** Deviation of one value that is due to chance, known beforehand; 0: the plain bootstrap. */
  readonly noise: number;
  readonly seed: number;
}

/**
 * Interval of the mean of paired differences by drawing whole groups (the cases of one subject) with replacement. A handful of
 * values says little of its own spread, and the plain bootstrap believes it: each draw therefore also gets normal noise, as
 * that of so many values would be, widened where they are very few (a smoothed bootstrap, Silverman and Young 1987).
 * At least one group with a value each.
 */
export function pairedBootstrap(groups: readonly (readonly number[])[], { draws, confidence, noise, seed }: BootstrapSpec): Interval {
  const random = Random.fromSeed(seed);
  const sums = groups.map((values) => values.reduce((a, b) => a + b, 0));
  const count = groups.length;
  const noiseOfMean = noise * Math.sqrt((1 + 2 / count) / count);
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    let values = 0;
    for (let n = 0; n < count; n++) {
      const drawn = random.below(count);
      sum += sums[drawn]!;
      values += groups[drawn]!.length;
    }
    means[draw] = sum / values + noiseOfMean * random.normal();
  }
  means.sort();
  const rank = Math.floor(((1 - confidence) / 2) * draws);
  return { lower: means[rank]!, upper: means[draws - 1 - rank]! };
}
