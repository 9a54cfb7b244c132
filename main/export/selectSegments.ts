/** Which segments of a label map leave the project. */
import { LARGEST_LABEL_VALUE, type Segment } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';

export interface SelectedSegments {
  /** The array given where nothing had to go. */
  readonly voxels: LabelArray;
  /** Wanted segments of the legend and labels that it lacks, ascending. */
  readonly segments: readonly Segment[];
  /** Those of `segments` that are painted somewhere. */
  readonly painted: readonly Segment[];
}

/**
 * `labelValues` absent: every segment. A label that the legend does not know (any more) is kept under the name that
 * `unknownSegment` gives it: it must not be lost silently.
 */
export function selectSegments(
  voxels: LabelArray,
  legend: readonly Segment[],
  labelValues: readonly number[] | undefined,
  unknownSegment: (labelValue: number) => Segment,
): SelectedSegments {
  const isPainted = new Uint8Array(LARGEST_LABEL_VALUE + 1);
  for (let n = 0; n < voxels.length; n++) isPainted[voxels[n]!] = 1;
  const isWanted = new Uint8Array(isPainted.length).fill(labelValues ? 0 : 1);
  for (const value of labelValues ?? []) isWanted[value] = 1;

  const byValue = new Map(legend.map((segment) => [segment.labelValue, segment]));
  const segments: Segment[] = [];
  let isCut = false;
  for (let value = 1; value < isPainted.length; value++) {
    const known = byValue.get(value);
    if (isWanted[value] && (known || isPainted[value])) segments.push(known ?? unknownSegment(value));
    if (isPainted[value] && !isWanted[value]) isCut = true;
  }
  const painted = segments.filter(({ labelValue }) => isPainted[labelValue]);
  return { voxels: isCut ? voxels.map((value) => (isWanted[value] ? value : 0)) : voxels, segments, painted };
}
