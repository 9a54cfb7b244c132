/** Largest distance between two voxels of a region, exact. The two lie on the hull, so only its corners are compared. */

/** Three numbers a point. */
export type PointsMm = readonly number[];

/**
 * Corners of the convex hull of points in a plane, given as rows: of each row its first and last voxel. Rows in ascending
 * order; `points` holds x, y for each, x of a row's first before its last.
 */
export function hullCorners(points: readonly (readonly [x: number, y: number])[]): (readonly [number, number])[] {
  if (points.length < 3) return [...points];
  const half = (ordered: readonly (readonly [number, number])[]): (readonly [number, number])[] => {
    const chain: (readonly [number, number])[] = [];
    for (const point of ordered) {
      while (chain.length > 1 && turn(chain[chain.length - 2]!, chain[chain.length - 1]!, point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  const corners = [...half(points), ...half([...points].reverse())];
  return corners.length > 0 ? corners : [points[0]!];
}

const turn = (a: readonly [number, number], b: readonly [number, number], c: readonly [number, number]): number =>
  (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** 0 for fewer than two points. Sorted by their distance from the middle, pairs that cannot be the farthest are passed over. */
export function largestDistance(points: PointsMm): number {
  const count = points.length / 3;
  const middle = [0, 1, 2].map((axis) => {
    let [low, high] = [Infinity, -Infinity];
    for (let n = axis; n < points.length; n += 3) [low, high] = [Math.min(low, points[n]!), Math.max(high, points[n]!)];
    return (low + high) / 2;
  });
  const radius = Float64Array.from({ length: count }, (_, n) =>
    Math.hypot(points[3 * n]! - middle[0]!, points[3 * n + 1]! - middle[1]!, points[3 * n + 2]! - middle[2]!),
  );
  const order = Uint32Array.from(radius, (_, n) => n).sort((a, b) => radius[b]! - radius[a]!);
  let best = 0;
  for (let a = 0; a < count; a++) {
    const one = order[a]!;
    if (2 * radius[one]! <= Math.sqrt(best)) break;
    for (let b = a + 1; b < count; b++) {
      const other = order[b]!;
      if (radius[one]! + radius[other]! <= Math.sqrt(best)) break;
      const [dx, dy, dz] = [
        points[3 * one]! - points[3 * other]!,
        points[3 * one + 1]! - points[3 * other + 1]!,
        points[3 * one + 2]! - points[3 * other + 2]!,
      ];
      best = Math.max(best, dx * dx + dy * dy + dz * dz);
    }
  }
  return Math.sqrt(best);
}
