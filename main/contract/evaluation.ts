/**
 * How well predictions agree with the truth, as it is kept in `evaluation.json`. A number that is not defined
 * (a distance to a structure that is not there) is `null`, never NaN, which JSON cannot hold.
 */
import { z } from 'zod';

/** What is compared: one label, or several taken together (a region). */
export const EvaluatedStructure = z.object({
  name: z.string(),
  labelValues: z.array(z.int().min(1).max(65535)).min(1),
  colorRgb: z.tuple([z.number(), z.number(), z.number()]).readonly(),
});
export type EvaluatedStructure = z.infer<typeof EvaluatedStructure>;

const count = z.number().nonnegative();
const figure = z.number().nullable();

export const StructureMetrics = z.object({
  presence: z.enum(['both', 'neither', 'predictionOnly', 'truthOnly']),
  dice: figure,
  iou: figure,
  /** Larger of the two directed 95th percentiles of the distances between the surfaces. */
  hd95Mm: figure,
  /** Mean of the distances from each surface voxel of either to the surface of the other. */
  assdMm: figure,
  predictedMl: count,
  truthMl: count,
  /** Predicted minus truth. */
  volumeErrorMl: z.number(),
  /** Of the truth; `null` where the truth has no volume. */
  volumeErrorPercent: figure,
  truePositives: count,
  falsePositives: count,
  falseNegatives: count,
  trueNegatives: count,
});
export type StructureMetrics = z.infer<typeof StructureMetrics>;

export const CaseEvaluation = z.object({
  name: z.string(),
  predictionFile: z.string(),
  truthFile: z.string(),
  /** In the order of `Evaluation.structures`. */
  metrics: z.array(StructureMetrics),
});
export type CaseEvaluation = z.infer<typeof CaseEvaluation>;

/** Of the cases in which the number is defined; all `null` when there are none. `std` divides by the count. */
export const FigureSummary = z.object({ mean: figure, median: figure, std: figure, min: figure, max: figure, definedCount: z.int().nonnegative() });
export type FigureSummary = z.infer<typeof FigureSummary>;

export const StructureSummary = z.object({
  dice: FigureSummary,
  iou: FigureSummary,
  hd95Mm: FigureSummary,
  assdMm: FigureSummary,
  volumeErrorMl: FigureSummary,
  volumeErrorPercent: FigureSummary,
  /** In how many cases the structure was where. */
  presence: z.object({ both: z.int(), neither: z.int(), predictionOnly: z.int(), truthOnly: z.int() }),
});
export type StructureSummary = z.infer<typeof StructureSummary>;

export const Evaluation = z.object({
  version: z.literal(1),
  title: z.string(),
  createdAt: z.string(),
  /** `leftOut` as nnU-Net v2; `one` as the seed: absent from both maps counts as a Dice of 1. */
  absentFromBoth: z.enum(['leftOut', 'one']),
  ignoreLabel: z.int().nullable(),
  structures: z.array(EvaluatedStructure),
  cases: z.array(CaseEvaluation),
  /** In the order of `structures`. */
  summary: z.array(StructureSummary),
  /** Mean over structures of the mean over cases. */
  foregroundMean: z.object({ dice: figure, iou: figure, hd95Mm: figure, assdMm: figure }),
  /** Cases that could not be compared, with the reason as a sentence. */
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
});
export type Evaluation = z.infer<typeof Evaluation>;
