import { expect, it } from 'vitest';
import { Random, RandomState } from './random.ts';

it('goes on from a saved state as if nothing had happened', () => {
  const random = Random.fromSeed(7);
  for (let n = 0; n < 100; n++) random.next();
  const saved = RandomState.parse(JSON.parse(JSON.stringify(random.state)));
  const expected = Array.from({ length: 50 }, () => random.next());
  const resumed = Random.fromState(saved);
  expect(Array.from({ length: 50 }, () => resumed.next())).toEqual(expected);
});

it('is uniform and normal enough, and differs by seed', () => {
  const random = Random.fromSeed(1);
  const counts = new Array<number>(10).fill(0);
  for (let n = 0; n < 100_000; n++) counts[random.below(10)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  let sum = 0;
  let squares = 0;
  for (let n = 0; n < 100_000; n++) {
    const value = random.normal();
    sum += value;
    squares += value * value;
  }
  expect(Math.abs(sum / 100_000)).toBeLessThan(0.02);
  expect(Math.abs(squares / 100_000 - 1)).toBeLessThan(0.03);
  expect(Random.fromSeed(2).next()).not.toBe(Random.fromSeed(3).next());
});
