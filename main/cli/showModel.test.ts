import { expect, it } from 'vitest';
import { sparkline } from './showModel.ts';

it('draws a curve between its lowest and highest value; a flat one is low, a gap is blank', () => {
  expect(sparkline([3, 2, NaN, 1])).toBe('█▅ ▁');
  expect(sparkline([2, 2])).toBe('▁▁');
  expect(sparkline([])).toBe('');
});
