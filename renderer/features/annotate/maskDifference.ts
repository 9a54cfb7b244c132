/** Where two masks of a case differ, voxel by voxel. */

/** What stands in `MaskDifference.voxels`. */
export const ADDED = 1;
export const REMOVED = 2;
export const CHANGED = 3;

export interface LabelDifference {
  readonly labelValue: number;
  /** Have the label after and not before, whatever they had then. */
  readonly added: number;
  readonly removed: number;
}

export interface MaskDifference {
  /** 0 where the masks agree, else `ADDED` (was background), `REMOVED` (is background now) or `CHANGED` (another label). */
  readonly voxels: Uint8Array<ArrayBuffer>;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Of the labels that differ somewhere, in ascending order. */
  readonly labels: readonly LabelDifference[];
  /** The slice along k with most differing voxels; `null`: there are none. */
  readonly worstSliceK: number | null;
}

export function maskDifference(before: ArrayLike<number>, after: ArrayLike<number>, sliceVoxelCount = before.length): MaskDifference {
  if (before.length !== after.length) throw new RangeError(`masks of ${before.length} and ${after.length} voxels`);
  const voxels = new Uint8Array(before.length);
  const counts = [0, 0, 0, 0];
  const gained = new Map<number, number>();
  const lost = new Map<number, number>();
  const perSlice = new Float64Array(Math.ceil(before.length / sliceVoxelCount) || 1);
  const count = (of: Map<number, number>, label: number): void => void of.set(label, (of.get(label) ?? 0) + 1);
  for (let n = 0; n < voxels.length; n++) {
    const [was, is] = [before[n]!, after[n]!];
    if (was === is) continue;
    const kind = was === 0 ? ADDED : is === 0 ? REMOVED : CHANGED;
    voxels[n] = kind;
    counts[kind]!++;
    perSlice[Math.floor(n / sliceVoxelCount)]!++;
    if (is !== 0) count(gained, is);
    if (was !== 0) count(lost, was);
  }
  const labels = [...new Set([...gained.keys(), ...lost.keys()])].sort((a, b) => a - b);
  const most = Math.max(...perSlice);
  return {
    voxels,
    added: counts[ADDED]!,
    removed: counts[REMOVED]!,
    changed: counts[CHANGED]!,
    labels: labels.map((labelValue) => ({ labelValue, added: gained.get(labelValue) ?? 0, removed: lost.get(labelValue) ?? 0 })),
    worstSliceK: most > 0 ? perSlice.indexOf(most) : null,
  };
}
