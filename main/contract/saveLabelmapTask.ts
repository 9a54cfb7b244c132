import { z } from 'zod';
import { LabelType } from './labelType.ts';
import { CaseId, Grid, Segment } from './vocabulary.ts';

/**
 * Checks an uploaded labelmap and writes it as .nii.gz; a loop over voxels, so not for the main process.
 * The summary is `SavedLabelmap`.
 */
export const SaveLabelmapTask = z.object({
  task: z.literal('saveLabelmap'),
  caseId: CaseId,
  /** Raw labels of `labelType`, i fastest, on `grid`. */
  uploadFile: z.string(),
  labelType: LabelType.default('uint8'),
  outputFile: z.string(),
  /** Written only where the upload holds `PAINTED_BACKGROUND`; the mask has 0 there. Absent: an upload must not hold it. */
  backgroundFile: z.string().optional(),
  grid: Grid,
  legend: z.array(Segment),
});
export type SaveLabelmapTask = z.infer<typeof SaveLabelmapTask>;
/** `sha256` of the raw voxels. */
export const SavedLabelmap = z.object({ sha256: z.string(), backgroundVoxelCount: z.int().nonnegative() });

/** Whether the legend still knows every label of a stored label map; fails with `labels/unknown-label`. */
export const CheckLabelsTask = z.object({ task: z.literal('checkLabels'), caseId: CaseId, labelFile: z.string(), legend: z.array(Segment) });
export type CheckLabelsTask = z.infer<typeof CheckLabelsTask>;
