import { describe, expect, it } from 'vitest';
import { groupCount } from '../../models/convNorm.ts';
import { Graph } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { compareWithReference, evaluateGraph, randomInput, runGraph } from './testing/gradientCheck.ts';
import type { Expression } from './testing/gradientCheck.ts';
import { referenceOps, referenceTensor } from './testing/referenceOps.ts';

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

const withStatistics = (shape: readonly number[]) => {
  const channels = shape[shape.length - 1]!;
  return [randomInput(shape, 1, (value) => 3 * value + 1), randomInput([channels], 2, (v) => v + 2), randomInput([channels], 3)];
};

describe('batch norm', () => {
  it.each(shapes)('values and the three gradients over [%s]', async (shape) => {
    const { outputError, gradientErrors } = await compareWithReference(
      (ops, [x, scale, shift]) => ops.batchNorm(x!, scale!, shift!, EPSILON).output,
      withStatistics(shape),
    );
    expect(outputError).toBeLessThan(1e-5);
    for (const error of gradientErrors) expect(error).toBeLessThan(2e-4);
  });

  it('hands out mean and unbiased variance of the batch', async () => {
    for (const which of ['mean', 'variance'] as const) {
      const g = new Graph();
      const ops = graphOps(g, 'float32');
      const inputs = withStatistics([3, 6, 5, 4]);
      const placeholders = inputs.map(({ shape }, i) => g.placeholder(`input${i}`, shape, 'float'));
      const statistic = ops.batchNorm(placeholders[0]!, placeholders[1]!, placeholders[2]!, EPSILON)[which];
      const { out } = await runGraph(
        g,
        placeholders.map((placeholder, i) => ({ placeholder, values: inputs[i]!.values })),
        { out: statistic },
      );
      const values = inputs[0]!.values;
      for (let channel = 0; channel < 4; channel++) {
        const own = [...values].filter((_, i) => i % 4 === channel);
        const mean = own.reduce((a, b) => a + b, 0) / own.length;
        const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / (own.length - 1);
        expect(out[channel]).toBeCloseTo(which === 'mean' ? mean : variance, 4);
      }
    }
  });

  it('with given statistics: values', async () => {
    const shape = [2, 3, 5, 4, 2];
    const inputs = [...withStatistics(shape), randomInput([2], 4), randomInput([2], 5, (v) => v + 1.5)].map(({ shape: s, values }) =>
      referenceTensor(s, values),
    );
    const [x, scale, shift, mean, variance] = inputs;
    const expected = referenceOps.normalizeBy(x!, scale!, shift!, mean!, variance!, EPSILON).values;
    const g = new Graph();
    const placeholders = inputs.map(({ shape: s }, i) => g.placeholder(`input${i}`, s, 'float'));
    const [px, pScale, pShift, pMean, pVariance] = placeholders;
    const y = graphOps(g, 'float32').normalizeBy(px!, pScale!, pShift!, pMean!, pVariance!, EPSILON);
    const { out } = await runGraph(
      g,
      placeholders.map((placeholder, i) => ({ placeholder, values: Float32Array.from(inputs[i]!.values) })),
      { out: y },
    );
    expected.forEach((value, i) => expect(out[i]).toBeCloseTo(value, 4));
  });
});

describe('group norm', () => {
  it.each([
    [[3, 6, 5, 4], 2],
    [[2, 3, 5, 4, 6], 3],
    [[2, 3, 5, 4, 6], 6],
    [[2, 3, 5, 4, 6], 1],
  ] as const)('values and the three gradients over [%s] in %d groups', async (shape, groups) => {
    const { outputError, gradientErrors } = await compareWithReference(
      (ops, [x, scale, shift]) => ops.groupNorm(x!, scale!, shift!, groups, EPSILON),
      withStatistics(shape),
    );
    expect(outputError).toBeLessThan(1e-5);
    for (const error of gradientErrors) expect(error).toBeLessThan(2e-4);
  });

  it('with one channel per group is instance norm; groups must divide the channels', async () => {
    const inputs = withStatistics([2, 3, 5, 4, 6]);
    const group = await evaluateGraph((ops, [x, scale, shift]) => ops.groupNorm(x!, scale!, shift!, 6, EPSILON), inputs);
    const instance = await evaluateGraph(norm, inputs);
    group.output.forEach((value, i) => expect(value).toBeCloseTo(instance.output[i]!, 5));
    await expect(evaluateGraph((ops, [x, scale, shift]) => ops.groupNorm(x!, scale!, shift!, 4, EPSILON), inputs)).rejects.toThrow('4 groups');
  });

  it.each([
    [32, 32],
    [320, 32],
    [4, 4],
    [48, 24],
    [33, 11],
    [1, 1],
  ])('%d channels are normalised in %d groups', (channels, groups) => {
    expect(groupCount(channels)).toBe(groups);
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
    const { gradientErrors } = await compareWithReference(
      (ops, [x, scale, shift]) => ops.leakyRelu(ops.instanceNorm(x!, scale!, shift!, EPSILON), 0.01),
      inputs,
    );
    for (const error of gradientErrors) expect(error).toBeLessThan(5e-4);
  });
});
