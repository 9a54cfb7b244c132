import type { NamedArray } from '../../models/engine.ts';
import type { Parameter } from '../../models/parameters.ts';

/** Uniform numbers in (0, 1] from a 32-bit state (mulberry32): the same on every machine. */
function uniformSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 1) / 4294967296;
  };
}

/** He-normal for leaky ReLU (arXiv 1502.01852): standard deviation sqrt(2 / ((1 + slope²)·fanIn)). */
export function initialWeights(parameters: readonly Parameter[], negativeSlope: number, seed: number): NamedArray[] {
  const uniform = uniformSource(seed);
  return parameters.map(({ name, shape, initializer, fanIn }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (initializer === 'ones') values.fill(1);
    if (initializer === 'heNormal') {
      const deviation = Math.sqrt(2 / ((1 + negativeSlope * negativeSlope) * fanIn));
      // Box–Muller
      for (let i = 0; i < values.length; i++) {
        values[i] = deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
      }
    }
    return { name, shape, values };
  });
}
