/** Segments that may overlap, to one label for each voxel. What happens where they do overlap is asked for, counted and said. */
import { AppException, type AppError } from '../../contract/errors.ts';
import { emptyLabels, labelTypeOf, typeOfLabels } from '../../contract/labelType.ts';
import type { LabelRegion, Segment } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { combinationsOf, type Combination, type Combinations } from './combinations.ts';
import { legendOfCombinations, legendOfSegments, type Legend } from './segmentLegend.ts';
import type { Segmentation } from './segmentation.ts';

/**
 * `order`: one segment over the other. `keep`: what belongs to several segments gets a label of its own, and regions say
 * what each segment consists of. `refuse`: an error.
 */
export type OverlapRule = 'order' | 'keep' | 'refuse';

export interface LabelmapOptions {
  readonly overlap: OverlapRule;
  /** Names, the uppermost last. Others lie below, in the order of the object. Only for `order`. */
  readonly order?: readonly string[];
  /** For segments without a colour of their own. */
  readonly defaultColor: (labelValue: number) => Segment['colorRgb'];
}

export interface Labelmap {
  /** On the grid of the segmentation. */
  readonly labels: LabelArray;
  /** Named once each. Label values are the numbers of the object where these can be, else counted from 1. */
  readonly segments: readonly Segment[];
  /** Only for `keep`, and only when segments overlap. Larger ones first, so that inner ones are painted over them. */
  readonly regions: readonly LabelRegion[] | null;
  readonly overlapVoxelCount: number;
  readonly warnings: readonly AppError[];
}

/**
 * `path` names the file in errors. Makes one mask at a time. Throws `import/segments-overlap` when that is refused, and
 * `import/label-values` when more combinations occur than there are labels.
 */
export function labelmapOf(segmentation: Segmentation, options: LabelmapOptions, path: string): Labelmap {
  const legend = legendOfSegments(segmentation.segments, options.defaultColor);
  const combinations = combinationsOf(segmentation, path);
  const overlaps = combinations.list.filter(({ members, voxelCount }) => members.length > 1 && voxelCount > 0);
  const overlapVoxelCount = overlaps.reduce((sum, { voxelCount }) => sum + voxelCount, 0);
  const warnings = [...legend.warnings.map((detail): AppError => ({ code: 'import/doubtful', path, detail }))];
  if (overlaps.length === 0 || options.overlap === 'order') {
    if (overlaps.length > 0) warnings.push(orderWarning(overlaps, overlapVoxelCount, legend.segments, path));
    const rank = ranks(legend.segments, options.order ?? []);
    const valueOf = ({ members }: Combination) => legend.segments[topmost(members, rank)]!.labelValue;
    return { labels: paint(combinations, legend.segments, valueOf), segments: legend.segments, regions: null, overlapVoxelCount, warnings };
  }
  if (options.overlap === 'refuse') {
    throw new AppException({ code: 'import/segments-overlap', path, detail: described(overlaps, legend.segments) });
  }
  const kept = legendOfCombinations(legend, combinations.list, path);
  const labels = paint(combinations, kept.segments, (combination) => kept.valueOf.get(combination)!);
  return { labels, segments: kept.segments, regions: kept.regions, overlapVoxelCount, warnings };
}

/** In place where the width allows it. */
function paint({ ids, list }: Combinations, segments: Legend['segments'], valueOf: (combination: Combination) => number): LabelArray {
  const type = labelTypeOf(segments);
  const labels = typeOfLabels(ids) === type ? ids : emptyLabels(type, ids.length);
  const values = new Uint16Array(list.length + 1);
  list.forEach((combination, n) => {
    if (combination.voxelCount > 0) values[n + 1] = valueOf(combination);
  });
  for (let n = 0; n < ids.length; n++) labels[n] = values[ids[n]!]!;
  return labels;
}

/** Height of each segment above the others. */
function ranks(segments: Legend['segments'], order: readonly string[]): number[] {
  return segments.map(({ name }, index) => {
    const place = order.indexOf(name);
    return place < 0 ? index : segments.length + place;
  });
}

const topmost = (members: readonly number[], rank: readonly number[]): number => members.reduce((top, member) => (rank[member]! > rank[top]! ? member : top));

function orderWarning(overlaps: readonly Combination[], voxelCount: number, segments: Legend['segments'], path: string): AppError {
  const detail = `${voxelCount} voxel${voxelCount === 1 ? '' : 's'} belong to several segments and went to the uppermost one: ${described(overlaps, segments)}`;
  return { code: 'import/doubtful', path, detail };
}

const LISTED = 5;

/** e.g. `'Liver' and 'Tumour' share 120 voxels`; the largest first. */
function described(overlaps: readonly Combination[], segments: Legend['segments']): string {
  const largestFirst = [...overlaps].sort((a, b) => b.voxelCount - a.voxelCount);
  const parts = largestFirst.slice(0, LISTED).map(({ members, voxelCount }) => {
    const names = members.map((member) => `'${segments[member]!.name}'`);
    return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} share ${voxelCount} voxel${voxelCount === 1 ? '' : 's'}`;
  });
  if (largestFirst.length > LISTED) parts.push(`${largestFirst.length - LISTED} more combinations`);
  return parts.join('; ');
}
