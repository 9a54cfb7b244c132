/** Median as NumPy: mean of the middle two for even counts. Throws for an empty list. */
export function median(values: ArrayLike<number>): number {
  return percentile(Float64Array.from(values).sort(), 50);
}

/** Linear interpolation between ranks as NumPy's default; `sorted` ascending and not empty; `percent` 0..100. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) throw new Error('percentile of nothing');
  const rank = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (rank - below);
}

/** Per-axis median of triples. */
export function medianTriple(triples: readonly (readonly [number, number, number])[]): [number, number, number] {
  const along = (axis: 0 | 1 | 2) => median(triples.map((triple) => triple[axis]));
  return [along(0), along(1), along(2)];
}
