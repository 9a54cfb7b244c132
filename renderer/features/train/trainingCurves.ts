import type { Metric } from '../../../main/contract/jobs.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { ChartLine } from '../../ui/chartPath.ts';

const LABEL_COLORS = [3, 2, 4, 6, 5].map((n) => `var(--chart-${n})`);
const MAX_POINTS = 500;

/** At most `MAX_POINTS` points, the last one always among them. */
export function thin<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return step <= 1 ? points : points.filter((_, index) => (points.length - 1 - index) % step === 0);
}

export function lossLines(metrics: readonly Metric[]): ChartLine[] {
  const points = metrics.filter((m) => m.name === 'trainLoss').map(({ step, value }) => ({ x: step, y: value }));
  return [{ name: t('curves.line.training'), color: 'var(--chart-1)', points: thin(points) }];
}

/** The mean and one line for each class. */
export function diceLines(metrics: readonly Metric[]): ChartLine[] {
  const mean = t('curves.line.mean');
  const lines = new Map<string, { x: number; y: number }[]>([[mean, []]]);
  for (const { name, label = mean, step, value } of metrics) {
    if (name !== 'valDice') continue;
    if (!lines.has(label)) lines.set(label, []);
    lines.get(label)!.push({ x: step, y: value });
  }
  return [...lines].map(([name, points], index) => ({
    name,
    points,
    color: index === 0 ? 'var(--chart-mean)' : LABEL_COLORS[(index - 1) % LABEL_COLORS.length]!,
  }));
}
