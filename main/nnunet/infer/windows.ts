/** Where the windows of a prediction lie, and how much each voxel of a window counts. */
import { roundHalfEven } from '../../imaging/roundHalfEven.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

/**
 * `gaussian`: nnU-Net v2's. `flatGaussian`: the seed's, the outer product to the power 1 / axes, and so much flatter at
 * the corners. `constant`: the seed's default.
 */
export type Blend = 'gaussian' | 'flatGaussian' | 'constant';

/** First voxel of every window, first axis slowest; negative where the volume is smaller than the patch and lies in its middle. */
export function windowOrigins(shape: ShapeDhw, patch: ShapeDhw, overlap: number): ShapeDhw[] {
  const [d, h, w] = [0, 1, 2].map((axis) => windowStarts(shape[axis]!, patch[axis]!, overlap));
  return d!.flatMap((z) => h!.flatMap((y) => w!.map((x) => [z, y, x] as const)));
}

/**
 * As nnU-Net v2: steps of at most `patch · (1 − overlap)`, evenly spread and rounded (halves to even, as
 * numpy): length 110, patch 64, overlap ½ → 0, 23, 46. The seed takes as many windows but puts all the slack into the last step.
 */
export function windowStarts(size: number, patch: number, overlap: number): number[] {
  if (size <= patch) return [0 - Math.floor((patch - size) / 2)];
  // slices of a 2D patch: one window each
  if (patch === 1) return Array.from({ length: size }, (_, n) => n);
  const count = Math.ceil((size - patch) / (patch * (1 - overlap))) + 1;
  const step = (size - patch) / (count - 1);
  return Array.from({ length: count }, (_, n) => roundHalfEven(step * n));
}

/** Largest value 1, nowhere 0. A Gaussian has σ = an eighth of the patch around voxel ⌊count / 2⌋ of each axis. */
export function importanceMap(patch: ShapeDhw, blend: Blend): Float32Array {
  const map = new Float32Array(patch[0] * patch[1] * patch[2]).fill(1);
  if (blend === 'constant') return map;
  const axes = patch.filter((count) => count > 1).length;
  const power = blend === 'flatGaussian' ? 1 / Math.max(1, axes) : 1;
  const exponent = (n: number, count: number): number => -0.5 * power * ((n - Math.floor(count / 2)) / (count / 8)) ** 2;
  for (let d = 0, n = 0; d < patch[0]; d++) {
    for (let h = 0; h < patch[1]; h++) {
      const rowExponent = exponent(d, patch[0]) + exponent(h, patch[1]);
      // at its smallest e^-24, far from vanishing in float32
      for (let w = 0; w < patch[2]; w++) map[n++] = Math.exp(rowExponent + exponent(w, patch[2]));
    }
  }
  return map;
}
