/**
 * Random numbers whose state is plain data: it goes into checkpoints, so that a resumed training draws what an
 * uninterrupted one would have drawn. Generator: sfc32 (public domain, C. Doty-Humphrey), the same on every machine.
 */
import { z } from 'zod';

export const RandomState = z.tuple([z.int32(), z.int32(), z.int32(), z.int32()]).readonly();
export type RandomState = z.infer<typeof RandomState>;

/** Outputs thrown away so that similar seeds part. */
const WARM_UP_DRAWS = 15;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor(state: RandomState) {
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  static fromSeed(seed: number): Random {
    const random = new Random([0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1]);
    for (let n = 0; n < WARM_UP_DRAWS; n++) random.next();
    return random;
  }

  static fromState(state: RandomState): Random {
    return new Random(state);
  }

  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return (sum >>> 0) / 4294967296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Whole number in 0 … count − 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Mean 0, deviation 1 (Box–Muller; the second value is not kept, so that the state stays four numbers). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
