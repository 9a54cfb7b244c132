import { describe, expect, it } from 'vitest';
import { parametersOf } from '../../models/unet.ts';
import { initialWeights } from './initialWeights.ts';
import { tiny3d } from './testing/tinySpecs.ts';

const wide = { ...tiny3d.network, stages: tiny3d.network.stages.map((stage) => ({ ...stage, features: 32 })) };
const parameters = parametersOf(wide, [0]);

describe('initialWeights', () => {
  it('draws kernels He-normal over their fan-in and starts norms at 1 and 0', () => {
    const weights = initialWeights(parameters, 0.01, 5);
    parameters.forEach(({ name, initializer, fanIn }, i) => {
      const values = weights[i]!.values;
      if (initializer !== 'heNormal') return expect(new Set(values)).toEqual(new Set([initializer === 'ones' ? 1 : 0]));
      if (values.length < 2000) return;
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
      expect(deviation * Math.sqrt((1.0001 * fanIn) / 2), name).toBeCloseTo(1, 1);
      expect(Math.abs(mean) / deviation, name).toBeLessThan(0.1);
    });
  });

  it('is the same on every machine', () => {
    const [first] = initialWeights(parameters, 0.01, 5);
    expect([...first!.values.subarray(0, 4)].map((value) => value.toFixed(6))).toMatchInlineSnapshot(`
      [
        "0.057857",
        "-0.586842",
        "-0.875725",
        "-0.368841",
      ]
    `);
  });
});
