/** Our losses and optimisers against nnunetv2's loss classes and torch.optim (recorded by lossAndOptimizers.py, inputs by formula). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Graph } from '../../main/compute/graph.ts';
import { graphOps } from '../../main/compute/graphOps.ts';
import { randomValues, runGraph } from '../../main/compute/testing/gradientCheck.ts';
import { tiny3d } from '../../main/compute/testing/tinySpecs.ts';
import { gradientsOfStep, openUpdateRig } from '../../main/compute/testing/updateRig.ts';
import type { OptimizerSpec, TrainingSpec } from '../../models/engine.ts';
import { deepSupervisedLoss } from '../../models/trainingLoss.ts';

const Loss = z.object({ loss: z.number(), gradientNorm: z.number(), gradient: z.array(z.number()) });
const Recorded = z.object({
  softmax: z.record(z.string(), Loss),
  regions: z.record(z.string(), Loss),
  optimizers: z.record(z.string(), z.object({ steps: z.int(), weights: z.array(z.array(z.number())) })),
});
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'lossAndOptimizers.json'), 'utf8')));

const SHAPE = [2, 3, 5, 4];
const VOXELS = 120;
const REGIONS = [[1, 2, 3], [2, 3], [3]];

async function ourLoss(name: string, regions: TrainingSpec['regions']): Promise<{ loss: number; gradient: Float32Array }> {
  const ignoreClass = name.endsWith('ignore') ? 4 : null;
  const channels = regions?.length ?? 4;
  const spec: TrainingSpec = {
    ...tiny3d,
    regions,
    ignoreClass,
    batchDice: name.startsWith('batch'),
    deepSupervisionWeights: [1],
    network: { ...tiny3d.network, classes: channels },
  };
  const g = new Graph();
  const placeholder = g.placeholder('logits', [...SHAPE, channels], 'float');
  const labels = Int32Array.from({ length: VOXELS }, (_, i) => (i * 5 + (i >> 2)) % (ignoreClass === null ? 4 : 5));
  const loss = deepSupervisedLoss(graphOps(g, 'float32'), spec, new Map([[0, placeholder]]), g.constant(labels, SHAPE));
  const values = randomValues(VOXELS * channels, 1).map((v) => 3 * v);
  const result = await runGraph(g, [{ placeholder, values }], { loss, gradient: g.gradients(loss, [placeholder])[0]! });
  return { loss: result.loss[0]!, gradient: result.gradient };
}

describe.each([
  ['softmax', null],
  ['regions', REGIONS],
] as const)("nnunetv2's loss, %s", (kind, regions) => {
  it.each(Object.keys(recorded[kind]))('%s: value and gradient to 1e-5', async (name) => {
    const expected = recorded[kind][name]!;
    const { loss, gradient } = await ourLoss(name, regions);
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
    const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    expect(norm / expected.gradientNorm).toBeCloseTo(1, 5);
    expected.gradient.forEach((value, i) => expect(Math.abs(gradient[i]! - value) / expected.gradientNorm).toBeLessThan(1e-5));
  });
});

const shared = { weightDecay: 0, clipNorm: 0 };
const optimizers: Record<string, OptimizerSpec> = {
  "nnU-Net's SGD": { kind: 'sgd', momentum: 0.99, nesterov: true, weightDecay: 3e-2, weightDecayOn: 'everything', clipNorm: 2 },
  RAdam: { kind: 'radam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...shared },
  'SGD without Nesterov': { kind: 'sgd', momentum: 0.9, nesterov: false, ...shared },
};

describe('torch.optim', () => {
  it.each(Object.keys(recorded.optimizers))('%s: weights after 20 steps of a falling rate to 1e-5', async (name) => {
    const { steps, weights } = recorded.optimizers[name]!;
    const rig = await openUpdateRig(optimizers[name]!);
    for (let step = 1; step <= steps; step++) rig.step(gradientsOfStep(step), 1, 0.01 * (1 - (step - 1) / steps) ** 0.9);
    const now = rig.read();
    weights.forEach((values, i) => values.forEach((value, k) => expect(Math.abs(now[i]!.values[k]! - value)).toBeLessThan(1e-5)));
    rig.dispose();
  });
});
