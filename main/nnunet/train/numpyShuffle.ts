/** NumPy's legacy `RandomState(seed).shuffle`, which scikit-learn's KFold uses: MT19937 and masked rejection. */

const SIZE = 624;
const SHIFT = 397;

class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  constructor(seed: number) {
    this.#state[0] = seed >>> 0;
    for (let n = 1; n < SIZE; n++) {
      const previous = this.#state[n - 1]!;
      this.#state[n] = Math.imul(1812433253, previous ^ (previous >>> 30)) + n;
    }
  }

  uint32(): number {
    if (this.#next === SIZE) this.#refill();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #refill(): void {
    const s = this.#state;
    for (let n = 0; n < SIZE; n++) {
      const y = (s[n]! & 0x80000000) | (s[(n + 1) % SIZE]! & 0x7fffffff);
      s[n] = s[(n + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/** 0 … count − 1 in the order NumPy leaves them. */
export function numpyShuffledIndices(count: number, seed: number): number[] {
  const twister = new MersenneTwister(seed);
  const indices = Array.from({ length: count }, (_, n) => n);
  for (let n = count - 1; n > 0; n--) {
    const mask = 2 ** (32 - Math.clz32(n)) - 1;
    let other = (twister.uint32() & mask) >>> 0;
    while (other > n) other = (twister.uint32() & mask) >>> 0;
    [indices[n], indices[other]] = [indices[other]!, indices[n]!];
  }
  return indices;
}
