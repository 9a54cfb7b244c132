import { describe, expect, it } from 'vitest';
import { uncropVolume } from '../../imaging/crop.ts';
import { inverseOrder, transposeVolume } from '../../imaging/tensorShape.ts';
import type { Plan } from '../plan/plan.ts';
import type { CaseGeometry } from '../preprocess/preprocess.ts';
import { boxProbabilities, networkPart } from './boxProbabilities.ts';

const plan = (transposeForward: Plan['transposeForward'], regions: Plan['regions'] = null): Plan => ({
  version: 2,
  preset: 'v2',
  transposeForward,
  regions,
  ignoreClass: null,
  ignoreLabelValue: null,
  configurations: [],
  channels: [],
  classes: [
    { labelValue: 1, name: 'a' },
    { labelValue: 2, name: 'b' },
  ],
});
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('probabilities of a box', () => {
  it('are those of the whole volume where both grids are one, turned back and not beyond the crop', () => {
    const turned = plan([2, 0, 1]);
    const geometry: CaseGeometry = {
      storedShapeDhw: [4, 5, 6],
      cropBox: { begin: [1, 1, 2], end: [3, 4, 6] },
      croppedShapeDhw: [4, 2, 3],
      croppedSpacingMm: [1, 1, 1],
      shapeDhw: [4, 2, 3],
      spacingMm: [1, 1, 1],
    };
    const logits = Float32Array.from({ length: 24 * 3 }, (_, n) => Math.sin(n * 1.7) * 3);
    const ofTwo = Float32Array.from({ length: 24 }, (_, n) => {
      const [a, b, c] = [0, 1, 2].map((o) => Math.exp(logits[3 * n + o]!)) as [number, number, number];
      return (255 * c) / (a + b + c);
    });
    const whole = uncropVolume(transposeVolume(ofTwo, [4, 2, 3], inverseOrder([2, 0, 1])), geometry.storedShapeDhw, geometry.cropBox);
    const all = { begin: [0, 0, 0], shape: [4, 5, 6] } as const;
    const part = networkPart(all, geometry, turned)!;
    expect(part).toEqual({ begin: [0, 0, 0], shape: [4, 2, 3] });
    expect(boxProbabilities(logits, part, all, 2, geometry, turned)).toEqual(Uint8Array.from(whole, Math.round));
    expect(networkPart({ begin: [0, 0, 0], shape: [1, 5, 6] }, geometry, turned)).toBeNull();
  });

  it('are mixed linearly between the voxels of a coarser network', () => {
    const geometry: CaseGeometry = {
      storedShapeDhw: [1, 1, 12],
      cropBox: { begin: [0, 0, 0], end: [1, 1, 12] },
      croppedShapeDhw: [1, 1, 12],
      croppedSpacingMm: [1, 1, 1],
      shapeDhw: [1, 1, 6],
      spacingMm: [1, 1, 2],
    };
    const box = { begin: [0, 0, 4], shape: [1, 1, 4] } as const;
    const straight = plan([0, 1, 2], [{ name: 'a', labelValues: [1], paintsClass: 1 }] as unknown as Plan['regions']);
    const part = networkPart(box, geometry, straight)!;
    const logits = Float32Array.from({ length: part.shape[2] }, (_, n) => 0.4 * (n + part.begin[2]) - 1);
    const expected = [4, 5, 6, 7].map((v) => Math.round(255 * sigmoid(0.4 * ((v + 0.5) / 2 - 0.5) - 1)));
    expect([...boxProbabilities(logits, part, box, 1, geometry, straight)]).toEqual(expected);
  });

  it('of regions are those of not being painted over', () => {
    const geometry: CaseGeometry = {
      storedShapeDhw: [1, 1, 1],
      cropBox: { begin: [0, 0, 0], end: [1, 1, 1] },
      croppedShapeDhw: [1, 1, 1],
      croppedSpacingMm: [1, 1, 1],
      shapeDhw: [1, 1, 1],
      spacingMm: [1, 1, 1],
    };
    const regions = [
      { name: 'whole', paintsClass: 1 },
      { name: 'core', paintsClass: 2 },
    ] as unknown as Plan['regions'];
    const one = { begin: [0, 0, 0], shape: [1, 1, 1] } as const;
    const logits = Float32Array.of(3, 1);
    expect(boxProbabilities(logits, one, one, 1, geometry, plan([0, 1, 2], regions))[0]).toBe(Math.round(255 * (1 - sigmoid(1))));
    expect(boxProbabilities(logits, one, one, 2, geometry, plan([0, 1, 2], regions))[0]).toBe(Math.round(255 * sigmoid(1)));
  });
});
