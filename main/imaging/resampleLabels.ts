/** Resizing of label maps by a linear vote. (Logits: `resamplePlanes.ts`.) */
import { axisSampling, type AxisRule } from './axisSampling.ts';
import { voxelCount, type ShapeDhw } from './tensorShape.ts';

export type LabelAxisRules = readonly [LabelRule, LabelRule, LabelRule];
type LabelRule = Exclude<AxisRule, 'cubic'>;

/**
 * Who gets a voxel, when each label is resized as a 0/1 image. `most`: the label with the largest value; of equals the one
 * at the nearest source voxel, or the smallest when that is none of them (nnU-Net v2 with batchgenerators 0.25.5). `half`:
 * the largest label that reaches ½, or 0 where none does (the seed, and v2 before). Equal is to the last bit, as there.
 */
export type LabelVote = 'most' | 'half';

/** Returns `labels` itself when shapes agree. */
export function resampleLabels<A extends Uint8Array | Uint16Array>(labels: A, from: ShapeDhw, to: ShapeDhw, rules: LabelAxisRules, vote: LabelVote): A {
  if (from.every((count, axis) => count === to[axis])) return labels;
  const nearest = [0, 1, 2].map((axis) => axisSampling(from[axis]!, to[axis]!, 'nearest').lower);
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
        if (isUniform) out[target] = corners[0]!;
        else if (vote === 'half') out[target] = largestWithHalf(corners, weights);
        else out[target] = mostVoted(corners, weights, labels[(nearest[0]![z]! * from[1] + nearest[1]![y]!) * from[2] + nearest[2]![x]!]!);
      }
    }
  }
  return out;
}

function votesFor(label: number, corners: Uint16Array, weights: Float64Array): number {
  let total = 0;
  for (let n = 0; n < 8; n++) if (corners[n] === label) total += weights[n]!;
  return total;
}

function largestWithHalf(corners: Uint16Array, weights: Float64Array): number {
  let best = 0;
  for (let n = 0; n < 8; n++) {
    if (corners[n]! > best && votesFor(corners[n]!, corners, weights) >= 0.5) best = corners[n]!;
  }
  return best;
}

function mostVoted(corners: Uint16Array, weights: Float64Array, nearest: number): number {
  let best = corners[0]!;
  let most = votesFor(best, corners, weights);
  for (let n = 1; n < 8; n++) {
    if (corners[n] === best) continue;
    const votes = votesFor(corners[n]!, corners, weights);
    if (votes > most || (votes === most && corners[n]! < best)) {
      best = corners[n]!;
      most = votes;
    }
  }
  return nearest !== best && votesFor(nearest, corners, weights) === most ? nearest : best;
}
