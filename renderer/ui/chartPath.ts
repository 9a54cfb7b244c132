export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}
export interface ChartLine {
  readonly name: string;
  readonly color: string;
  readonly points: readonly ChartPoint[];
}
export interface ChartRange {
  readonly min: number;
  readonly max: number;
}

/** Range of all values along one axis, widened where it would be empty; 0..1 without points. */
export function rangeOf(lines: readonly ChartLine[], axis: 'x' | 'y'): ChartRange {
  let min = Infinity;
  let max = -Infinity;
  for (const { points } of lines) {
    for (const point of points) {
      min = Math.min(min, point[axis]);
      max = Math.max(max, point[axis]);
    }
  }
  if (min > max) return { min: 0, max: 1 };
  return min === max ? { min: min - 0.5, max: max + 0.5 } : { min, max };
}

/** What to write at the ends of an axis: the one value of all points where they have no other, in its middle then. */
export function axisLabels(
  lines: readonly ChartLine[],
  axis: 'x' | 'y',
  range: ChartRange,
): { readonly low: number; readonly high: number } | { readonly only: number } {
  const values = lines.flatMap(({ points }) => points.map((point) => point[axis]));
  const [first] = values;
  const isWidened = first !== undefined && values.every((value) => value === first) && range.min < first && first < range.max;
  return isWidened ? { only: first } : { low: range.min, high: range.max };
}

/** Where a point lies in a box of `width` × `height` with y upwards. */
export function chartPlace(point: ChartPoint, x: ChartRange, y: ChartRange, width: number, height: number): readonly [number, number] {
  return [((point.x - x.min) / (x.max - x.min)) * width, height - ((point.y - y.min) / (y.max - y.min)) * height];
}

/** SVG path of a line in a box of `width` × `height` with y upwards. */
export function chartPath(points: readonly ChartPoint[], x: ChartRange, y: ChartRange, width: number, height: number): string {
  return points
    .map((point, index) => {
      const [px, py] = chartPlace(point, x, y, width, height);
      return `${index === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`;
    })
    .join('');
}
