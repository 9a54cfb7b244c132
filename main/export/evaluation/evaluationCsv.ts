import { csvText } from '../../contract/csvText.ts';
import type { Evaluation } from '../../contract/evaluation.ts';

const FIGURES = [
  'dice',
  'iou',
  'hd95Mm',
  'assdMm',
  'predictedMl',
  'truthMl',
  'volumeErrorMl',
  'volumeErrorPercent',
  'truePositives',
  'falsePositives',
  'falseNegatives',
  'trueNegatives',
] as const;

/** One row per case and structure (RFC 4180); undefined figures are empty. */
export function evaluationCsv({ structures, cases }: Evaluation): string {
  const rows = cases.flatMap(({ name, metrics }) =>
    metrics.map((one, n) => [
      csvText(name),
      csvText(structures[n]!.name),
      csvText(structures[n]!.labelValues.join(' ')),
      one.presence,
      ...FIGURES.map((figure) => one[figure] ?? ''),
    ]),
  );
  return [['case', 'structure', 'labels', 'presence', ...FIGURES], ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}
