import type { Evaluation } from '../../contract/evaluation.ts';

const FIGURES = ['dice', 'iou', 'hd95Mm', 'assdMm', 'predictedMl', 'truthMl', 'volumeErrorMl', 'volumeErrorPercent', 'truePositives', 'falsePositives', 'falseNegatives', 'trueNegatives'] as const;

/** One row per case and structure (RFC 4180); undefined figures are empty. */
export function evaluationCsv({ structures, cases }: Evaluation): string {
  const rows = cases.flatMap(({ name, metrics }) =>
    metrics.map((one, n) => [csvText(name), csvText(structures[n]!.name), csvText(structures[n]!.labelValues.join(' ')), one.presence, ...FIGURES.map((figure) => one[figure] ?? '')]),
  );
  return [['case', 'structure', 'labels', 'presence', ...FIGURES], ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/**
 * A cell of text. A spreadsheet takes text that begins with = + - @ (or a tab or carriage return before them) for a
 * formula and runs it; an apostrophe in front makes it text (OWASP, "CSV injection").
 */
export function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
