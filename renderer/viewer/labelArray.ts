import { labelsOfType, labelTypeOf } from '../../main/contract/labelType.ts';
import type { Segment } from '../../main/contract/vocabulary.ts';

/** Voxels of an editable labelmap. */
export type LabelArray = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** `labels` itself where every label of the legend can be painted into it, else a copy in 16 bits. */
export function wideEnough(labels: LabelArray, legend: readonly Pick<Segment, 'labelValue'>[]): LabelArray {
  return labelTypeOf(legend) === 'uint16' ? labelsOfType(labels, 'uint16') : labels;
}
