import { describe, expect, it } from 'vitest';
import { compareWithReference, randomInput } from './testing/gradientCheck.ts';

interface Case {
  readonly spatial: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
}

const convolutions: Case[] = [
  { spatial: [5, 4], kernel: [3, 3], stride: [1, 1] },
  { spatial: [6, 4], kernel: [3, 3], stride: [2, 2] },
  { spatial: [7, 5], kernel: [3, 3], stride: [2, 2] },
  { spatial: [7, 5], kernel: [3, 1], stride: [2, 1] },
  { spatial: [3, 5], kernel: [1, 1], stride: [1, 1] },
  { spatial: [3, 4, 5], kernel: [3, 3, 3], stride: [1, 1, 1] },
  { spatial: [4, 4, 6], kernel: [3, 3, 3], stride: [2, 2, 2] },
  { spatial: [3, 5, 7], kernel: [3, 3, 3], stride: [2, 2, 2] },
  { spatial: [3, 5, 4], kernel: [1, 3, 3], stride: [1, 1, 1] },
  { spatial: [3, 5, 4], kernel: [1, 3, 3], stride: [1, 2, 2] },
  { spatial: [3, 5, 4], kernel: [3, 3, 3], stride: [1, 2, 2] },
  { spatial: [2, 3, 3], kernel: [3, 3, 3], stride: [1, 1, 1] },
  { spatial: [1, 2, 3], kernel: [3, 3, 3], stride: [1, 1, 1] },
  { spatial: [2, 3, 4], kernel: [1, 1, 1], stride: [1, 1, 1] },
];
const transposed: Omit<Case, 'kernel'>[] = [
  { spatial: [6, 4], stride: [2, 2] },
  { spatial: [7, 5], stride: [2, 2] },
  { spatial: [3, 5], stride: [1, 2] },
  { spatial: [4, 6, 4], stride: [2, 2, 2] },
  { spatial: [3, 5, 7], stride: [2, 2, 2] },
  { spatial: [3, 4, 6], stride: [1, 2, 2] },
  { spatial: [3, 5, 7], stride: [1, 2, 2] },
];
const title = ({ spatial, stride }: Omit<Case, 'kernel'>): string => `${spatial.join('×')} by ${stride.join('×')}`;

describe('convolution', () => {
  it.each(convolutions.map((c) => [`${title(c)}, kernel ${c.kernel.join('×')}`, c] as const))('%s: values and both gradients', async (_, c) => {
    const inputs = [randomInput([2, ...c.spatial, 2], 1), randomInput([...c.kernel, 2, 3], 2)];
    const { outputError, gradientErrors } = await compareWithReference((ops, [x, w]) => ops.conv(x!, w!, c.stride), inputs);
    expect(outputError).toBeLessThan(1e-5);
    for (const error of gradientErrors) expect(error).toBeLessThan(1e-4);
  });

  it.each(transposed.map((c) => [title(c), c] as const))('transposed, %s: values and both gradients', async (_, c) => {
    const coarse = c.spatial.map((n, axis) => Math.ceil(n / c.stride[axis]!));
    const inputs = [randomInput([2, ...coarse, 3], 3), randomInput([...c.stride, 2, 3], 4)];
    const { outputError, gradientErrors } = await compareWithReference((ops, [x, w]) => ops.convTranspose(x!, w!, c.spatial, c.stride), inputs);
    expect(outputError).toBeLessThan(1e-5);
    for (const error of gradientErrors) expect(error).toBeLessThan(1e-4);
  });

  it.each([[[2, 5, 4, 3]], [[2, 3, 5, 4, 3]]])('bias over [%s]: values and both gradients', async (shape) => {
    const inputs = [randomInput(shape, 5), randomInput([3], 6)];
    const { outputError, gradientErrors } = await compareWithReference((ops, [x, b]) => ops.bias(x!, b!), inputs);
    expect(outputError).toBeLessThan(1e-6);
    for (const error of gradientErrors) expect(error).toBeLessThan(1e-4);
  });
});
