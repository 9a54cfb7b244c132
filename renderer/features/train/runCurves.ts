import type { Metric } from '../../../main/contract/jobs.ts';
import type { ChartLine } from '../../ui/chartPath.ts';
import { thin } from './trainingCurves.ts';

/** As many runs as can be told apart in one picture. */
export const MOST_RUNS = 6;

export interface RunCurve {
  readonly name: string;
  readonly metrics: readonly Metric[];
}

const colorOf = (index: number): string => `var(--chart-${(index % MOST_RUNS) + 1})`;

/** One line for each run; of Dice the mean over the classes. */
export function linesOfRuns(runs: readonly RunCurve[], metricName: Metric['name'], scale = 1): ChartLine[] {
  return runs.map(({ name, metrics }, index) => ({
    name,
    color: colorOf(index),
    points: thin(
      metrics.filter((metric) => metric.name === metricName && metric.label === undefined).map(({ step, value }) => ({ x: step, y: value * scale })),
    ),
  }));
}

/** Of one run: one line for each class. */
export function linesOfClasses(metrics: readonly Metric[]): ChartLine[] {
  const labels = [...new Set(metrics.flatMap(({ name, label }) => (name === 'valDice' && label !== undefined ? [label] : [])))];
  return labels.map((label, index) => ({
    name: label,
    color: colorOf(index),
    points: thin(metrics.filter((metric) => metric.name === 'valDice' && metric.label === label).map(({ step, value }) => ({ x: step, y: value }))),
  }));
}

/** Of `run.json`: what was chosen, flat, for a list of names and values. Parts that are lists or records are written as JSON. */
export function recordLines(options: unknown): [name: string, value: string][] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([name, value]): [string, string][] => {
    if (name === 'recipe') return recordLines(value);
    if (value === null || value === undefined) return [];
    return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
  });
}
