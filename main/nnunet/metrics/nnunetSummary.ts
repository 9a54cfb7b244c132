import type { Evaluation, StructureMetrics } from '../../contract/evaluation.ts';
import { meanOf } from './summarizeEvaluation.ts';

const NAMES = ['Dice', 'IoU', 'FP', 'TP', 'FN', 'TN', 'n_pred', 'n_ref'] as const;

/**
 * `summary.json` with the names and shape of nnU-Net v2's, for scripts that read those: keys of structures are the label,
 * or `(1, 2)` for a region. Undefined numbers are `null` where nnU-Net writes NaN, which is no JSON.
 */
export function nnunetSummary({ structures, cases }: Evaluation): Record<string, unknown> {
  const keys = structures.map(({ labelValues }) => (labelValues.length === 1 ? String(labelValues[0]) : `(${labelValues.join(', ')})`));
  const figures = cases.map(({ metrics }) => metrics.map(namedFigures));
  const mean = keys.map((_, n) => meanFigures(figures.map((one) => one[n]!)));
  return {
    version: 1,
    foreground_mean: meanFigures(mean),
    mean: Object.fromEntries(keys.map((key, n) => [key, mean[n]])),
    metric_per_case: cases.map(({ predictionFile, truthFile }, index) => ({
      metrics: Object.fromEntries(keys.map((key, n) => [key, figures[index]![n]])),
      prediction_file: predictionFile,
      reference_file: truthFile,
    })),
  };
}

type Named = Record<(typeof NAMES)[number], number | null>;

function namedFigures(one: StructureMetrics): Named {
  const { truePositives: TP, falsePositives: FP, falseNegatives: FN, trueNegatives: TN } = one;
  return { Dice: one.dice, IoU: one.iou, FP, TP, FN, TN, n_pred: TP + FP, n_ref: TP + FN };
}

function meanFigures(figures: readonly Named[]): Named {
  const mean = (name: keyof Named): number | null => meanOf(figures.map((one) => one[name]));
  return Object.fromEntries(NAMES.map((name) => [name, mean(name)])) as Named;
}
