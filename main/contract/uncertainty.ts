/** How unsure a model was about a case (docs/learning.md, "Which case next"). */
import { z } from 'zod';
import { LabelValue } from './vocabulary.ts';

/** A byte of an uncertainty map is this part of a bit; 255 is one bit or more. */
export const BYTES_PER_BIT = 255;

/** Bits of entropy; 1 (and whatever is more) is as unsure as a toss of a coin between two classes. */
const Bits = z.number().min(0).max(1);

export const CaseUncertainty = z.object({
  /** Mean of `labels`; where nothing was found, the mean over the most uncertain hundredth of the voxels. */
  bits: Bits,
  /** Of each label that was found: its voxels, and the mean over them and what lies closest to them. */
  labels: z.array(z.object({ labelValue: LabelValue, voxelCount: z.int().positive(), bits: Bits })),
});
export type CaseUncertainty = z.infer<typeof CaseUncertainty>;
