import { expect, it } from 'vitest';
import { rankCandidates } from './rankCandidates.ts';

const candidate = (name: string, dice: number | null, configurationCount = 1) => ({ name, dice, configurationCount });

it('prefers the higher Dice, of equals the single configuration, and what has no Dice last', () => {
  const ranked = rankCandidates([
    candidate('none', null),
    candidate('a + b', 0.9, 2),
    candidate('b', 0.9),
    candidate('a', 0.8),
    candidate('a + c', 0.95, 2),
    candidate('zero', 0),
  ]);
  expect(ranked.map(({ name }) => name)).toEqual(['a + c', 'b', 'a + b', 'a', 'zero', 'none']);
});
