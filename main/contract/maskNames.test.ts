import { expect, it } from 'vitest';
import { freeMaskName } from './maskNames.ts';

it('a name that is taken gets a number and stays short enough', () => {
  expect(freeMaskName('Main copy', ['Main'])).toBe('Main copy');
  expect(freeMaskName('Main copy', ['main COPY', 'Main copy 2'])).toBe('Main copy 3');
  const long = 'x'.repeat(70);
  expect(freeMaskName(long, [])).toHaveLength(64);
  expect(freeMaskName(long, ['x'.repeat(64)])).toBe(`${'x'.repeat(62)} 2`);
});
