/** A closed surface of triangles that are seen counterclockwise from outside. */
export interface Mesh {
  /** Three numbers for each vertex. */
  readonly pointsLpsMm: Float64Array;
  /** Three vertices for each triangle. */
  readonly triangles: Uint32Array;
}

/** The volume inside, by the divergence theorem. */
export function meshVolumeMm3({ pointsLpsMm: p, triangles }: Mesh): number {
  let sixfold = 0;
  for (let n = 0; n < triangles.length; n += 3) {
    const [a, b, c] = [3 * triangles[n]!, 3 * triangles[n + 1]!, 3 * triangles[n + 2]!];
    sixfold +=
      p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
      p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
      p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
  }
  return sixfold / 6;
}
