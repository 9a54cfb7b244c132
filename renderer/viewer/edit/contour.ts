/**
 * Closed contours with few points, in one plane: the edge of a painted piece turned into points, and points into a curve. Pairs are
 * places in a slice, in voxels; pixel n is the square around its centre (n, n).
 */
export type Pair = readonly [number, number];

/** A voxel centre lies at least 0.35 voxels from the edge between centres: points within less than that give the same voxels back. */
const EXACT_VOXELS = 0.3;
const STEPS_OF_CURVE = 8;

/** Right, straight on, left: at a corner where two pixels touch, the edge stays with its own one. */
const turned = ([x, y]: Pair, turn: number): Pair => (turn > 0 ? [-y, x] : turn < 0 ? [y, -x] : [x, y]);

/** Clockwise around the pixels that hang together with the first one by their sides; holes are left out. Middles of the sides of pixels. */
export function outerEdge(inside: Uint8Array, width: number, height: number): Pair[] {
  const first = inside.indexOf(1);
  if (first < 0) return [];
  const at = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && inside[x + width * y] === 1;
  /** Whether the edge runs on from this corner in this direction: a pixel on the right of it and none on the left. */
  const runs = ([x, y]: Pair, [dx, dy]: Pair): boolean => {
    const ahead: Pair = [x + (dx - 1) / 2, y + (dy - 1) / 2]; // centre of the next side, as a pixel's corner
    const right: Pair = [ahead[0] - dy / 2, ahead[1] + dx / 2];
    const left: Pair = [ahead[0] + dy / 2, ahead[1] - dx / 2];
    return at(Math.round(right[0]), Math.round(right[1])) && !at(Math.round(left[0]), Math.round(left[1]));
  };
  const start: Pair = [first % width, Math.floor(first / width)];
  const points: Pair[] = [];
  let corner = start;
  let way: Pair = [1, 0];
  do {
    points.push([corner[0] + way[0] / 2 - 0.5, corner[1] + way[1] / 2 - 0.5]);
    corner = [corner[0] + way[0], corner[1] + way[1]];
    way = [1, 0, -1].map((turn) => turned(way, turn)).find((next) => runs(corner, next))!;
  } while (corner[0] !== start[0] || corner[1] !== start[1] || way[0] !== 1);
  return points;
}

/** Ramer, Douglas and Peucker on a ring: no point of it lies farther than the tolerance from what is kept. */
export function fewerPoints(ring: readonly Pair[], tolerance = EXACT_VOXELS): Pair[] {
  if (ring.length < 4) return [...ring];
  const far = farthest(ring, (point) => Math.hypot(point[0] - ring[0]![0], point[1] - ring[0]![1]), 0, ring.length - 1).index;
  const kept = new Uint8Array(ring.length + 1);
  kept[0] = kept[far] = 1;
  const closed = [...ring, ring[0]!];
  const waiting: [number, number][] = [
    [0, far],
    [far, ring.length],
  ];
  for (let span = waiting.pop(); span; span = waiting.pop()) {
    const [from, to] = span;
    const { index, distance } = farthest(closed, (point) => distanceToSegment(point, closed[from]!, closed[to]!), from + 1, to - 1);
    if (distance <= tolerance) continue;
    kept[index] = 1;
    waiting.push([from, index], [index, to]);
  }
  return ring.filter((_, n) => kept[n]);
}

function farthest(points: readonly Pair[], distanceOf: (point: Pair) => number, from: number, to: number): { index: number; distance: number } {
  let [index, distance] = [from, -1];
  for (let n = from; n <= to; n++) {
    const one = distanceOf(points[n]!);
    if (one > distance) [index, distance] = [n, one];
  }
  return { index, distance };
}

export function distanceToSegment([x, y]: Pair, [ax, ay]: Pair, [bx, by]: Pair): number {
  const [wx, wy] = [bx - ax, by - ay];
  const length2 = wx * wx + wy * wy;
  const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * wx + (y - ay) * wy) / length2));
  return Math.hypot(x - ax - share * wx, y - ay - share * wy);
}

/** Closed Catmull-Rom curve through points of any dimension, as corners; fewer than three points stay as they are. */
export function curveThrough<P extends readonly number[]>(points: readonly P[]): P[] {
  const count = points.length;
  if (count < 3) return [...points];
  return points.flatMap((_, n) => {
    const [a, b, c, d] = [-1, 0, 1, 2].map((offset) => points[(n + offset + count) % count]!) as [P, P, P, P];
    return Array.from({ length: STEPS_OF_CURVE }, (__, step) => {
      const t = step / STEPS_OF_CURVE;
      return b.map((value, axis) => {
        const [p, q, r] = [a[axis]!, c[axis]!, d[axis]!];
        return value + 0.5 * t * (q - p + t * (2 * p - 5 * value + 4 * q - r + t * (3 * (value - q) + r - p)));
      }) as unknown as P;
    });
  });
}
