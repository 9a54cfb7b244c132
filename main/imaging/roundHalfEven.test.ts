import { expect, it } from 'vitest';
import { roundHalfEven } from './roundHalfEven.ts';

it('rounds ties to even and everything else to the nearest, as numpy.round does', () => {
  const values = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 2.4, 2.6, -2.6, 7];
  expect(values.map(roundHalfEven).map((n) => n + 0)).toEqual([-2, -2, 0, 0, 2, 2, 4, 2, 3, -3, 7]);
});
