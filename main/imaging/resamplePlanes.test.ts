import { describe, expect, it } from 'vitest';
import { resampleImage } from './resample.ts';
import type { LabelAxisRules } from './resampleLabels.ts';
import { resamplePlanes } from './resamplePlanes.ts';
import { voxelCount, type ShapeDhw } from './tensorShape.ts';

const COMPONENTS = 3;
const value = (component: number, n: number): number => Math.sin(n * 0.7 * (component + 1)) * 3 + ((n * 37) % 11);

/** Planes in one buffer that each overwrites, as the contract allows; what was handed out is spoilt afterwards. */
async function* planesOf([nd, nh, nw]: ShapeDhw, given = nd): AsyncGenerator<Float32Array> {
  const plane = new Float32Array(nh * nw * COMPONENTS);
  for (let d = 0; d < given; d++) {
    for (let n = 0; n < plane.length; n++) plane[n] = value(n % COMPONENTS, d * nh * nw + Math.floor(n / COMPONENTS));
    yield plane;
    plane.fill(NaN);
    await Promise.resolve();
  }
}

async function collected(planes: AsyncIterable<Float32Array>): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for await (const plane of planes) all.push(plane.slice());
  return all;
}

describe('resizing plane by plane', () => {
  it.each<[string, ShapeDhw, ShapeDhw, LabelAxisRules]>([
    ['up', [4, 5, 6], [7, 8, 11], ['linear', 'linear', 'linear']],
    ['down', [9, 8, 7], [3, 5, 2], ['linear', 'linear', 'linear']],
    ['mixed, nearest slices', [4, 5, 6], [11, 3, 9], ['nearest', 'linear', 'linear']],
    ['fewer nearest slices', [11, 5, 6], [4, 5, 9], ['nearest', 'linear', 'linear']],
    ['nearest columns', [3, 4, 5], [5, 4, 12], ['linear', 'linear', 'nearest']],
    ['one slice', [1, 5, 6], [3, 7, 6], ['linear', 'linear', 'linear']],
    ['nothing', [3, 4, 5], [3, 4, 5], ['linear', 'linear', 'linear']],
  ])('equals resizing each component as a whole volume: %s', async (_, from, to, rules) => {
    const planes = await collected(resamplePlanes(planesOf(from), COMPONENTS, from, to, rules));
    expect(planes.length).toBe(to[0]);
    for (let c = 0; c < COMPONENTS; c++) {
      const whole = resampleImage(
        Float32Array.from({ length: voxelCount(from) }, (__, n) => value(c, n)),
        from,
        to,
        rules,
      );
      const mine = planes.flatMap((plane) => [...plane.filter((__, n) => n % COMPONENTS === c)]);
      expect(Math.max(...mine.map((v, n) => Math.abs(v - whole[n]!)))).toBeLessThan(1e-5);
    }
  });

  it('ends early when its source does', async () => {
    const planes = await collected(resamplePlanes(planesOf([6, 3, 3], 2), COMPONENTS, [6, 3, 3], [12, 3, 3], ['linear', 'linear', 'linear']));
    expect(planes.length).toBeLessThan(12);
  });
});
