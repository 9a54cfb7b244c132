/** Costs, sizes and a forward pass of our networks against nnU-Net v2's own (recorded by networks.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { UNetSpec } from '../../models/engine.ts';
import { featureMapElements } from '../../models/networkCost.ts';
import { parametersOf } from '../../models/unet.ts';
import { noise } from './noise.ts';

const Ints = z.array(z.int());
const Network = z.object({
  kind: z.enum(['plain', 'residual']),
  patch: Ints,
  channels: z.int(),
  classes: z.int(),
  features: Ints,
  kernels: z.array(Ints),
  strides: z.array(Ints),
  blocks: Ints,
  decoder: z.int(),
});
const Recorded = z.object({
  costs: z.record(z.string(), Network.extend({ elements: z.int(), parameters: z.int() })),
  forward: z.object({ spec: Network, logits: z.array(z.number()) }),
});
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'networks.json'), 'utf8')));

function specOf({ kind, patch, channels, classes, features, kernels, strides, blocks, decoder }: z.infer<typeof Network>): UNetSpec {
  return {
    dims: patch.length as 2 | 3,
    architecture: kind,
    norm: 'instance',
    inputChannels: channels,
    classes,
    stages: features.map((count, level) => ({ features: count, convs: blocks[level]!, kernel: kernels[level]!, stride: strides[level]! })),
    decoderConvs: decoder,
    negativeSlope: 0.01,
  };
}
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

describe('networks of nnU-Net v2', () => {
  it.each(Object.entries(recorded.costs))('%s: as many feature-map elements and as many parameters', (_, network) => {
    const spec = specOf(network);
    expect(featureMapElements(spec, network.patch)).toBe(network.elements);
    // its transposed convolutions have a bias only where all convolutions have one, which norms would cancel
    const everyHead = network.features.slice(1).map((_features, level) => level);
    const comparable = parametersOf(spec, everyHead).filter(({ name }) => !name.endsWith('up.bias'));
    expect(comparable.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(network.parameters);
  });

  it('a residual encoder gives the same logits', async () => {
    const { spec: network, logits } = recorded.forward;
    const spec = specOf(network);
    const weights = parametersOf(spec, [0]).map(({ name, shape }) => {
      const values = name.endsWith('up.bias') ? new Float32Array(sizeOf(shape)) : noise(name, sizeOf(shape));
      return { name, shape, values: name.endsWith('scale') ? values.map((value) => 1 + value) : values };
    });
    const engine = await (await loadEngineFactory()).createInference(spec, network.patch, weights);
    const ours = engine.predict(noise('image', sizeOf(network.patch) * network.channels));
    engine.dispose();
    expect(ours.length).toBe(logits.length);
    const largest = Math.max(...logits.map(Math.abs));
    expect(Math.max(...logits.map((value, i) => Math.abs(value - ours[i]!))) / largest).toBeLessThan(1e-5);
  });
});
