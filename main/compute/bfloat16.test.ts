/** Two bfloat16 kernels of TensorFlow 2.21 are wrong on the CPU without a NaN to notice; these hold our ways around them. */
import { describe, expect, it } from 'vitest';
import { cpuRunsBfloat16 } from './testing/bfloat16Support.ts';
import { evaluateGraphs, randomInput } from './testing/gradientCheck.ts';
import type { Expression, Input } from './testing/gradientCheck.ts';

/** Largest relative L2 error of the output and the gradients against the same graph in float32, for each set of inputs. */
async function errorsOf(cases: readonly (readonly [Expression, readonly Input[]])[]): Promise<number[]> {
  const precisions = ['float32', 'bfloat16'] as const;
  const results = await evaluateGraphs(cases.flatMap(([expression, inputs]) => precisions.map((precision) => ({ expression, inputs, precision }))));
  const error = (a: Float32Array, b: Float32Array): number => {
    const square = (of: (i: number) => number) => a.reduce((sum, _, i) => sum + of(i) ** 2, 0);
    return Math.sqrt(square((i) => b[i]! - a[i]!) / (square((i) => a[i]!) + 1e-12));
  };
  return cases.map((_, n) => {
    const [exact, half] = [results[2 * n]!, results[2 * n + 1]!];
    return Math.max(error(exact.output, half.output), ...exact.gradients.map((gradient, i) => error(gradient, half.gradients[i]!)));
  });
}

const errorOf = async (expression: Expression, inputs: readonly Input[]): Promise<number> => (await errorsOf([[expression, inputs]]))[0]!;

const depths = [1, 2, 3, 4, 5];
const planes = [
  [2, 2],
  [2, 5],
  [6, 4],
  [7, 9],
];
const channels = [
  [1, 8],
  [16, 16],
  [32, 8],
];
const configurations = [
  { kernel: [3, 3, 3], stride: [1, 1, 1] },
  { kernel: [3, 3, 3], stride: [2, 2, 2] },
  { kernel: [3, 3, 3], stride: [1, 2, 2] },
  { kernel: [1, 3, 3], stride: [1, 1, 1] },
  { kernel: [1, 1, 1], stride: [1, 1, 1] },
];

describe.skipIf(!cpuRunsBfloat16)('bfloat16 against float32 (skipped where the CPU lacks AVX-512)', () => {
  it.each(depths.flatMap((depth) => configurations.map((c) => [depth, c.kernel.join('×'), c.stride.join('×'), c] as const)))(
    'convolution at depth %d, kernel %s, stride %s: output and gradients within 1 %%',
    async (depth, _kernel, _stride, { kernel, stride }) => {
      const expression: Expression = (ops, [x, w]) => ops.conv(ops.toCompute(x!), ops.toCompute(w!), stride);
      const shapes = planes.flatMap((plane) =>
        channels.map(
          ([from, to]) =>
            [
              [2, depth, ...plane, from!],
              [...kernel, from!, to!],
            ] as const,
        ),
      );
      const errors = await errorsOf(shapes.map(([x, w]) => [expression, [randomInput(x, 1), randomInput(w, 2)]]));
      errors.forEach((error, i) => expect(error, shapes[i]!.join(' by ')).toBeLessThan(0.01));
    },
  );

  it.each([
    [
      [2, 2, 2],
      [4, 6, 4],
    ],
    [
      [1, 2, 2],
      [2, 5, 7],
    ],
    [
      [1, 2, 2],
      [4, 6, 4],
    ],
  ])('transposed convolution by %s to %s', async (stride, spatial) => {
    const coarse = spatial.map((n, axis) => Math.ceil(n / stride[axis]!));
    const inputs = [randomInput([2, ...coarse, 16], 1), randomInput([...stride, 8, 16], 2)];
    const expression: Expression = (ops, [x, w]) => ops.convTranspose(ops.toCompute(x!), ops.toCompute(w!), spatial, stride);
    expect(await errorOf(expression, inputs)).toBeLessThan(0.01);
  });

  it('convolution in 2D', async () => {
    for (const stride of [1, 2]) {
      const inputs = [randomInput([2, 9, 6, 16], 1), randomInput([3, 3, 16, 8], 2)];
      expect(await errorOf((ops, [x, w]) => ops.conv(ops.toCompute(x!), ops.toCompute(w!), [stride, stride]), inputs)).toBeLessThan(0.01);
    }
  });

  it('bias over a large volume: BiasAddGrad would be 15–99 % off', async () => {
    const shape = [2, 24, 32, 24, 4];
    const inputs = [randomInput(shape, 1, (v) => v + 1), randomInput([4], 2)];
    // the weights of the loss vary; a factor without sign makes the sum large
    const expression: Expression = (ops, [x, b]) => ops.mul(ops.toFloat32(ops.bias(ops.toCompute(x!), ops.toCompute(b!))), x!);
    expect(await errorOf(expression, inputs)).toBeLessThan(0.02);
  });

  // every other operation of a network that has a gradient, in 2D, at depth 1 and 2, and large
  const grids = [
    [2, 9, 6, 16],
    [2, 1, 5, 7, 16],
    [2, 2, 6, 4, 16],
    [1, 12, 20, 16, 16],
  ];
  const vector = (seed: number) => randomInput([16], seed, (v) => v + 2);
  const affine = (shape: readonly number[]) => [randomInput(shape, 1, (v) => 2 * v + 0.5), vector(2), vector(3)];
  it.each<[string, Expression, (shape: readonly number[]) => readonly Input[], number]>([
    ['instance norm', (ops, [x, scale, shift]) => ops.instanceNorm(ops.toCompute(x!), scale!, shift!, 1e-5), affine, 0.01],
    ['group norm', (ops, [x, scale, shift]) => ops.groupNorm(ops.toCompute(x!), scale!, shift!, 4, 1e-5), affine, 0.01],
    ['batch norm', (ops, [x, scale, shift]) => ops.batchNorm(ops.toCompute(x!), scale!, shift!, 1e-5).output, affine, 0.01],
    ['bias', (ops, [x, b]) => ops.bias(ops.toCompute(x!), ops.toCompute(b!)), (shape) => [randomInput(shape, 1), vector(2)], 0.01],
    ['sum of a skip', (ops, [a, b]) => ops.add(ops.toCompute(a!), ops.toCompute(b!)), (shape) => [randomInput(shape, 1), randomInput(shape, 2)], 0.01],
    [
      'concatenation',
      (ops, [a, b]) => ops.concatChannels(ops.toCompute(a!), ops.toCompute(b!)),
      (shape) => [randomInput(shape, 1), randomInput(shape, 2)],
      0.01,
    ],
    [
      'average pooling',
      (ops, [x]) =>
        ops.averagePool(
          ops.toCompute(x!),
          ops
            .shapeOf(x!)
            .slice(1, -1)
            .map((n) => Math.min(n, 2)),
        ),
      (shape) => [randomInput(shape, 1)],
      0.01,
    ],
    ['leaky ReLU', (ops, [x]) => ops.leakyRelu(ops.toCompute(x!), 0.01), (shape) => [randomInput(shape, 1)], 0.01],
    // leaky ReLU picks the other branch where rounding crosses zero
    ['instance norm and leaky ReLU', (ops, [x, scale, shift]) => ops.leakyRelu(ops.instanceNorm(ops.toCompute(x!), scale!, shift!, 1e-5), 0.01), affine, 0.05],
  ])('%s', async (_, expression, inputsOf, tolerance) => {
    const errors = await errorsOf(grids.map((shape) => [expression, inputsOf(shape)]));
    errors.forEach((error, i) => expect(error, grids[i]!.join('×')).toBeLessThan(tolerance));
  });
});
