/** Lays what a journal holds over the mask it began with, and says how another mask becomes the same. For a thread of its own. */
import type { Completeness } from '../../../main/contract/completeness.ts';
import { labelTypeUpTo, labelsOfType, typeOfLabels } from '../../../main/contract/labelType.ts';
import type { LabelArray } from '../labelSlots.ts';
import { applyDelta, forEachRun, renumbered, sliceDelta } from './sliceDelta.ts';
import type { SliceDelta } from './sliceDelta.ts';
import type { MaskChange, StrokeEntry } from './strokeEntries.ts';

export interface ReplayedMask {
  /** Label values. */
  readonly labels: LabelArray;
  /** `null`: not changed. */
  readonly completeness: Completeness | null;
}

/** `base` holds label values and is written into where its type is wide enough. */
export function replayStrokes(base: LabelArray, entries: readonly StrokeEntry[], sliceLength: number): ReplayedMask {
  const changes = entries.map((entry) => (entry.kind === 'completeness' ? entry : { ...entry, slices: inLabelValues(entry) }));
  const labels = wideEnough(base, changes);
  let completeness: Completeness | null = null;
  let unfinished: readonly SliceDelta[] = [];
  const lay = (slices: readonly SliceDelta[], way: 'after' | 'before'): void => slices.forEach((delta) => applyDelta(delta, labels, sliceLength, way));
  for (const change of changes) {
    if (change.kind === 'completeness') {
      completeness = change.completeness;
      continue;
    }
    lay(unfinished, 'before');
    unfinished = change.kind === 'unfinished' ? change.slices : [];
    lay(change.slices, change.kind === 'unfinished' ? 'after' : change.way);
  }
  return { labels, completeness };
}

function inLabelValues({ labelValues, slices }: MaskChange): readonly SliceDelta[] {
  return labelValues ? slices.map((delta) => renumbered(delta, (slot) => labelValues[slot] ?? 0)) : slices;
}

function wideEnough(base: LabelArray, changes: readonly StrokeEntry[]): LabelArray {
  let largest = 0;
  for (const change of changes) {
    if (change.kind === 'completeness') continue;
    for (const delta of change.slices) forEachRun(delta, (_start, _length, before, after) => (largest = Math.max(largest, before, after)));
  }
  return typeOfLabels(base) === 'uint16' ? base : labelsOfType(base, labelTypeUpTo(largest));
}

/** What turns `from` into `to`, both in label values; empty where they are the same. */
export function deltasBetween(from: LabelArray, to: LabelArray, sliceLength: number): SliceDelta[] {
  if (from.length !== to.length) throw new RangeError(`masks of ${from.length} and ${to.length} voxels`);
  const deltas: SliceDelta[] = [];
  for (let k = 0; k * sliceLength < from.length; k++) {
    const [start, end] = [k * sliceLength, (k + 1) * sliceLength];
    const delta = sliceDelta(k, from.subarray(start, end), to.subarray(start, end), 0, sliceLength);
    if (delta) deltas.push(delta);
  }
  return deltas;
}

/** Of both masks, without background. */
export function labelValuesIn(slices: readonly SliceDelta[]): number[] {
  const found = new Set<number>();
  for (const delta of slices) forEachRun(delta, (_start, _length, before, after) => void found.add(before).add(after));
  found.delete(0);
  return [...found];
}
