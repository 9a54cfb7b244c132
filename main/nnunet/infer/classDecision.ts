/** From what the network puts out to classes: largest of exclusive classes, or regions painted in the plan's order. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';

/** How the outputs of a network are meant. `null`: one logit per class with background, softmax. */
export type PaintedRegions = readonly { readonly paintsClass: number }[] | null;

/** Softmax over the outputs of each voxel, or a sigmoid of each where there are regions; in place, channels last. */
export function toProbabilities(logits: Float32Array, outputs: number, regions: PaintedRegions): void {
  if (regions) {
    for (let n = 0; n < logits.length; n++) logits[n] = 1 / (1 + Math.exp(-logits[n]!));
    return;
  }
  for (let begin = 0; begin < logits.length; begin += outputs) {
    let largest = logits[begin]!;
    for (let c = 1; c < outputs; c++) if (logits[begin + c]! > largest) largest = logits[begin + c]!;
    let sum = 0;
    for (let c = 0; c < outputs; c++) sum += logits[begin + c] = Math.exp(logits[begin + c]! - largest);
    for (let c = 0; c < outputs; c++) logits[begin + c] = logits[begin + c]! / sum;
  }
}

/**
 * Classes of the voxels of `values` (logits with `threshold` 0, probabilities with ½) into `out` from `outBegin`. Softmax:
 * the largest, of equals the first. Regions: each paints its class where it is above the threshold, later over earlier
 * (nnU-Net v2).
 */
export function decideClasses(values: Float32Array, outputs: number, regions: PaintedRegions, threshold: 0 | 0.5, out: LabelArray, outBegin: number): void {
  for (let begin = 0, at = outBegin; begin < values.length; begin += outputs, at++) {
    let chosen = 0;
    if (regions) {
      for (let c = 0; c < outputs; c++) if (values[begin + c]! > threshold) chosen = regions[c]!.paintsClass;
    } else {
      for (let c = 1; c < outputs; c++) if (values[begin + c]! > values[begin + chosen]!) chosen = c;
    }
    out[at] = chosen;
  }
}

/** Mean of the members' planes, in the first's memory. */
export function averageInto(first: Float32Array, others: readonly Float32Array[]): void {
  const scale = 1 / (others.length + 1);
  for (let n = 0; n < first.length; n++) {
    let sum = first[n]!;
    for (const other of others) sum += other[n]!;
    first[n] = sum * scale;
  }
}
