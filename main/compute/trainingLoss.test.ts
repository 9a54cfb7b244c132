/** The losses by hand on the float64 reference, and value and gradient of the graph against it. */
import { describe, expect, it } from 'vitest';
import { diceBinaryCrossEntropy } from '../../models/diceBinaryCrossEntropy.ts';
import { diceCrossEntropy } from '../../models/diceCrossEntropy.ts';
import type { TrainingSpec } from '../../models/engine.ts';
import type { DiceOptions } from '../../models/softDice.ts';
import { deepSupervisedLoss } from '../../models/trainingLoss.ts';
import { Graph } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { compareWithReference, randomInput, runGraph } from './testing/gradientCheck.ts';
import { referenceOps, referenceTensor } from './testing/referenceOps.ts';
import type { ReferenceTensor } from './testing/referenceOps.ts';
import { tiny2d, tiny3d } from './testing/tinySpecs.ts';

const options = (changes: Partial<DiceOptions> = {}): DiceOptions => ({ batchDice: true, smooth: 1e-5, firstChannel: 1, ...changes });
const labelsOf = (count: number, classes: number): number[] => Array.from({ length: count }, (_, i) => (i * 5 + (i >> 2)) % classes);
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Rows of voxels: what a textbook would write, without tensors. Voxels of a sample follow each other. */
interface Voxels {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly samples: number;
}
function voxelsOf(logits: ReferenceTensor, labels: ReferenceTensor): Voxels {
  const channels = logits.shape[logits.shape.length - 1]!;
  const rows = Array.from({ length: labels.values.length }, (_, i) => [...logits.values.subarray(i * channels, (i + 1) * channels)]);
  return { logits: rows, labels: [...labels.values], samples: labels.shape[0]! };
}
const softmaxOf = (row: readonly number[]): number[] => {
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
  return row.map((x) => Math.exp(x) / total);
};
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Mean Dice over channels from `first`, of `membership(label)` against `probs(row)`, voxels with label `ignored` left out. */
function dice(
  v: Voxels,
  s: number,
  batchDice: boolean,
  first: number,
  ignored: number | null,
  probs: (row: readonly number[]) => number[],
  members: (label: number, channel: number) => boolean,
): number {
  const channels = v.logits[0]!.length;
  const perSample = v.labels.length / v.samples;
  const groups = batchDice ? [0] : Array.from({ length: v.samples }, (_, n) => n);
  const scores = groups.flatMap((group) =>
    Array.from({ length: channels - first }, (_, k) => {
      const c = k + first;
      let [overlap, predicted, truth] = [0, 0, 0];
      v.labels.forEach((label, i) => {
        if (label === ignored || (!batchDice && Math.floor(i / perSample) !== group)) return;
        const p = probs(v.logits[i]!)[c]!;
        predicted += p;
        if (members(label, c)) [overlap, truth] = [overlap + p, truth + 1];
      });
      return (2 * overlap + s) / (predicted + truth + s);
    }),
  );
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function softmaxByHand(v: Voxels, spec: Pick<TrainingSpec, 'batchDice' | 'diceSmooth' | 'diceIncludesBackground' | 'ignoreClass'>): number {
  const known = v.labels.flatMap((label, i) => (label === spec.ignoreClass ? [] : [i]));
  const crossEntropy = known.reduce((sum, i) => sum - Math.log(softmaxOf(v.logits[i]!)[v.labels[i]!]!), 0) / Math.max(1, known.length);
  const first = spec.diceIncludesBackground ? 0 : 1;
  return crossEntropy - dice(v, spec.diceSmooth, spec.batchDice, first, spec.ignoreClass, softmaxOf, (label, c) => label === c);
}

function regionsByHand(v: Voxels, spec: Pick<TrainingSpec, 'batchDice' | 'diceSmooth' | 'ignoreClass'>, regions: readonly (readonly number[])[]): number {
  const known = v.labels.flatMap((label, i) => (label === spec.ignoreClass ? [] : [i]));
  const entropy = (x: number, isIn: boolean) => -Math.log(isIn ? sigmoid(x) : sigmoid(-x));
  const total = known.reduce((sum, i) => sum + regions.reduce((s, classes, r) => s + entropy(v.logits[i]![r]!, classes.includes(v.labels[i]!)), 0), 0);
  const crossEntropy = total / Math.max(1, known.length * regions.length);
  return (
    crossEntropy -
    dice(
      v,
      spec.diceSmooth,
      spec.batchDice,
      0,
      spec.ignoreClass,
      (row) => row.map(sigmoid),
      (label, r) => regions[r]!.includes(label),
    )
  );
}

/** One output without deep supervision. */
function lossOf(spec: TrainingSpec, logits: ReferenceTensor, labels: ReferenceTensor): number {
  return deepSupervisedLoss(referenceOps, { ...spec, deepSupervisionWeights: [1] }, new Map([[0, logits]]), labels).values[0]!;
}

const randomLogits = (shape: readonly number[], seed = 1): ReferenceTensor => referenceTensor(shape, randomInput(shape, seed, (v) => 3 * v).values);

describe('Dice + cross-entropy', () => {
  it('of uniform logits: ln(classes) minus the Dice of a constant guess', () => {
    const logits = referenceTensor([1, 2, 2, 2]);
    const target = referenceOps.oneHot(referenceTensor([1, 2, 2], [0, 1, 1, 1]), 2);
    const { values } = diceCrossEntropy(referenceOps, logits, target, false, options({ smooth: 0 }));
    // overlap 3·½, predicted 4·½, reference 3
    expect(values[0]).toBeCloseTo(Math.log(2) - (2 * 1.5) / (2 + 3), 12);
  });

  it('of perfect logits is -1, also for a class that is nowhere', () => {
    const target = referenceOps.oneHot(referenceTensor([1, 2, 2], [0, 1, 1, 0]), 3);
    const logits = referenceTensor(
      target.shape,
      target.values.map((value) => 60 * value),
    );
    expect(diceCrossEntropy(referenceOps, logits, target, false, options()).values[0]).toBeCloseTo(-1, 6);
  });

  it.each(
    [true, false].flatMap((batchDice) =>
      [true, false].flatMap((diceIncludesBackground) => [null, 4].map((ignoreClass) => ({ batchDice, diceIncludesBackground, ignoreClass }))),
    ),
  )('by hand: %o', (changes) => {
    const spec = { ...tiny2d, ...changes };
    const labels = referenceTensor([3, 5, 4], labelsOf(60, changes.ignoreClass === null ? 4 : 5));
    const logits = randomLogits([3, 5, 4, 4]);
    expect(lossOf(spec, logits, labels)).toBeCloseTo(softmaxByHand(voxelsOf(logits, labels), spec), 10);
  });
});

describe('Dice + binary cross-entropy of regions', () => {
  const regions = [[1, 2, 3], [2, 3], [3]];
  it.each([true, false].flatMap((batchDice) => [null, 4].map((ignoreClass) => ({ batchDice, ignoreClass }))))('by hand: %o', (changes) => {
    const spec = { ...tiny2d, ...changes, regions, network: { ...tiny2d.network, classes: 3 } };
    const labels = referenceTensor([3, 5, 4], labelsOf(60, changes.ignoreClass === null ? 4 : 5));
    const logits = randomLogits([3, 5, 4, 3]);
    expect(lossOf(spec, logits, labels)).toBeCloseTo(regionsByHand(voxelsOf(logits, labels), spec, regions), 10);
  });

  it('a class of no region is background, also one above all that regions name', () => {
    const spec = { ...tiny2d, regions: [[1], [3]], network: { ...tiny2d.network, classes: 2 } };
    const logits = randomLogits([1, 2, 4, 2]);
    const loss = (values: number[]) => lossOf(spec, logits, referenceTensor([1, 2, 4], values));
    expect(loss([0, 1, 2, 3, 5, 7, 2, 1])).toBe(loss([0, 1, 0, 3, 0, 0, 0, 1]));
  });

  it('refuses regions that do not fit the outputs, and an ignored class that has an output', () => {
    const [logits, labels] = [randomLogits([1, 2, 2, 4]), referenceTensor([1, 2, 2])];
    expect(() => lossOf({ ...tiny2d, regions: [[1], [2]] }, logits, labels)).toThrow('2 regions for 4 outputs');
    expect(() => lossOf({ ...tiny2d, regions: [[1], [2], [], [3]] }, logits, labels)).toThrow('without a class');
    expect(() => lossOf({ ...tiny2d, ignoreClass: 3 }, logits, labels)).toThrow('ignored class 3');
  });
});

describe.each([
  ['softmax', { ...tiny3d, ignoreClass: 3 }],
  ['regions', { ...tiny3d, ignoreClass: 3, regions: [[1, 2], [2], [1]] }],
] as [string, TrainingSpec][])('ignored voxels, %s', (_, spec) => {
  const shapes = [
    [2, 6, 12, 16, 3],
    [2, 6, 6, 8, 3],
  ];
  const labels = referenceTensor([2, 6, 12, 16], labelsOf(2 * 6 * 12 * 16, 4));
  const at = (seed: number): Map<number, ReferenceTensor> => new Map(shapes.map((shape, level) => [level, randomLogits(shape, seed + level)]));

  it.each(['subsampledLabels', 'upsampledLogits'] as const)('logits there change nothing at any level, %s', (supervision) => {
    const outputs = at(1);
    const other = at(11);
    const mixed = new Map(
      [...outputs].map(([level, logits]) => {
        const [sy, sx] = [12 / logits.shape[2]!, 16 / logits.shape[3]!];
        const values = logits.values.map((value, i) => {
          const [n, d, h, w] = [
            Math.floor(i / sizeOf(logits.shape.slice(1))),
            ...[2, 3, 4].map((axis) => Math.floor(i / sizeOf(logits.shape.slice(axis))) % logits.shape[axis - 1]!),
          ] as [number, number, number, number];
          const label = (y: number, x: number) => labels.values[((n * 6 + d) * 12 + h * sy + y) * 16 + w * sx + x];
          const block = supervision === 'subsampledLabels' ? [label(0, 0)] : Array.from({ length: sy * sx }, (_n, k) => label(Math.floor(k / sx), k % sx));
          return block.every((l) => l === 3) ? other.get(level)!.values[i]! : value;
        });
        return [level, referenceTensor(logits.shape, values)] as const;
      }),
    );
    const loss = (of: Map<number, ReferenceTensor>) => deepSupervisedLoss(referenceOps, { ...spec, supervision }, of, labels).values[0]!;
    expect(mixed.get(0)!.values).not.toEqual(outputs.get(0)!.values);
    expect(loss(mixed)).toBeCloseTo(loss(outputs), 12);
    expect(loss(other)).not.toBeCloseTo(loss(outputs), 3);
  });

  it('nothing annotated: cross-entropy 0, Dice that of nothing found where nothing is, no gradient', async () => {
    const g = new Graph();
    const ops = graphOps(g, 'float32');
    const logits = randomInput([2, 6, 12, 16, 3], 1);
    const placeholder = g.placeholder('logits', logits.shape, 'float');
    const nothing = g.constant(new Int32Array(2 * 6 * 12 * 16).fill(3), [2, 6, 12, 16]);
    const loss = deepSupervisedLoss(ops, { ...spec, deepSupervisionWeights: [1] }, new Map([[0, placeholder]]), nothing);
    const [gradient] = g.gradients(loss, [placeholder]);
    const result = await runGraph(g, [{ placeholder, values: logits.values }], { loss, gradient: gradient! });
    expect(result.loss[0]).toBe(-1);
    expect(result.gradient.every((value) => value === 0)).toBe(true);
  });
});

describe('value and gradient of the graph', () => {
  it.each([
    ['2D', [2, 5, 4, 3]],
    ['3D', [2, 2, 5, 4, 3]],
  ] as const)('%s: softmax and regions; batch and sample; all and part annotated', async (_, shape) => {
    const labels = referenceTensor(shape.slice(0, -1), labelsOf(sizeOf(shape.slice(0, -1)), 4));
    const oneHot = referenceOps.oneHot(labels, 3);
    const full = referenceOps.oneHot(
      referenceTensor(
        labels.shape,
        labels.values.map((l) => l % 3),
      ),
      3,
    );
    const regions = referenceOps.lookUp(labels, [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    const mask = referenceOps.sum(oneHot, [shape.length - 1]);
    const logits = randomInput(shape, 1, (v) => 3 * v);
    const input = (t: ReferenceTensor) => ({ shape: t.shape, values: Float32Array.from(t.values) });
    for (const batchDice of [true, false]) {
      const comparisons = [
        await compareWithReference((ops, [x, t]) => diceCrossEntropy(ops, x!, t!, false, options({ batchDice })), [logits, input(full)]),
        await compareWithReference((ops, [x, t]) => diceCrossEntropy(ops, x!, t!, true, options({ batchDice, firstChannel: 0 })), [logits, input(oneHot)]),
        await compareWithReference(
          (ops, [x, t]) => diceBinaryCrossEntropy(ops, x!, t!, null, options({ batchDice, firstChannel: 0 })),
          [logits, input(regions)],
        ),
        await compareWithReference(
          (ops, [x, t, m]) => diceBinaryCrossEntropy(ops, x!, t!, m!, options({ batchDice, firstChannel: 0 })),
          [logits, input(regions), input(mask)],
        ),
      ];
      for (const { outputError, gradientErrors } of comparisons) {
        expect(outputError).toBeLessThan(1e-5);
        expect(gradientErrors[0]).toBeLessThan(1e-3);
      }
    }
  });

  it.each([
    ['softmax', { ...tiny3d, ignoreClass: 3 }],
    ['regions', { ...tiny3d, ignoreClass: 3, regions: [[1, 2], [2], [1]] }],
    ["the seed's supervision", { ...tiny3d, supervision: 'upsampledLogits', diceSmooth: 1e-6 }],
  ] as [string, TrainingSpec][])('deep supervision from labels of integers, %s', async (_, spec) => {
    const shapes = [
      [2, 6, 12, 16, 3],
      [2, 6, 6, 8, 3],
    ];
    const inputs = shapes.map((shape, level) => randomInput(shape, level + 1, (v) => 3 * v));
    const labels = Int32Array.from(labelsOf(2 * 6 * 12 * 16, spec.ignoreClass === null ? 3 : 4));
    const expected = deepSupervisedLoss(
      referenceOps,
      spec,
      new Map(inputs.map(({ shape, values }, level) => [level, referenceTensor(shape, values)])),
      referenceTensor([2, 6, 12, 16], labels),
    );
    const g = new Graph();
    const outputs = inputs.map(({ shape }, level) => g.placeholder(`level${level}`, shape, 'float'));
    const loss = deepSupervisedLoss(graphOps(g, 'float32'), spec, new Map(outputs.map((t, level) => [level, t])), g.constant(labels, [2, 6, 12, 16]));
    const { result } = await runGraph(
      g,
      inputs.map(({ values }, level) => ({ placeholder: outputs[level]!, values })),
      { result: loss },
    );
    expect(result[0]).toBeCloseTo(expected.values[0]!, 5);
  });
});

describe('deep supervision', () => {
  const labels = referenceTensor([2, 6, 12, 16], labelsOf(2 * 6 * 12 * 16, 3));
  const outputs = new Map(
    [
      [2, 6, 12, 16, 3],
      [2, 6, 6, 8, 3],
    ].map((shape, level) => [level, randomLogits(shape, level + 1)]),
  );

  it('weighs the levels and takes every stride-th label', () => {
    const level = (which: number, stride: number[]) => lossOf(tiny3d, outputs.get(which)!, referenceOps.subsample(labels, stride));
    const expected = (2 / 3) * level(0, [1, 1, 1, 1]) + (1 / 3) * level(1, [1, 1, 2, 2]);
    expect(deepSupervisedLoss(referenceOps, tiny3d, outputs, labels).values[0]).toBeCloseTo(expected, 12);
  });

  it("the seed's: coarse logits repeated to full size, full labels, weights 0.533/0.267 as they are given, smooth 1e-6", () => {
    const spec: TrainingSpec = { ...tiny3d, supervision: 'upsampledLogits', diceSmooth: 1e-6, deepSupervisionWeights: [8 / 15, 4 / 15, 2 / 15] };
    const [fine, coarse] = [outputs.get(0)!, outputs.get(1)!];
    const repeated = referenceTensor(fine.shape);
    repeated.values.forEach((_, i) => {
      const [c, w, h, rest] = [i % 3, Math.floor(i / 3) % 16, Math.floor(i / 48) % 12, Math.floor(i / 576)];
      repeated.values[i] = coarse.values[((rest * 6 + Math.floor(h / 2)) * 8 + Math.floor(w / 2)) * 3 + c]!;
    });
    const byHand = (logits: ReferenceTensor) => softmaxByHand(voxelsOf(logits, labels), spec);
    expect(deepSupervisedLoss(referenceOps, spec, outputs, labels).values[0]).toBeCloseTo((8 / 15) * byHand(fine) + (4 / 15) * byHand(repeated), 10);
  });
});
