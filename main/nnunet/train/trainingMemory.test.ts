import { describe, expect, it } from 'vitest';
import type { TrainingSpec } from '../../../models/engine.ts';
import { offersBelow, offersFitting, trainingBytes } from './trainingMemory.ts';

const ALONE = { cachedBytes: 0, validationBytes: 0 };
const MB = 2 ** 20;

function specOf(patch: readonly number[], levels: number, batchSize: number, accumulation = 1): TrainingSpec {
  const perAxis = (value: number) => patch.map(() => value);
  return {
    network: {
      dims: patch.length === 2 ? 2 : 3,
      architecture: 'plain',
      norm: 'instance',
      inputChannels: 1,
      classes: 3,
      decoderConvs: 2,
      negativeSlope: 0.01,
      stages: Array.from({ length: levels }, (_, level) => ({
        features: Math.min(32 * 2 ** level, patch.length === 2 ? 512 : 320),
        convs: 2,
        kernel: perAxis(3),
        stride: perAxis(level === 0 ? 1 : 2),
      })),
    },
    patch,
    batchSize,
    accumulation,
    deepSupervisionWeights: [2 / 3, 1 / 3, 0],
    batchDice: true,
    diceIncludesBackground: false,
    diceSmooth: 1e-5,
    supervision: 'subsampledLabels',
    regions: null,
    ignoreClass: null,
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 12 },
    emaDecay: 0,
    precision: 'float32',
    xla: false,
  };
}
const hippocampus = specOf([40, 56, 40], 4, 9);
const choicesOf = (availableMb: number, spec = hippocampus) => offersFitting(spec, ALONE, availableMb * MB).map(({ choices }) => choices);

describe('trainingBytes', () => {
  // npm run bench -- memory, 2026-11-30; docs/benchmarks.md
  it.each([
    ['hippocampus', hippocampus, 2335],
    ['in 3 parts', specOf([40, 56, 40], 4, 9, 3), 1351],
    ['in 9 parts', specOf([40, 56, 40], 4, 9, 9), 985],
    ['64×64×64', specOf([64, 64, 64], 5, 2), 2036],
    ['96×96×96', specOf([96, 96, 96], 5, 2), 4715],
    ['96×96×96 in 2 parts', specOf([96, 96, 96], 5, 2, 2), 2982],
    ['2D', specOf([256, 256], 7, 12), 3752],
  ])('%s is what was measured, within 10 %%', (_name, spec, measuredMb) => {
    expect(Math.abs(trainingBytes(spec, ALONE) / MB / measuredMb - 1)).toBeLessThan(0.1);
  });
  it('counts what is kept of the cases, and a validation that takes more than a step', () => {
    const alone = trainingBytes(hippocampus, ALONE);
    expect(trainingBytes(hippocampus, { cachedBytes: 7, validationBytes: 0 })).toBe(alone + 7);
    expect(trainingBytes(hippocampus, { cachedBytes: 0, validationBytes: 1 })).toBe(alone);
    expect(trainingBytes(hippocampus, { cachedBytes: 0, validationBytes: 4e9 })).toBeGreaterThan(4e9);
  });
});

describe('offersFitting', () => {
  it('offers the fewest parts that fit, then the largest batch', () => {
    expect(choicesOf(1500)).toEqual([{ accumulation: 3 }, { batchSize: 3, accumulation: 1 }]);
    expect(choicesOf(1200)).toEqual([{ accumulation: 5 }, { batchSize: 2, accumulation: 1 }]);
  });
  it('every offer fits by the same formula', () => {
    for (const { choices, neededBytes } of offersFitting(hippocampus, ALONE, 1500 * MB)) {
      expect(neededBytes).toBeLessThanOrEqual(1500 * MB);
      expect(neededBytes).toBe(trainingBytes({ ...hippocampus, ...choices } as TrainingSpec, ALONE));
    }
  });
  it('offers smaller patches where one sample is too much; they stay multiples of what the network halves them by', () => {
    const big = specOf([96, 96, 96], 5, 2);
    const [offer] = choicesOf(2000, big);
    expect(offer!.accumulation).toBe(2);
    expect(offer!.patch!.every((size) => size % 16 === 0 && size >= 32)).toBe(true);
    expect(offer!.patch!.some((size) => size < 96)).toBe(true);
  });
  it('offers nothing where nothing fits', () => expect(choicesOf(300)).toEqual([]));
  it('does not offer the parts that are there already', () => expect(choicesOf(1100, specOf([40, 56, 40], 4, 9, 3))[0]).toEqual({ accumulation: 9 }));
});

describe('offersBelow', () => {
  it('doubles the parts, never above the batch; then it makes patches smaller; the smallest has no offer', () => {
    expect(offersBelow(hippocampus)[0]!.choices).toEqual({ accumulation: 2 });
    expect(offersBelow(specOf([40, 56, 40], 4, 9, 8))[0]!.choices).toEqual({ accumulation: 9 });
    expect(offersBelow(specOf([40, 56, 40], 4, 9, 9))[0]!.choices).toEqual({ patch: [40, 48, 40] });
    expect(offersBelow(specOf([16, 16, 16], 4, 1))).toEqual([]);
  });
});
