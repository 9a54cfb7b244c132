import { describe, expect, it } from 'vitest';
import { dilateBall, erodeBall } from './ballMorphology.ts';
import type { ShapeDhw } from './tensorShape.ts';

const shape: ShapeDhw = [6, 9, 8];
/** By the definition: for every voxel, every voxel of the ball. */
function dilatedByDefinition(mask: Uint8Array, [nd, nh, nw]: ShapeDhw, radius: number): Uint8Array {
  return mask.map((_, n) => {
    const [d, h, w] = [Math.floor(n / nh / nw), Math.floor(n / nw) % nh, n % nw];
    return mask.some((value, m) => {
      const [e, i, x] = [Math.floor(m / nh / nw), Math.floor(m / nw) % nh, m % nw];
      return value === 1 && (d - e) ** 2 + (h - i) ** 2 + (w - x) ** 2 <= radius ** 2 && nd > 0;
    })
      ? 1
      : 0;
  });
}
const mask = Uint8Array.from({ length: 6 * 9 * 8 }, (_, n) => ((n * 7919) % 23 === 0 ? 1 : 0));
const solid = Uint8Array.from(mask, (value) => 1 - value);

describe('morphology with a ball', () => {
  it.each([1, 2, 3, 8])('grows as the definition says, radius %i', (radius) => {
    expect(dilateBall(mask, shape, radius)).toEqual(dilatedByDefinition(mask, shape, radius));
  });

  it.each([1, 2, 3])('shrinking is growing of the rest, radius %i', (radius) => {
    const rest = dilatedByDefinition(
      solid.map((value) => 1 - value),
      shape,
      radius,
    );
    expect(erodeBall(solid, shape, radius)).toEqual(rest.map((value) => 1 - value));
  });

  it('the border of the volume shrinks nothing', () => {
    expect(erodeBall(new Uint8Array(8).fill(1), [2, 2, 2], 3)).toEqual(new Uint8Array(8).fill(1));
  });
});
