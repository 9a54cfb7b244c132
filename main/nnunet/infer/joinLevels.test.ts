import { describe, expect, it } from 'vitest';
import { joinLevels } from './joinLevels.ts';

/** The plain definition: at each threshold, what hangs together with the seed. */
function byFlooding(values: Uint8Array, [d, h, w]: readonly [number, number, number], seed: number): Uint8Array {
  const levels = new Uint8Array(values.length);
  for (let level = 1; level <= values[seed]!; level++) {
    const waiting = [seed];
    const seen = new Uint8Array(values.length);
    for (let n = waiting.pop(); n !== undefined; n = waiting.pop()) {
      if (seen[n] || values[n]! < level) continue;
      seen[n] = 1;
      levels[n] = level;
      const [z, y, x] = [Math.floor(n / (h * w)), Math.floor(n / w) % h, n % w];
      if (z > 0) waiting.push(n - h * w);
      if (z + 1 < d) waiting.push(n + h * w);
      if (y > 0) waiting.push(n - w);
      if (y + 1 < h) waiting.push(n + w);
      if (x > 0) waiting.push(n - 1);
      if (x + 1 < w) waiting.push(n + 1);
    }
  }
  return levels;
}

describe('levels at which voxels join a seed', () => {
  it('are those of flooding at every threshold', () => {
    let state = 7;
    const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 20; round++) {
      const shape = [3, 7, 9] as const;
      const values = Uint8Array.from({ length: 189 }, () => Math.floor(next() * 256));
      const seed = Math.floor(next() * 189);
      expect(joinLevels(values, shape, seed)).toEqual(byFlooding(values, shape, seed));
    }
  });
  it('keep apart what only a low bridge joins', () => {
    expect([...joinLevels(Uint8Array.of(200, 250, 30, 240, 255), [1, 1, 5], 1)]).toEqual([200, 250, 30, 30, 30]);
  });
});
