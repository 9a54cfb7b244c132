/** One segment cut out of a mask: a box of the volume and which of its voxels belong to the segment. */
import type { LabelArray } from '../../labelSlots.ts';
import type { MaskEditor, Paint, Triple } from '../maskEditor.ts';

export interface Shape {
  /** First voxel of the box in the volume. */
  readonly from: Triple;
  readonly dims: Triple;
  /** 1 inside, i fastest. */
  readonly inside: Uint8Array;
}

export const voxelCount = (dims: Triple): number => dims[0] * dims[1] * dims[2];

/** Null when no voxel has the label. The box is wider by `marginMm`, as far as the volume goes. */
export function shapeOf(labels: LabelArray, dims: Triple, spacing: Triple, label: number, marginMm = 0): Shape | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  for (let k = 0, row = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++, row += dims[0]) {
      const first = labels.subarray(row, row + dims[0]).indexOf(label);
      if (first < 0) continue;
      const last = labels.subarray(row, row + dims[0]).lastIndexOf(label);
      low[0] = Math.min(low[0]!, first);
      high[0] = Math.max(high[0]!, last);
      low[1] = Math.min(low[1]!, j);
      high[1] = Math.max(high[1]!, j);
      low[2] = Math.min(low[2]!, k);
      high[2] = k;
    }
  }
  if (high[0]! < 0) return null;
  const margin = spacing.map((mm) => Math.ceil(marginMm / mm));
  const from = low.map((value, axis) => Math.max(0, value - margin[axis]!)) as unknown as Triple;
  const size = high.map((value, axis) => Math.min(dims[axis]! - 1, value + margin[axis]!) - from[axis]! + 1) as unknown as Triple;
  return { from, dims: size, inside: insideOf(labels, dims, from, size, label) };
}

/** Of another label in the same box. */
export function insideOf(labels: LabelArray, dims: Triple, from: Triple, size: Triple, label: number): Uint8Array {
  const inside = new Uint8Array(voxelCount(size));
  for (let k = 0, at = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const row = from[0] + dims[0] * (j + from[1] + dims[1] * (k + from[2]));
      for (let n = row; n < row + size[0]; n++, at++) if (labels[n] === label) inside[at] = 1;
    }
  }
  return inside;
}

/** Makes the segment look like `shape` within its box: adds by `paint`, takes away by `erase`. */
export function applyShape(editor: MaskEditor, { from, dims, inside }: Shape, paint: Paint, erase: Paint): void {
  for (let k = 0, at = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0];) {
        const start = i;
        const value = inside[at];
        while (i < dims[0] && inside[at] === value) {
          i++;
          at++;
        }
        editor.paintRow(j + from[1], k + from[2], start + from[0], i - 1 + from[0], value ? paint : erase);
      }
    }
  }
}
