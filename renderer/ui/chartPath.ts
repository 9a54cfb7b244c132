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

/** SVG path of a line in a box of `width` × `height` with y upwards. */
export function chartPath(points: readonly ChartPoint[], x: ChartRange, y: ChartRange, width: number, height: number): string {
  return points
    .map((point, index) => {
      const px = ((point.x - x.min) / (x.max - x.min)) * width;
      const py = height - ((point.y - y.min) / (y.max - y.min)) * height;
      return `${index === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`;
    })
    .join('');
}
