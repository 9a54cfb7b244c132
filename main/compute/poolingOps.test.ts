import { describe, expect, it } from 'vitest';
import { compareWithReference, randomInput } from './testing/gradientCheck.ts';

describe('average pool', () => {
  it.each([
    [
      [2, 6, 4, 3],
      [2, 2],
    ],
    [
      [2, 7, 5, 3],
      [2, 2],
    ],
    [
      [2, 6, 5, 3],
      [1, 2],
    ],
    [
      [2, 4, 6, 4, 2],
      [2, 2, 2],
    ],
    [
      [2, 3, 5, 7, 2],
      [2, 2, 2],
    ],
    [
      [2, 3, 6, 4, 2],
      [1, 2, 2],
    ],
    [
      [1, 1, 5, 1, 2],
      [2, 2, 2],
    ],
  ])('of [%s] by [%s]: values and gradient; windows cut by the end count what there is', async (shape, stride) => {
    const { outputError, gradientErrors } = await compareWithReference((ops, [x]) => ops.averagePool(x!, stride), [randomInput(shape, 1)]);
    expect(outputError).toBeLessThan(1e-5);
    expect(gradientErrors[0]).toBeLessThan(1e-4);
  });
});
