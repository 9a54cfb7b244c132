import { labelTypeUpTo, labelsOfType } from '../contract/labelType.ts';
import { LARGEST_LABEL_VALUE } from '../contract/vocabulary.ts';
import type { LabelArray } from './connectedComponents.ts';
import type { VoxelArray } from './volume.ts';

export type LabelVoxels = { readonly ok: true; readonly voxels: LabelArray } | { readonly ok: false; readonly detail: string };

/**
 * Voxels as labels 0..65535, or what forbids it: in 8 bits where they hold all, else in 16. Returns `voxels` itself when
 * it is of that type already.
 */
export function labelVoxels(voxels: VoxelArray): LabelVoxels {
  if (voxels instanceof Uint8Array) return { ok: true, voxels };
  let largest = 0;
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (value < 0 || value > LARGEST_LABEL_VALUE || value !== Math.floor(value)) {
      return { ok: false, detail: `value ${value} is not a whole number from 0 to ${LARGEST_LABEL_VALUE}` };
    }
    if (value > largest) largest = value;
  }
  const type = labelTypeUpTo(largest);
  if (voxels instanceof Uint16Array) return { ok: true, voxels: labelsOfType(voxels, type) };
  return { ok: true, voxels: type === 'uint16' ? new Uint16Array(voxels) : new Uint8Array(voxels) };
}

/** The labels that occur, ascending, without background. */
export function labelValuesIn(voxels: LabelArray): number[] {
  const occurs = new Uint8Array(LARGEST_LABEL_VALUE + 1);
  for (let n = 0; n < voxels.length; n++) occurs[voxels[n]!] = 1;
  return Array.from({ length: LARGEST_LABEL_VALUE }, (_, n) => n + 1).filter((value) => occurs[value]);
}
