import { cpus } from 'node:os';
import { expect, it } from 'vitest';
import { usableCores } from './usableCores.ts';

it.each([
  ['1', 1],
  [undefined, cpus().length],
  ['0', cpus().length],
  ['many', cpus().length],
  ['100000', cpus().length],
])('with %s threads asked for, uses %i', (TF_NUM_INTRAOP_THREADS, expected) => {
  expect(usableCores({ TF_NUM_INTRAOP_THREADS })).toBe(expected);
});
