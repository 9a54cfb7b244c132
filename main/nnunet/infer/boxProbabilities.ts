/** Probabilities in a box of the stored grid, from logits of the part of the network's space that covers it. */
import { axisSampling, sourcePosition } from '../../imaging/axisSampling.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { CaseGeometry } from '../preprocess/preprocess.ts';
import type { Plan } from '../plan/plan.ts';
import { toProbabilities } from './classDecision.ts';
import { outputCountOf } from './storedClasses.ts';
import type { WindowSource } from './windowSource.ts';

/** First voxel and voxel counts, along whatever axes. */
export interface Part {
  readonly begin: ShapeDhw;
  readonly shape: ShapeDhw;
}

/** Place along network axis `t` of the centre of stored voxel `v`, in voxels. */
const placeOf = (v: number, t: number, { cropBox, croppedShapeDhw, shapeDhw }: CaseGeometry, { transposeForward }: Plan): number =>
  sourcePosition(v - cropBox.begin[transposeForward[t]!]!, shapeDhw[t]!, croppedShapeDhw[t]!);

/** `box` in stored axes. `null`: all of it lies outside of what the network sees, so it is background. */
export function networkPart(box: Part, geometry: CaseGeometry, plan: Plan): Part | null {
  const begin: number[] = [];
  const shape: number[] = [];
  for (let t = 0; t < 3; t++) {
    const axis = plan.transposeForward[t]!;
    const low = Math.max(box.begin[axis]!, geometry.cropBox.begin[axis]!);
    const high = Math.min(box.begin[axis]! + box.shape[axis]!, geometry.cropBox.end[axis]!) - 1;
    if (high < low) return null;
    const last = geometry.shapeDhw[t]! - 1;
    begin.push(Math.min(last, Math.max(0, Math.floor(placeOf(low, t, geometry, plan)))));
    shape.push(Math.min(last, Math.max(0, Math.ceil(placeOf(high, t, geometry, plan)))) - begin[t]! + 1);
  }
  return { begin: begin as unknown as ShapeDhw, shape: shape as unknown as ShapeDhw };
}

/** The same source, counted from `begin`: what lies around the part is still seen. */
export const sourceFrom = (source: WindowSource, [d, h, w]: ShapeDhw): WindowSource => ({
  channels: source.channels,
  read: (origin, patch, out, outBegin) => source.read([origin[0] + d, origin[1] + h, origin[2] + w], patch, out, outBegin),
});

/**
 * Of class `classIndex` (1 … as in the plan) for each voxel of `box`, in 255ths, last stored axis fastest. Logits [D, H, W, outputs]
 * of `part` are mixed linearly. Regions: of being painted and not painted over.
 */
export function boxProbabilities(logits: Float32Array, part: Part, box: Part, classIndex: number, geometry: CaseGeometry, plan: Plan): Uint8Array<ArrayBuffer> {
  const outputs = outputCountOf(plan);
  const strides = [part.shape[1] * part.shape[2] * outputs, part.shape[2] * outputs, outputs];
  const axes = [0, 1, 2].map((axis) => mixOf(box, axis, part, strides, geometry, plan));
  const [depth, height, width] = box.shape;
  const bytes = new Uint8Array(depth * height * width);
  const mixed = new Float32Array(outputs);
  for (let d = 0, at = 0; d < depth; d++) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++, at++) {
        if (!(axes[0]!.isSeen[d] && axes[1]!.isSeen[h] && axes[2]!.isSeen[w])) continue;
        mixed.fill(0);
        for (let corner = 0; corner < 8; corner++) {
          const [a, b, c] = [2 * d + (corner & 1), 2 * h + ((corner >> 1) & 1), 2 * w + (corner >> 2)];
          const weight = axes[0]!.weights[a]! * axes[1]!.weights[b]! * axes[2]!.weights[c]!;
          if (weight === 0) continue;
          const from = axes[0]!.offsets[a]! + axes[1]!.offsets[b]! + axes[2]!.offsets[c]!;
          for (let o = 0; o < outputs; o++) mixed[o] = mixed[o]! + weight * logits[from + o]!;
        }
        toProbabilities(mixed, outputs, plan.regions);
        bytes[at] = Math.round(255 * probabilityOf(mixed, classIndex, plan));
      }
    }
  }
  return bytes;
}

/** Two neighbours with their weights for each voxel along one stored axis, as whole predictions are brought back to their image. */
function mixOf(box: Part, axis: number, part: Part, strides: readonly number[], { cropBox, croppedShapeDhw, shapeDhw }: CaseGeometry, plan: Plan) {
  const t = plan.transposeForward.indexOf(axis as 0 | 1 | 2);
  const count = box.shape[axis]!;
  const [offsets, weights, isSeen] = [new Uint32Array(2 * count), new Float32Array(2 * count), new Uint8Array(count)];
  const { lower, upper, upperWeight } = axisSampling(shapeDhw[t]!, croppedShapeDhw[t]!, 'linear');
  for (let n = 0; n < count; n++) {
    const v = box.begin[axis]! + n - cropBox.begin[axis]!;
    if (v < 0 || v >= lower.length) continue;
    isSeen[n] = 1;
    offsets[2 * n] = (lower[v]! - part.begin[t]!) * strides[t]!;
    offsets[2 * n + 1] = (upper[v]! - part.begin[t]!) * strides[t]!;
    weights[2 * n] = 1 - upperWeight[v]!;
    weights[2 * n + 1] = upperWeight[v]!;
  }
  return { offsets, weights, isSeen };
}

function probabilityOf(probabilities: Float32Array, classIndex: number, { regions }: Plan): number {
  if (!regions) return probabilities[classIndex]!;
  let own = 0;
  regions.forEach(({ paintsClass }, n) => (own = paintsClass === classIndex ? Math.max(own, probabilities[n]!) : Math.min(own, 1 - probabilities[n]!)));
  return own;
}
