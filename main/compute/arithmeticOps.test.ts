import { describe, expect, it } from 'vitest';
import { compareWithReference, randomInput } from './testing/gradientCheck.ts';
import type { Expression, Input } from './testing/gradientCheck.ts';

const awayFromZero = (value: number): number => value + 2 * Math.sign(value || 1);
const shape2 = [2, 3, 5, 4];
const shape3 = [2, 3, 2, 5, 4];

async function expectExact(expression: Expression, inputs: readonly Input[]): Promise<void> {
  const { outputError, gradientErrors } = await compareWithReference(expression, inputs);
  expect(outputError).toBeLessThan(1e-5);
  for (const error of gradientErrors) expect(error).toBeLessThan(1e-4);
}

describe.each([
  ['2D', shape2],
  ['3D', shape3],
])('gradients of arithmetic, %s', (_, shape) => {
  const last = shape[shape.length - 1]!;
  const a = randomInput(shape, 1);
  const b = randomInput(shape, 2, awayFromZero);
  const perChannel = randomInput([last], 3, awayFromZero);
  const perSample = randomInput([shape[0]!, ...shape.slice(1, -1).map(() => 1), last], 4, awayFromZero);
  const scalar = randomInput([], 5, awayFromZero);

  it.each<[string, Expression]>([
    ['add', (ops, [x, y]) => ops.add(x!, y!)],
    ['sub', (ops, [x, y]) => ops.sub(x!, y!)],
    ['mul', (ops, [x, y]) => ops.mul(x!, y!)],
    ['div', (ops, [x, y]) => ops.div(x!, y!)],
  ])('%s, with each kind of broadcasting on either side', async (_name, expression) => {
    for (const other of [b, perChannel, perSample, scalar]) await expectExact(expression, [a, other]);
    const divisor = randomInput(shape, 6, awayFromZero);
    for (const other of [perChannel, perSample, scalar]) await expectExact(expression, [other, divisor]);
  });

  it('negate, sum and mean over some and over all axes', async () => {
    const some = shape.slice(1, -1).map((_n, axis) => axis + 1);
    const all = shape.map((_n, axis) => axis);
    await expectExact((ops, [x]) => ops.negate(x!), [a]);
    for (const axes of [some, all, [shape.length - 1]]) {
      await expectExact((ops, [x]) => ops.sum(x!, axes), [a]);
      await expectExact((ops, [x]) => ops.mean(x!, axes), [a]);
    }
  });

  it('softmax and logSoftmax, with logits far apart', async () => {
    const logits = randomInput(shape, 7, (value) => 6 * value);
    await expectExact((ops, [x]) => ops.softmax(x!), [logits]);
    await expectExact((ops, [x]) => ops.logSoftmax(x!), [logits]);
  });

  it('sigmoid and softplus, far from 0 too', async () => {
    const logits = randomInput(shape, 8, (value) => 12 * value);
    await expectExact((ops, [x]) => ops.sigmoid(x!), [logits]);
    await expectExact((ops, [x]) => ops.softplus(x!), [logits]);
  });

  it('adds up the gradients of a tensor that is used twice', async () => {
    await expectExact((ops, [x]) => ops.add(ops.mul(x!, x!), ops.mul(x!, ops.scalar(3))), [a]);
  });
});
