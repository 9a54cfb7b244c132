import { expect, it } from 'vitest';
import { freeName } from './freeName.ts';

it('a name that is taken gets a number and stays short enough', () => {
  expect(freeName('Main copy', ['Main'])).toBe('Main copy');
  expect(freeName('Main copy', ['main COPY', 'Main copy 2'])).toBe('Main copy 3');
  const long = 'x'.repeat(70);
  expect(freeName(long, [])).toHaveLength(64);
  expect(freeName(long, ['x'.repeat(64)])).toBe(`${'x'.repeat(62)} 2`);
});
