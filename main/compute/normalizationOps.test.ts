import { describe, expect, it } from 'vitest';
import { compareWithReference, evaluateGraph, randomInput } from './testing/gradientCheck.ts';
import type { Expression } from './testing/gradientCheck.ts';

const shapes = [[[3, 6, 5, 4]], [[2, 1, 7, 3]], [[3, 3, 5, 4, 2]], [[1, 4, 4, 2, 5]]];
const EPSILON = 1e-5;
const norm: Expression = (ops, [x, scale, shift]) => ops.instanceNorm(x!, scale!, shift!, EPSILON);

describe('instance norm', () => {
  it.each(shapes)('values and the three gradients over [%s]', async (shape) => {
    const channels = shape[shape.length - 1]!;
    const inputs = [randomInput(shape, 1, (value) => 3 * value + 1), randomInput([channels], 2, (v) => v + 2), randomInput([channels], 3)];
    const { outputError, gradientErrors } = await compareWithReference(norm, inputs);
    expect(outputError).toBeLessThan(1e-5);
    for (const error of gradientErrors) expect(error).toBeLessThan(2e-4);
  });

  it('keeps its precision when the mean is a hundred times the spread', async () => {
    const shape = [2, 4, 6, 5, 3];
    const inputs = [randomInput(shape, 4, (value) => value + 100), randomInput([3], 5, (v) => v + 2), randomInput([3], 6)];
    const { outputError, gradientErrors } = await compareWithReference(norm, inputs);
    expect(outputError).toBeLessThan(1e-4);
    for (const error of gradientErrors) expect(error).toBeLessThan(1e-3);
  });

  it('of a constant map is the shift, with finite gradients', async () => {
    const shape = [2, 3, 3, 2];
    const inputs = [randomInput(shape, 7, () => 5), randomInput([2], 8, () => 2), randomInput([2], 9, () => 0.5)];
    const { output, gradients } = await evaluateGraph(norm, inputs);
    for (const value of output) expect(value).toBeCloseTo(0.5, 3);
    for (const gradient of gradients) expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it('one voxel per map (a bottleneck pooled to 1×1×1) stays finite', async () => {
    const inputs = [randomInput([2, 1, 1, 1, 3], 10), randomInput([3], 11), randomInput([3], 12)];
    const { output, gradients } = await evaluateGraph(norm, inputs);
    expect(output.every(Number.isFinite)).toBe(true);
    for (const gradient of gradients) expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

describe('leaky ReLU', () => {
  // 0.01 away from the kink, which central differences cannot step over
  const awayFromKink = (value: number): number => value + 0.01 * Math.sign(value || 1);
  it.each(shapes)('values and gradient over [%s]', async (shape) => {
    for (const slope of [0.01, 0.2, 0]) {
      const { outputError, gradientErrors } = await compareWithReference((ops, [x]) => ops.leakyRelu(x!, slope), [randomInput(shape, 1, awayFromKink)]);
      expect(outputError).toBeLessThan(1e-6);
      expect(gradientErrors[0]).toBeLessThan(1e-4);
    }
  });

  it('after instance norm: the gradient of the pair', async () => {
    const inputs = [randomInput([2, 3, 5, 4, 3], 2), randomInput([3], 3, (v) => v + 2), randomInput([3], 4)];
    const { gradientErrors } = await compareWithReference((ops, [x, scale, shift]) => ops.leakyRelu(ops.instanceNorm(x!, scale!, shift!, EPSILON), 0.01), inputs);
    for (const error of gradientErrors) expect(error).toBeLessThan(5e-4);
  });
});
