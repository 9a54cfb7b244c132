/** What the viewer makes of a mask in which unpainted does not simply mean background. Of the worker too, so no text of the window stands here. */
import { PAINTED_BACKGROUND, canPaintBackground, type Completeness } from '../../../main/contract/completeness.ts';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import type { LabelArray } from '../../viewer/labelSlots.ts';

export const paintsBackground = ({ unpainted, knownLabels }: Completeness, legend: readonly Segment[]): boolean =>
  (unpainted === 'unknown' || knownLabels !== null) && canPaintBackground(legend);

/** Slices across k. */
export const isSliceComplete = ({ completeSlices }: Completeness, indexK: number | null): boolean =>
  completeSlices.some(({ axis, index }) => axis === 'k' && index === indexK);

export function withSliceToggled(completeness: Completeness, indexK: number): Pick<Completeness, 'completeSlices'> {
  const others = completeness.completeSlices.filter(({ axis, index }) => axis !== 'k' || index !== indexK);
  return { completeSlices: isSliceComplete(completeness, indexK) ? others : [...others, { axis: 'k', index: indexK }] };
}

/** A copy of `labels` with the value of painted background where `background` has ones and nothing else is painted. */
export function withPaintedBackground(labels: LabelArray, background: Uint8Array): Uint16Array<ArrayBuffer> {
  const merged = Uint16Array.from(labels);
  for (let n = 0; n < merged.length; n++) if (background[n] && merged[n] === 0) merged[n] = PAINTED_BACKGROUND;
  return merged;
}
