/** Growing of all labels of a map at once, each up to where another one is nearer. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

/**
 * For each voxel of `labels` [D, H, W] the label of the nearest labelled voxel within `reachMm` (voxel centre to voxel centre;
 * of equally near ones the one before), 0 where there is none. A new array. Squared distances are separable: one pass for
 * each axis, line by line; beside the result it needs four bytes per voxel.
 */
export function labelsNearby<A extends LabelArray>(labels: A, shape: ShapeDhw, spacingDhwMm: ShapeDhw, reachMm: number): A {
  const nearest = labels.slice() as A;
  const squaredMm2 = Float32Array.from(labels, (label) => (label === 0 ? Infinity : 0));
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  for (const axis of [2, 1, 0] as const)
    growAlong(nearest, squaredMm2, shape[axis], strides[axis], spacingDhwMm[axis], Math.floor(reachMm / spacingDhwMm[axis]));
  const limit = reachMm * reachMm * (1 + 1e-6); // spacings are rounded
  for (let n = 0; n < nearest.length; n++) if (squaredMm2[n]! > limit) nearest[n] = 0;
  return nearest;
}

function growAlong(nearest: LabelArray, squaredMm2: Float32Array, count: number, stride: number, spacingMm: number, reach: number): void {
  if (reach === 0) return;
  const lineLabels = nearest.slice(0, count);
  const lineSquares = new Float32Array(count);
  const stepSquares = Float32Array.from({ length: reach + 1 }, (_, step) => (step * spacingMm) ** 2);
  const lines = nearest.length / count;
  for (let line = 0; line < lines; line++) {
    const begin = Math.floor(line / stride) * stride * count + (line % stride);
    let isEmpty = true;
    for (let at = 0, n = begin; at < count; at++, n += stride) {
      lineLabels[at] = nearest[n]!;
      lineSquares[at] = squaredMm2[n]!;
      if (lineSquares[at] !== Infinity) isEmpty = false;
    }
    if (isEmpty) continue;
    for (let at = 0, n = begin; at < count; at++, n += stride) {
      let best = lineSquares[at]!;
      if (best === 0) continue;
      const last = Math.min(count - 1, at + reach);
      for (let other = Math.max(0, at - reach); other <= last; other++) {
        const square = lineSquares[other]! + stepSquares[Math.abs(other - at)]!;
        if (square >= best) continue;
        best = square;
        nearest[n] = lineLabels[other]!;
      }
      squaredMm2[n] = best;
    }
  }
}
