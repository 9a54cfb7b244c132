/**
 * What an unpainted voxel of a label map means. Masks on disk hold only labels of the legend; this stands beside them
 * (docs/decisions/0008).
 */
import { z } from 'zod';
import { LARGEST_LABEL_VALUE, LabelValue, type LabelRules, type Segment } from './vocabulary.ts';

const Index = z.int().nonnegative();
const TripleIjk = z.tuple([Index, Index, Index]).readonly();

export const GridAxis = z.enum(['i', 'j', 'k']);
export type GridAxis = z.infer<typeof GridAxis>;

export const Completeness = z
  .object({
    /** `unknown`: nobody has looked there yet, so it counts nowhere in a training. */
    unpainted: z.enum(['background', 'unknown']),
    /** The labels that somebody looked for; `null`: all of the legend. Others may hide anywhere where nothing is painted. */
    knownLabels: z.array(LabelValue).min(1).nullable(),
    /** Slices across an axis of the stored grid in which unpainted is background all the same. */
    completeSlices: z.array(z.object({ axis: GridAxis, index: Index })).max(100_000),
    /** Boxes of the same meaning; `endIjk` is the first voxel beyond. */
    completeBoxes: z.array(z.object({ beginIjk: TripleIjk, endIjk: TripleIjk })).max(10_000),
  })
  .readonly();
export type Completeness = z.infer<typeof Completeness>;

/** As it is kept with a revision. */
export const RevisionCompleteness = Completeness.unwrap().extend({
  /** Voxels painted as background; a file beside the mask says which. */
  backgroundVoxelCount: z.int().nonnegative(),
});
export type RevisionCompleteness = z.infer<typeof RevisionCompleteness>;

export const COMPLETE: RevisionCompleteness = { unpainted: 'background', knownLabels: null, completeSlices: [], completeBoxes: [], backgroundVoxelCount: 0 };

/**
 * Stands for painted background in what a viewer uploads, never in a mask on disk. A legend that has this label has no brush
 * for background.
 */
export const PAINTED_BACKGROUND = LARGEST_LABEL_VALUE;

export const canPaintBackground = (legend: readonly Pick<Segment, 'labelValue'>[]): boolean =>
  legend.every(({ labelValue }) => labelValue !== PAINTED_BACKGROUND);

/** Labels of the legend that nobody looked for in this mask. */
export function unknownSegments(
  { knownLabels }: Completeness,
  legend: readonly Segment[],
  { ignoreLabelValue }: Pick<LabelRules, 'ignoreLabelValue'>,
): Segment[] {
  if (knownLabels === null) return [];
  return legend.filter(({ labelValue }) => labelValue !== ignoreLabelValue && !knownLabels.includes(labelValue));
}

/** Why a mask cannot judge a model, as a sentence; `null` when every voxel of it is known. */
export function whyIncomplete(completeness: Completeness, legend: readonly Segment[], rules: Pick<LabelRules, 'ignoreLabelValue'>): string | null {
  const unknown = unknownSegments(completeness, legend, rules);
  if (unknown.length > 0) return `nobody has looked for ${unknown.map(({ name }) => name).join(', ')}`;
  return completeness.unpainted === 'unknown' ? 'what is not painted has not been looked at' : null;
}
