/** How wide label maps are: 8 bits, and 16 (little endian) where the legend has a value above 255. The one place that says so. */
import { z } from 'zod';
import type { Segment } from './vocabulary.ts';

export const LabelType = z.enum(['uint8', 'uint16']);
export type LabelType = z.infer<typeof LabelType>;

export const BYTES_PER_LABEL: Readonly<Record<LabelType, 1 | 2>> = { uint8: 1, uint16: 2 };
const LARGEST_BYTE = 255;

/** For values from 0 to `largestValue`, which may be class indices too. */
export const labelTypeUpTo = (largestValue: number): LabelType => (largestValue > LARGEST_BYTE ? 'uint16' : 'uint8');

export const labelTypeOf = (legend: readonly Pick<Segment, 'labelValue'>[]): LabelType =>
  labelTypeUpTo(legend.reduce((largest, { labelValue }) => Math.max(largest, labelValue), 0));

export const emptyLabels = (type: LabelType, voxelCount: number): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> =>
  type === 'uint16' ? new Uint16Array(voxelCount) : new Uint8Array(voxelCount);

/** `labels` itself where it has the type; else a copy, whose values must fit. */
export function labelsOfType<A extends Uint8Array | Uint16Array>(labels: A, type: LabelType): A | Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  if (labels.BYTES_PER_ELEMENT === BYTES_PER_LABEL[type]) return labels;
  const copy = emptyLabels(type, labels.length);
  copy.set(labels);
  return copy;
}

/** What the bulk plane answers, in place: the byte count says the type. `null` where it is that of neither. */
export function labelsFromBytes(bytes: ArrayBuffer, voxelCount: number): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | null {
  if (bytes.byteLength === voxelCount) return new Uint8Array(bytes);
  return bytes.byteLength === voxelCount * BYTES_PER_LABEL.uint16 ? new Uint16Array(bytes) : null;
}

/** Of a label map in memory. */
export const typeOfLabels = (labels: Uint8Array | Uint16Array): LabelType => (labels instanceof Uint16Array ? 'uint16' : 'uint8');
