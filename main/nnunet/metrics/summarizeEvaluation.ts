/** Means and spreads over cases. What is undefined in a case is left out there, and counted. */
import type { FigureSummary, StructureMetrics, StructureSummary } from '../../contract/evaluation.ts';
import { percentileOfSorted } from './surfaceDistances.ts';

const FIGURES = ['dice', 'iou', 'hd95Mm', 'assdMm', 'volumeErrorMl', 'volumeErrorPercent'] as const;

/** One structure over its cases. */
export function summarizeStructure(cases: readonly StructureMetrics[]): StructureSummary {
  const presence = { both: 0, neither: 0, predictionOnly: 0, truthOnly: 0 };
  for (const one of cases) presence[one.presence]++;
  const [dice, iou, hd95Mm, assdMm, volumeErrorMl, volumeErrorPercent] = FIGURES.map((name) => summarizeFigure(cases.map((one) => one[name])));
  return { dice: dice!, iou: iou!, hd95Mm: hd95Mm!, assdMm: assdMm!, volumeErrorMl: volumeErrorMl!, volumeErrorPercent: volumeErrorPercent!, presence };
}

export function summarizeFigure(values: readonly (number | null)[]): FigureSummary {
  const defined = values.filter((value) => value !== null).sort((a, b) => a - b);
  const definedCount = defined.length;
  if (definedCount === 0) return { mean: null, median: null, std: null, min: null, max: null, definedCount };
  const mean = meanOf(defined)!;
  const variance = meanOf(defined.map((value) => (value - mean) ** 2))!;
  return { mean, median: percentileOfSorted(defined, 0.5), std: Math.sqrt(variance), min: defined[0]!, max: defined.at(-1)!, definedCount };
}

/** nnU-Net's `foreground_mean`: mean over structures of the mean over cases; `null` where no structure has one. */
export function foregroundMean(summaries: readonly StructureSummary[]) {
  const over = (name: 'dice' | 'iou' | 'hd95Mm' | 'assdMm'): number | null => meanOf(summaries.map((one) => one[name].mean));
  return { dice: over('dice'), iou: over('iou'), hd95Mm: over('hd95Mm'), assdMm: over('assdMm') };
}

/** Leaves `null` out; `null` when nothing is left. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((a, b) => a + b, 0) / defined.length;
}
