/** How Dice is spread over the cases, a row for each structure, as an SVG drawing. */
import type { Evaluation, FigureSummary } from '../../contract/evaluation.ts';
import { escapeHtml, figureText } from './figures.ts';

const ROW_PX = 28;
const LEFT_PX = 190;
const PLOT_PX = 760;
const RIGHT_PX = 70;
const TOP_PX = 26;
/** More dots than this say nothing more and cost bytes; the bar of mean and spread stays. */
const MOST_DOTS = 3000;
const LONGEST_NAME = 26;

export function diceDistributionSvg({ structures, cases, summary }: Evaluation): string {
  const height = TOP_PX + structures.length * ROW_PX + 8;
  const hasDots = cases.length * structures.length <= MOST_DOTS;
  const x = (dice: number): string => (LEFT_PX + dice * PLOT_PX).toFixed(1);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (value) =>
      `<line x1="${x(value)}" y1="${TOP_PX - 4}" x2="${x(value)}" y2="${height - 6}" class="tick"/><text x="${x(value)}" y="14" text-anchor="middle" class="axis">${value.toFixed(1)}</text>`,
  );
  const rows = structures.map(({ name, colorRgb }, n) => {
    const y = TOP_PX + n * ROW_PX + ROW_PX / 2;
    const color = `rgb(${colorRgb.map((part) => Math.round(part)).join(',')})`;
    const values = cases.map(({ metrics }) => metrics[n]!.dice);
    const dots = hasDots
      ? values.flatMap((value, at) => (value === null ? [] : [`<circle cx="${x(value)}" cy="${(y + jitterPx(at)).toFixed(1)}" r="3.2" fill="${color}"/>`]))
      : [];
    return `${rowLabel(name, y)}${dots.join('')}${marks(summary[n]!.dice, x, y)}`;
  });
  const width = LEFT_PX + PLOT_PX + RIGHT_PX;
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Dice of every case by structure">${ticks.join('')}${rows.join('')}</svg>`;
}

function rowLabel(name: string, y: number): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
  return `<text x="${LEFT_PX - 12}" y="${y + 4}" text-anchor="end" class="name">${escapeHtml(short)}<title>${escapeHtml(name)}</title></text>`;
}

/** A bar from mean − sd to mean + sd and a stroke at the median. */
function marks({ mean, median, std }: FigureSummary, x: (dice: number) => string, y: number): string {
  if (mean === null || median === null || std === null) return `<text x="${x(0)}" y="${y + 4}" class="axis">in no case</text>`;
  const [low, high] = [Math.max(0, mean - std), Math.min(1, mean + std)];
  const value = `<text x="${LEFT_PX + PLOT_PX + 14}" y="${y + 4}" class="value">${figureText(mean, 3)}</text>`;
  return `<line x1="${x(low)}" y1="${y}" x2="${x(high)}" y2="${y}" class="spread"/><line x1="${x(median)}" y1="${y - 8}" x2="${x(median)}" y2="${y + 8}" class="median"/>${value}`;
}

/** Spreads dots of one row over its height, the same way every time. */
const jitterPx = (index: number): number => (((index * 0.618034) % 1) - 0.5) * (ROW_PX - 12);
