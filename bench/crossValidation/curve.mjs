import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './folds.mjs';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 300, 44, 34, 16];
const COLORS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd'];

/**
 * Keeps curves as docs/curves/NAME.json and a small NAME.svg.
 *
 * @param {string} name
 * @param {object} about what was run; goes into the JSON file
 * @param {{ name: string, points: { x: number, y: number }[] }[]} lines x in minutes
 */
export function keepCurves(name, about, lines) {
  const folder = join(root, 'docs/curves');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ about, lines }, null, 1)}\n`);
  writeFileSync(join(folder, `${name}.svg`), svg(name, lines));
}

function svg(title, lines) {
  const all = lines.flatMap(({ points }) => points);
  const [xMax, yMin, yMax] = [Math.max(...all.map(({ x }) => x), 1e-9), Math.min(0, ...all.map(({ y }) => y)), Math.max(1, ...all.map(({ y }) => y))];
  const x = (value) => (LEFT + (value / xMax) * (WIDTH - LEFT - 12)).toFixed(1);
  const y = (value) => (HEIGHT - BOTTOM - ((value - yMin) / (yMax - yMin)) * (HEIGHT - BOTTOM - TOP)).toFixed(1);
  const ticks = Array.from({ length: 6 }, (_, n) => yMin + ((yMax - yMin) * n) / 5);
  const text = (at, content, extra = '') => `<text x="${at[0]}" y="${at[1]}" ${extra}>${content}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>`,
      text([LEFT - 6, Number(y(tick)) + 4], tick.toFixed(2), 'text-anchor="end"'),
    ]),
    ...[0, 0.5, 1].map((part) => text([x(part * xMax), HEIGHT - 18], (part * xMax).toFixed(1), 'text-anchor="middle"')),
    text([WIDTH / 2, HEIGHT - 4], `${title}: minutes of training`, 'text-anchor="middle"'),
    ...lines.flatMap(({ name, points }, n) => [
      `<polyline fill="none" stroke="${COLORS[n % COLORS.length]}" stroke-width="1.5" points="${points.map((point) => `${x(point.x)},${y(point.y)}`).join(' ')}"/>`,
      text([LEFT + 8 + n * 140, TOP], name, `fill="${COLORS[n % COLORS.length]}"`),
    ]),
    '</svg>\n',
  ].join('\n');
}
