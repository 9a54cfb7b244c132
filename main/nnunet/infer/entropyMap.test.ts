/** Entropies against those of Python's `math` for the same numbers: -sum(p * log2(p)). */
import { describe, expect, it } from 'vitest';
import type { Plan } from '../plan/plan.ts';
import type { CaseGeometry } from '../preprocess/preprocess.ts';
import { toProbabilities, type PaintedRegions } from './classDecision.ts';
import { EntropyMap, entropiesOf, type OutputKind } from './entropyMap.ts';

function entropies(values: readonly number[], kind: OutputKind, outputs: number, regions: PaintedRegions = null): number[] {
  const out = new Uint8Array(values.length / outputs);
  entropiesOf(Float32Array.from(values), kind, outputs, regions, out, 0);
  return [...out];
}
const regions = [{ paintsClass: 1 }, { paintsClass: 2 }];

describe('entropiesOf', () => {
  it('of two classes: a coin toss is 255, certainty is 0, however large the logits', () => {
    expect(entropies([0, 0, 2, 0, 800, -800, -800, 800], 'logits', 2)).toEqual([255, 134, 0, 0]);
  });

  it('of three and four classes: at most one bit', () => {
    expect(entropies([5, 1, -1, 1.5, 1.2, 0.3, 0, 0, 0], 'logits', 3)).toEqual([39, 255, 255]);
    expect(entropies([0, -10, -10, -10], 'logits', 4)).toEqual([1]);
  });

  it('of regions: that of the least sure one', () => {
    expect(entropies([0, 4, 1, -3, -3, -3], 'logits', 2, regions)).toEqual([255, 214, 70]);
  });

  it.each([
    ['classes', null],
    ['regions', regions],
  ] as const)('is the same from probabilities: %s', (_, of) => {
    const logits = Float32Array.from({ length: 200 }, (_, n) => 4 * Math.sin(n * n));
    const probabilities = logits.slice();
    toProbabilities(probabilities, 2, of);
    const [a, b] = [entropies([...logits], 'logits', 2, of), entropies([...probabilities], 'probabilities', 2, of)];
    a.forEach((value, n) => expect(Math.abs(value - b[n]!)).toBeLessThanOrEqual(1));
  });
});

describe('EntropyMap', () => {
  const plan = { transposeForward: [0, 1, 2], regions: null, classes: [{ labelValue: 1, name: 'a' }] } as unknown as Plan;
  const geometry = { croppedShapeDhw: [2, 1, 2], storedShapeDhw: [2, 1, 4], cropBox: { begin: [0, 0, 1], end: [2, 1, 3] } } as unknown as CaseGeometry;

  it('takes planes in order and lies on the stored grid, sure outside the crop', () => {
    const map = new EntropyMap();
    map.add(Float32Array.of(0, 0, 9, -9), 'logits', geometry, plan);
    expect(() => map.onStoredGrid()).toThrow('not passed whole');
    map.add(Float32Array.of(2, 0, 0, 0), 'logits', geometry, plan);
    expect([...map.onStoredGrid()]).toEqual([0, 255, 0, 0, 0, 134, 255, 0]);
  });
});
