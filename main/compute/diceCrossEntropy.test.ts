import { describe, expect, it } from 'vitest';
import { deepSupervisedLoss, diceCrossEntropy } from '../../models/diceCrossEntropy.ts';
import { compareWithReference, randomInput } from './testing/gradientCheck.ts';
import type { Expression } from './testing/gradientCheck.ts';
import { referenceOps, referenceTensor } from './testing/referenceOps.ts';
import { tiny3d } from './testing/tinySpecs.ts';

const SMOOTH = 1e-5;
const labelsOf = (count: number, classes: number): number[] => Array.from({ length: count }, (_, i) => (i * 5 + (i >> 2)) % classes);

const lossOf =
  (batchDice: boolean): Expression =>
  (ops, [logits, target]) =>
    diceCrossEntropy(ops, logits!, target!, batchDice, SMOOTH);

describe('Dice + cross-entropy', () => {
  it('of uniform logits: ln(classes) minus the Dice of a constant guess', () => {
    const logits = referenceTensor([1, 2, 2, 2]);
    const target = referenceOps.oneHot(referenceTensor([1, 2, 2], [0, 1, 1, 1]), 2);
    const { values } = diceCrossEntropy(referenceOps, logits, target, true, 0);
    // overlap 3·½, predicted 4·½, reference 3
    expect(values[0]).toBeCloseTo(Math.log(2) - (2 * 1.5) / (2 + 3), 12);
  });

  it('of perfect logits is -1, also for a class that is nowhere', () => {
    const target = referenceOps.oneHot(referenceTensor([1, 2, 2], [0, 1, 1, 0]), 3);
    const logits = referenceTensor(target.shape, target.values.map((value) => 60 * value));
    expect(diceCrossEntropy(referenceOps, logits, target, true, SMOOTH).values[0]).toBeCloseTo(-1, 6);
  });

  it('per sample differs from the whole batch', () => {
    const target = referenceOps.oneHot(referenceTensor([2, 1, 4], [0, 0, 0, 1, 1, 1, 1, 1]), 2);
    const logits = referenceTensor(target.shape, randomInput(target.shape, 1).values);
    const [whole, single] = [true, false].map((batchDice) => diceCrossEntropy(referenceOps, logits, target, batchDice, SMOOTH).values[0]!);
    expect(Math.abs(whole! - single!)).toBeGreaterThan(1e-3);
  });

  it.each([
    ['2D', [2, 5, 4, 3], true],
    ['2D per sample', [2, 5, 4, 3], false],
    ['3D', [2, 2, 5, 4, 3], true],
    ['3D per sample', [2, 2, 5, 4, 3], false],
  ] as const)('%s: value and gradient of the graph', async (_, shape, batchDice) => {
    const voxels = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const target = referenceOps.oneHot(referenceTensor(shape.slice(0, -1), labelsOf(voxels, 3)), 3);
    const inputs = [randomInput(shape, 1, (v) => 3 * v), { shape, values: Float32Array.from(target.values) }];
    const { outputError, gradientErrors } = await compareWithReference(lossOf(batchDice), inputs);
    expect(outputError).toBeLessThan(1e-5);
    expect(gradientErrors[0]).toBeLessThan(1e-3);
  });

  it('deep supervision weighs the levels and takes every stride-th label', () => {
    const levels = [
      [2, 6, 12, 16, 3],
      [2, 6, 6, 8, 3],
    ];
    const labels = referenceTensor([2, 6, 12, 16], labelsOf(2 * 6 * 12 * 16, 3));
    const outputs = new Map(levels.map((shape, level) => [level, referenceTensor(shape, randomInput(shape, level + 1).values)]));
    const loss = (level: number, stride: number[]) => {
      const target = referenceOps.oneHot(referenceOps.subsample(labels, stride), 3);
      return diceCrossEntropy(referenceOps, outputs.get(level)!, target, tiny3d.batchDice, tiny3d.diceSmooth).values[0]!;
    };
    const expected = (2 / 3) * loss(0, [1, 1, 1, 1]) + (1 / 3) * loss(1, [1, 1, 2, 2]);
    expect(deepSupervisedLoss(referenceOps, tiny3d, outputs, labels).values[0]).toBeCloseTo(expected, 12);
  });
});
