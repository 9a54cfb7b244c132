/** Resizing of label maps by a linear vote. (Logits: `resamplePlanes.ts`.) */
import { axisSampling, type AxisRule } from './axisSampling.ts';
import { voxelCount, type ShapeDhw } from './tensorShape.ts';

export type LabelAxisRules = readonly [LabelRule, LabelRule, LabelRule];
type LabelRule = Exclude<AxisRule, 'cubic'>;

/**
 * Each class is resized as a 0/1 image and painted where it reaches ½; of two equal halves the larger class wins, and
 * where no class reaches ½ the result is 0 (nnU-Net v2's `resize_segmentation`, order 1). Returns `labels` itself when
 * shapes agree.
 */
export function resampleLabels<A extends Uint8Array | Uint16Array>(labels: A, from: ShapeDhw, to: ShapeDhw, rules: LabelAxisRules): A {
  if (from.every((count, axis) => count === to[axis])) return labels;
  const [d, h, w] = [0, 1, 2].map((axis) => axisSampling(from[axis]!, to[axis]!, rules[axis]!));
  const out = new (labels.constructor as new (count: number) => A)(voxelCount(to));
  const corners = new Uint16Array(8);
  const weights = new Float64Array(8);
  let target = 0;
  for (let z = 0; z < to[0]; z++) {
    const wd = d!.upperWeight[z]!;
    for (let y = 0; y < to[1]; y++) {
      const wh = h!.upperWeight[y]!;
      const rows = [
        (d!.lower[z]! * from[1] + h!.lower[y]!) * from[2],
        (d!.lower[z]! * from[1] + h!.upper[y]!) * from[2],
        (d!.upper[z]! * from[1] + h!.lower[y]!) * from[2],
        (d!.upper[z]! * from[1] + h!.upper[y]!) * from[2],
      ];
      const rowWeights = [(1 - wd) * (1 - wh), (1 - wd) * wh, wd * (1 - wh), wd * wh];
      for (let x = 0; x < to[2]; x++, target++) {
        const ww = w!.upperWeight[x]!;
        let isUniform = true;
        for (let r = 0; r < 4; r++) {
          corners[2 * r] = labels[rows[r]! + w!.lower[x]!]!;
          corners[2 * r + 1] = labels[rows[r]! + w!.upper[x]!]!;
          weights[2 * r] = rowWeights[r]! * (1 - ww);
          weights[2 * r + 1] = rowWeights[r]! * ww;
          isUniform &&= corners[2 * r] === corners[0] && corners[2 * r + 1] === corners[0];
        }
        out[target] = isUniform ? corners[0]! : winner(corners, weights);
      }
    }
  }
  return out;
}

function winner(corners: Uint16Array, weights: Float64Array): number {
  // sums of eight rounded weights: a half may come out a hair short
  const HALF = 0.5 - 1e-9;
  let best = 0;
  for (let n = 0; n < 8; n++) {
    if (corners[n]! <= best) continue;
    let total = 0;
    for (let m = 0; m < 8; m++) if (corners[m] === corners[n]) total += weights[m]!;
    if (total >= HALF) best = corners[n]!;
  }
  return best;
}
